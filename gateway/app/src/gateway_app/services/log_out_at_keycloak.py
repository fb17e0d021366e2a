"""The second half of every end that begins here: Keycloak ends its login session too."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from gateway_app.domain.keyring import CannotOpen
from gateway_app.domain.sessions import OpenLogout
from gateway_app.services.ports import Grants, Sessions
from gateway_app.services.sealed_tokens import SealedTokens
from messenger_platform.errors import Unavailable

logger = logging.getLogger(__name__)


class LogOutAtKeycloak:
    """Tell Keycloak of ended sessions, after the commit of their end and with no lock held.

    One that cannot be told now stays on the list, and a job comes back to it.
    """

    def __init__(self, sessions: Sessions, grants: Grants, tokens: SealedTokens) -> None:
        self._sessions = sessions
        self._grants = grants
        self._tokens = tokens

    async def __call__(self, logouts: Sequence[OpenLogout]) -> None:
        """Tell of these; never raises `Unavailable`."""
        await asyncio.gather(*(self._one(logout) for logout in logouts))

    async def _one(self, logout: OpenLogout) -> None:
        try:
            await self._grants.log_out(self._tokens.refresh_token(logout))
        except CannotOpen:
            logger.warning("a logout cannot be passed on: the key of its token is gone", extra={"id": logout.id})
        except Unavailable:
            return
        try:
            await self._sessions.logged_out(logout.id)
        except Unavailable:
            return  # It is told twice then, which is harmless.
