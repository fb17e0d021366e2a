"""The last inch from a request to the wired use cases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from messenger_platform.errors import InvalidToken
from messenger_platform.http_auth import CallerPrincipal
from user_service.domain.accounts import Account, Claims
from user_service.services.find_accounts import FindAccounts
from user_service.wiring import Wiring


async def _wiring(request: Request) -> Wiring:
    wiring: Wiring = request.app.state.wiring
    return wiring


Wired = Annotated[Wiring, Depends(_wiring)]


async def _caller(principal: CallerPrincipal, wiring: Wired) -> Account:
    try:
        sub = UUID(principal.sub)
    except ValueError as error:
        raise InvalidToken("The token's subject is no UUID.") from error
    claims = Claims.cleaned(
        sub=sub,
        username=principal.username,
        name=principal.name,
        email=principal.email,
        as_of=datetime.fromtimestamp(principal.issued_at, UTC),
    )
    return await wiring.recognise_caller(claims)


def _find_accounts(wiring: Wired) -> FindAccounts:
    return wiring.find_accounts


# Every route takes it: whoever calls for the first time has a profile from then on.
Caller = Annotated[Account, Depends(_caller)]
Finder = Annotated[FindAccounts, Depends(_find_accounts)]
