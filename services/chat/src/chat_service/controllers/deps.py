"""The last inch from a request to the wired use cases."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from chat_service.domain.model import UserId
from chat_service.wiring import Wiring
from messenger_platform.http_auth import CallerPrincipal


async def _wiring(request: Request) -> Wiring:
    wiring: Wiring = request.app.state.wiring
    return wiring


Wired = Annotated[Wiring, Depends(_wiring)]


async def _caller(principal: CallerPrincipal, wiring: Wired) -> UserId:
    return UserId(await wiring.accounts.id_of(principal))


Caller = Annotated[UserId, Depends(_caller)]
