"""`/api/bootstrap`: what a client shows first, in one answer."""

from __future__ import annotations

from fastapi import APIRouter

from chat_service.controllers.answers import problems
from chat_service.controllers.deps import Caller, Wired
from chat_service.controllers.schemas import BootstrapBody
from messenger_platform.http_auth import CallerPrincipal, bearer_scheme

router = APIRouter(prefix="/api", tags=["chats"], dependencies=[bearer_scheme])


@router.get("/bootstrap", summary="Everything for the first screen", responses=problems())
async def bootstrap(caller: Caller, principal: CallerPrincipal, wiring: Wired) -> BootstrapBody:
    """Return the caller, their 30 newest chats and all pinned ones, and everyone named in these.

    `next_cursor` continues `GET /api/chats` behind the 30 newest.
    """
    return BootstrapBody.of(await wiring.open_messenger(caller, principal), caller)
