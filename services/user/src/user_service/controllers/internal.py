"""What only parts of the system call, never through Envoy."""

from __future__ import annotations

import hmac
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from messenger_platform.problems import Problem
from user_service.controllers.deps import Wired
from user_service.domain.accounts import MAX_ACCOUNT_ID, AccountId

router = APIRouter(include_in_schema=False)


@router.post("/internal/announcements")
async def announce_accounts(
    request: Request, wiring: Wired, after: Annotated[int, Query(ge=0, le=MAX_ACCOUNT_ID)] = 0
) -> dict[str, Any]:
    """Announce a page of accounts again: `{"accounts": how many, "next_after": id or null}`."""
    authorization = request.headers.get("authorization", "")
    if not hmac.compare_digest(authorization.encode(), f"Internal {wiring.internal_secret}".encode()):
        raise Problem(403, "Only parts of the system may ask.", code="forbidden")
    announced = await wiring.announce_accounts(AccountId(after))
    return announced._asdict()
