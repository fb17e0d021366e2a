"""The last inch from a request to the wired use cases."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from chat_service.domain.model import UserId
from chat_service.wiring import Wiring
from messenger_platform.http_auth import principal_of


def wiring_of(request: Request) -> Wiring:
    """Return the wired use cases of the application that serves a request."""
    wiring: Wiring = request.app.state.wiring
    return wiring


async def caller_of(request: Request) -> UserId:
    """Return who asks; raises `InvalidToken` or `Unavailable`.

    One dependency, not a chain of them: each costs a request as much as a row of its page.
    """
    return UserId(await wiring_of(request).accounts.id_of(await principal_of(request)))


async def _wiring(request: Request) -> Wiring:
    return wiring_of(request)


Wired = Annotated[Wiring, Depends(_wiring)]


Caller = Annotated[UserId, Depends(caller_of)]
