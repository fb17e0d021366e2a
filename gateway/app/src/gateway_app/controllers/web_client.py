"""The built web client: its page, its parts, and what installs it, as `vite build` left them.

Files lie compressed beside the plain ones (scripts/shell.ts of services/web); the smallest that a browser takes is
sent. What has a hash in its name never changes; everything else is asked for again each time and costs a 304.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from servestatic import ServeStaticASGI  # type: ignore[import-untyped]  # It ships no types.

if TYPE_CHECKING:
    from wsgiref.headers import Headers

    from starlette.types import ASGIApp, Receive, Scope, Send

PAGE = "/index.html"
# The page's own addresses. Its service worker knows the same (services/web/src/sw/sw.ts).
ROUTES = re.compile(r"/(?:c/[^/]+(?:/m/[^/]+)?|new|settings(?:/[^/]+)*|join/[^/]+)?")
ASSETS = "/assets/"

# No script or style but our own files; WebSockets to our own origin are 'self' too.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; connect-src 'self'; img-src 'self' blob: data:; style-src 'self'; script-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
PAGE_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
}
FOR_EVER = "public, max-age=31536000, immutable"


class WebClient:
    """Answers for the files below `root` and for the page's addresses, and leaves everything else to `app`.

    The files are listed once: a new build is a new folder and a new process.
    """

    def __init__(self, app: ASGIApp, *, root: Path) -> None:
        self._app = app
        self._files = ServeStaticASGI(
            app, root=root, max_age=None, allow_all_origins=False, add_headers_function=_add_headers
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a file, the page, or what the application has."""
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            if ROUTES.fullmatch(scope["path"]):
                scope = {**scope, "path": PAGE}
            await self._files(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _add_headers(headers: Headers, path: str, url: str) -> None:
    headers["Cache-Control"] = FOR_EVER if url.startswith(ASSETS) else "no-cache"
    headers["X-Content-Type-Options"] = "nosniff"
    # Weak: the compressed forms share it.
    headers["ETag"] = f'W/"{hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]}"'
    if url == PAGE:
        for name, value in PAGE_HEADERS.items():
            headers[name] = value
