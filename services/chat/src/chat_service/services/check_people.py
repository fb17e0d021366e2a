"""Make sure that people exist before they are put into a chat."""

from __future__ import annotations

from collections.abc import Sequence

from chat_service.domain.errors import NotFound
from chat_service.domain.model import UserId
from chat_service.services.ports import Accounts, KnownUsers
from messenger_platform.tokens import Principal


class CheckPeople:
    """Look into our projection first; the user service is asked only about those it has announced a moment ago."""

    def __init__(self, known: KnownUsers, accounts: Accounts) -> None:
        self._known = known
        self._accounts = accounts

    async def __call__(self, user_ids: Sequence[UserId], principal: Principal) -> None:
        """Return when all exist; raises `NotFound` at the first who does not, or `Unavailable`."""
        known = await self._known.known(user_ids)
        for user_id in user_ids:
            # One after the other: the first invented id ends it, so a long list of them costs one call.
            if user_id not in known and not await self._accounts.exists(user_id, principal):
                raise NotFound(f"There is no user {user_id}.")
