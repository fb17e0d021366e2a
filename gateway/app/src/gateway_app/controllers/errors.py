"""The only table from a domain error to a status, and the answer to an ended session."""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.responses import Response

from gateway_app.controllers.auth import ENDED
from gateway_app.domain.errors import ReturnAddressRefused, SessionHasEnded, SessionNotFound
from messenger_platform.problems import problem_response

STATUSES: dict[type[Exception], int] = {ReturnAddressRefused: 422, SessionNotFound: 404}


def install_session_handler(app: FastAPI) -> None:
    """Answer `SessionHasEnded`: 401 with the reason, and the browser forgets what it kept."""

    async def ended(request: Request, error: Exception) -> Response:
        assert isinstance(error, SessionHasEnded)  # noqa: S101 - registered for this type only.
        headers = ENDED if error.reason else {}
        reason = error.reason.value if error.reason else None
        response = problem_response(401, str(error), headers=headers, code=error.code, reason=reason)
        request.app.state.wiring.cookies.drop(response)
        return response

    app.add_exception_handler(SessionHasEnded, ended)
