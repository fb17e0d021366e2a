"""What only parts of the system call, never through Envoy: Keycloak's logout tokens, the list of recent ends."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from gateway_app.controllers.deps import Wired
from gateway_app.domain.errors import TokenRefused
from messenger_platform.problems import Problem, problem_response

router = APIRouter(include_in_schema=False)

MAX_BODY_BYTES = 32 * 1024
RECENT = timedelta(minutes=10)
NO_STORE = {"Cache-Control": "no-store"}


@router.post("/auth/backchannel-logout")
async def backchannel_logout(request: Request, wiring: Wired) -> Response:
    """Take a logout token; 400 for one that is not accepted, as the specification wants."""
    try:
        token = await wiring.realm_tokens.logout(await _logout_token(request))
        await wiring.accept_logout(sid=token.sid, sub=token.sub, jti=token.jti, expires_at=token.expires_at)
    except TokenRefused as error:
        return problem_response(400, str(error), code="invalid_request", error="invalid_request")
    return Response(status_code=200, headers=NO_STORE)


@router.get("/internal/ended-sessions")
async def ended_sessions(request: Request, wiring: Wired) -> Response:
    """List what ended in the last ten minutes, for a process that was not listening."""
    authorization = request.headers.get("authorization", "")
    if not hmac.compare_digest(authorization.encode(), f"Internal {wiring.internal_secret}".encode()):
        raise Problem(403, "Only parts of the system may ask.", code="forbidden")
    ends = await wiring.sessions.recent_ends(datetime.now(UTC) - RECENT)
    items = [
        {"sid": end.sid, "sub": end.sub, "reason": end.reason.value, "ended_at": end.at.isoformat()} for end in ends
    ]
    return JSONResponse({"items": items}, headers=NO_STORE)


async def _logout_token(request: Request) -> str:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise TokenRefused("The body is too long.")
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        fields = parse_qs(body.decode("ascii"), strict_parsing=True, max_num_fields=10)
    except ValueError as error:
        raise TokenRefused("The body is not a form.") from error
    tokens = fields.get("logout_token", [])
    if content_type != "application/x-www-form-urlencoded" or len(tokens) != 1:
        raise TokenRefused("Exactly one logout_token is needed, in a form.")
    return tokens[0]
