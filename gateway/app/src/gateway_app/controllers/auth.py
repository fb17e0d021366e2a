"""`/auth`: logins and sessions of browsers."""

from __future__ import annotations

import html
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import RedirectResponse, Response

from gateway_app.controllers.deps import CallerDevice, CallerSession, Wired, needs_csrf_header
from gateway_app.domain.errors import LoginFailed, LoginRevived, LoginUnknown, SessionHasEnded
from gateway_app.domain.return_address import with_error
from gateway_app.wiring import Wiring
from messenger_platform.problems import MEDIA_TYPE, Problem

router = APIRouter(prefix="/auth", tags=["sessions"])

NO_STORE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
ENDED = {"Clear-Site-Data": '"cache", "storage"'}
MAX_PARAMETER = 4096
_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Login</title>'
    '<link rel="stylesheet" href="/api/docs/assets/page.css"><main><h1>This login has ended</h1>'
    '<p>{detail}</p><p><a href="/">Begin again</a></p></main></html>'
)
_PAGE_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class Answer(BaseModel):
    """What Keycloak sends back with the browser; what else it sends is not ours to read."""

    state: Annotated[str, Field(max_length=MAX_PARAMETER)] = ""
    code: Annotated[str, Field(max_length=MAX_PARAMETER)] = ""
    error: Annotated[str, Field(max_length=MAX_PARAMETER)] = ""
    iss: Annotated[str, Field(max_length=MAX_PARAMETER)] = ""


class SessionItem(BaseModel):
    """One login of the caller."""

    id: str = Field(description="What `DELETE /auth/sessions/{id}` takes.")
    device: str = Field(description="What the browser says it is; a native client's id.", examples=["Firefox on Linux"])
    address: str | None = Field(description="The address it was last used from.", examples=["192.0.2.7"])
    client: str = Field(description="`gateway` for browsers, otherwise the client's id.", examples=["gateway"])
    created_at: datetime
    last_used_at: datetime
    current: bool = Field(description="Whether this call came from it.")


class Refresh(BaseModel):
    """The new access token is in its cookie."""

    expires_in: int = Field(description="Seconds until the access token expires.", examples=[300])


def _problems(**descriptions: str) -> dict[int | str, dict[str, Any]]:
    common = {
        "401": "No session, or it has ended: `reason` is logout, revoked, evicted, expired or null.",
        "403": "The header `X-CSRF: 1` or our own `Origin` is missing.",
        "503": "Keycloak or the database is away; the session stays.",
    }
    statuses = common | {name.removeprefix("on_"): text for name, text in descriptions.items()}
    return {int(status): {"description": text, "content": {MEDIA_TYPE: {}}} for status, text in statuses.items()}


_COOKIE: dict[str, Any] = {"security": []}


@router.get(
    "/login",
    summary="Log in",
    status_code=303,
    response_class=RedirectResponse,
    responses={422: {"description": "`return_to` is no path of this site.", "content": {MEDIA_TYPE: {}}}},
    openapi_extra=_COOKIE,
)
async def login(
    wiring: Wired,
    return_to: Annotated[str, Query(description="A path of this site to come back to.")] = "/",
) -> Response:
    """Send the browser to Keycloak's login page and remember what it has to bring back."""
    started = wiring.start_login(return_to)
    response = RedirectResponse(started.address, 303, NO_STORE)
    wiring.cookies.set_login(response, started.state, started.cookie)
    return response


@router.get(
    "/callback",
    summary="Come back from Keycloak",
    status_code=303,
    response_class=RedirectResponse,
    responses={
        400: {"description": "This browser began no such login: a page that says so.", "content": {"text/html": {}}},
        422: {"description": "A parameter is too long.", "content": {MEDIA_TYPE: {}}},
    },
    openapi_extra=_COOKIE,
)
async def callback(
    request: Request,
    wiring: Wired,
    device: CallerDevice,
    answer: Annotated[Answer, Query()],
) -> Response:
    """Finish a login that this browser began; an error leads back as `?login_error=code`."""
    try:
        begun = wiring.finish_login.known(answer.state, wiring.cookies.login(request, answer.state))
    except LoginUnknown as unknown:
        return _page(str(unknown))
    try:
        _check_answer(wiring, answer)
        finished = await wiring.finish_login(begun, answer.code, device, wiring.cookies.session(request))
    except LoginFailed as failure:
        response: Response = RedirectResponse(with_error(begun.return_to, failure.code), 303, NO_STORE)
    except LoginRevived:
        again = urlencode({"return_to": begun.return_to})
        response = RedirectResponse(f"/auth/login?{again}", 303, NO_STORE)
    else:
        response = RedirectResponse(finished.return_to, 303, NO_STORE)
        wiring.cookies.set_session(response, finished.cookie, finished.refresh_expires_at)
        wiring.cookies.set_access_token(response, finished.access_token, finished.access_expires_at)
    wiring.cookies.drop_login(response, answer.state)
    return response


