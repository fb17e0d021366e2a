"""Where a login may lead back to: a path of our own origin and nothing else."""

from __future__ import annotations

import re
from urllib.parse import urlencode, urlsplit, urlunsplit

from gateway_app.domain.errors import ReturnAddressRefused

MAX_CHARS = 2000
# Printable ASCII without the backslash, which browsers read as a slash; one leading slash, as two begin a host.
_PATH = re.compile(r"/(?!/)[!-\[\]-~]*")


def checked(address: str) -> str:
    """Return `address` when a browser can only understand it as a path of ours; raises `ReturnAddressRefused`."""
    if len(address) > MAX_CHARS or not _PATH.fullmatch(address):
        raise ReturnAddressRefused("The address must be a path of this site, such as /chats/1.")
    path = urlsplit(address).path
    if path == "/auth" or path.startswith("/auth/"):
        # A login that leads to a login would go round for ever.
        raise ReturnAddressRefused("The address must not be below /auth.")
    return address


def with_error(address: str, code: str) -> str:
    """Return a checked address that tells the page why the login failed."""
    parts = urlsplit(address)
    query = "&".join(part for part in (parts.query, urlencode({"login_error": code})) if part)
    return urlunsplit(("", "", parts.path, query, parts.fragment))
