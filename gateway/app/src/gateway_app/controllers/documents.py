"""What a developer reads: the OpenAPI document and Swagger UI, all from our own origin."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

import fastapi_swagger  # type: ignore[import-untyped]  # Only its copy of swagger-ui-dist is used.
from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from gateway_app.controllers.deps import APIDescription

router = APIRouter(include_in_schema=False)

# No script or style but our own files; Swagger UI draws its icons from data URLs.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Referrer-Policy": "no-referrer"}
ASSET_AGE_S = 3600

_static = files("gateway_app") / "static"
_swagger = files(fastapi_swagger) / "resources"
_ASSETS: dict[str, tuple[Traversable, str]] = {
    "swagger-ui-bundle.js": (_swagger, "text/javascript"),
    "swagger-ui.css": (_swagger, "text/css"),
    "docs.js": (_static, "text/javascript"),
    "oauth2-redirect.js": (_static, "text/javascript"),
    "page.css": (_static, "text/css"),
    "icon.svg": (_static, "image/svg+xml"),
}


def _page(name: str) -> Response:
    return Response(
        (_static / name).read_bytes(), media_type="text/html", headers={**HEADERS, "Cache-Control": "no-cache"}
    )


@router.get("/api/openapi.json")
async def openapi(describe: APIDescription) -> Response:
    """Return the OpenAPI document of the whole."""
    return JSONResponse(await describe())


@router.get("/api/docs")
async def docs() -> Response:
    """Return Swagger UI."""
    return _page("docs.html")


@router.get("/api/docs/oauth2-redirect")
async def oauth2_redirect() -> Response:
    """Return the page to which Keycloak sends Swagger UI's login window back."""
    return _page("oauth2-redirect.html")


@router.get("/api/docs/assets/{name}")
async def asset(name: str) -> Response:
    """Return a script, style or picture of these pages."""
    if name not in _ASSETS:
        raise HTTPException(404, "There is no such file.")
    folder, media_type = _ASSETS[name]
    headers = {**HEADERS, "Cache-Control": f"public, max-age={ASSET_AGE_S}"}
    return Response((folder / name).read_bytes(), media_type=media_type, headers=headers)