@router.post(
    "/refresh",
    summary="Get a fresh access token",
    response_model=Refresh,
    responses=_problems(),
    openapi_extra=_COOKIE,
    dependencies=[needs_csrf_header],
)
async def refresh(request: Request, response: Response, wiring: Wired, device: CallerDevice) -> Refresh:
    """Renew the cookie of the access token; any number of calls at once make one call to Keycloak."""
    cookie = wiring.cookies.session(request)
    refreshed = await wiring.refresh_session(cookie, wiring.cookies.access_token(request), device)
    response.headers.update(NO_STORE)
    wiring.cookies.set_access_token(response, refreshed.access_token, refreshed.access_expires_at)
    if cookie is not None:
        wiring.cookies.set_session(response, cookie, refreshed.refresh_expires_at)
    return Refresh(expires_in=wiring.cookies.seconds_until(refreshed.access_expires_at))


@router.post(
    "/logout",
    summary="Log out on this device",
    status_code=204,
    responses=_problems(),
    openapi_extra=_COOKIE,
    dependencies=[needs_csrf_header],
)
async def logout(request: Request, wiring: Wired) -> Response:
    """End this session here and at Keycloak; without one there is nothing to do."""
    try:
        session = await wiring.refresh_session.session_of(wiring.cookies.session(request))
    except SessionHasEnded:
        pass  # Gone already: the browser only needs to forget it.
    else:
        await wiring.end_sessions.this(session)
    return _gone(wiring)


@router.get("/sessions", summary="Where the caller is logged in", responses=_problems(), openapi_extra=_COOKIE)
async def list_sessions(response: Response, wiring: Wired, session: CallerSession) -> list[SessionItem]:
    """List browsers and native clients; this one comes first."""
    response.headers.update(NO_STORE)
    listed = await wiring.list_sessions(session)
    return [
        SessionItem(
            id=found.id,
            device=found.device,
            address=found.address,
            client=found.client,
            created_at=found.created_at,
            last_used_at=found.last_used_at,
            current=found.current,
        )
        for found in listed
    ]


@router.delete(
    "/sessions",
    summary="Log out everywhere else",
    status_code=204,
    responses=_problems(on_422="Only `others=true` is allowed."),
    openapi_extra=_COOKIE,
    dependencies=[needs_csrf_header],
)
async def end_other_sessions(wiring: Wired, session: CallerSession, *, others: bool = False) -> Response:
    """End all sessions of the caller but this one."""
    if not others:
        message = "Must be true: a session ends itself by POST /auth/logout."
        raise Problem(422, message, code="invalid", errors=[{"field": "others", "message": message}])
    await wiring.end_sessions.others(session)
    return Response(status_code=204, headers=NO_STORE)


@router.delete(
    "/sessions/{session_id}",
    summary="End one session",
    status_code=204,
    responses=_problems(on_404="The caller has no such session."),
    openapi_extra=_COOKIE,
    dependencies=[needs_csrf_header],
)
async def end_session(
    wiring: Wired,
    session: CallerSession,
    session_id: Annotated[str, Path(max_length=255, description="From the list.")],
) -> Response:
    """End one of the caller's sessions, here and at Keycloak."""
    await wiring.end_sessions.one(session, session_id)
    return _gone(wiring) if session_id == str(session.id) else Response(status_code=204, headers=NO_STORE)


def _check_answer(wiring: Wiring, answer: Answer) -> None:
    if answer.error:
        raise LoginFailed(_word(answer.error), "Keycloak refuses the login.")
    # RFC 9207: an answer names who gives it, so that one from elsewhere is not taken to Keycloak's token endpoint.
    if answer.iss != wiring.issuer or not answer.code:
        raise LoginFailed("invalid_answer", "The answer is not Keycloak's.")


def _gone(wiring: Wiring) -> Response:
    response = Response(status_code=204, headers={**NO_STORE, **ENDED})
    wiring.cookies.drop(response)
    return response


def _page(detail: str) -> Response:
    headers = {**NO_STORE, "Content-Security-Policy": _PAGE_POLICY}
    return Response(_PAGE.format(detail=html.escape(detail)), 400, headers, media_type="text/html")


def _word(error: str) -> str:
    """Keep of an error what is a code: letters, digits and underscores."""
    return error if error.isascii() and error.replace("_", "").isalnum() and len(error) <= 64 else "refused"  # noqa: PLR2004 - longer than any of OAuth's.
