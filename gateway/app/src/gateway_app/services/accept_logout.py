"""Ends that come from Keycloak: its logout tokens, and accounts that are disabled or deleted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from gateway_app.domain.errors import TokenRefused
from gateway_app.domain.sessions import MAX_SESSIONS, Ended, EndReason
from gateway_app.services.ports import RealmSessions, Sessions
from messenger_platform.errors import Unavailable

# Keycloak waits for our answer inside its own transaction, for five seconds at most.
ASK_S = 1.0
# Keycloak accepts the token's life plus both clocks' leeway; its id is remembered a little longer.
REMEMBERED = timedelta(seconds=60)


class AcceptLogout:
    """End what Keycloak has ended, also sessions that we never saw (native clients), and tell the world once."""

    def __init__(self, sessions: Sessions, realm: RealmSessions, clock: Callable[[], float] = time.time) -> None:
        self._sessions = sessions
        self._realm = realm
        self._clock = clock

    async def __call__(self, *, sid: str | None, sub: UUID | None, jti: str, expires_at: datetime) -> None:
        """Accept a verified logout token; raises `TokenRefused` for one that was used before."""
        reason = await self._reason(sid, sub)
        ended = Ended(sid, str(sub) if sub else None, reason, datetime.fromtimestamp(self._clock(), UTC))
        async with self._sessions.transaction() as transaction:
            if not await transaction.see(jti, expires_at + REMEMBERED):
                raise TokenRefused("The logout token has been used before.")
            await transaction.end(ended, by_keycloak=True)

    async def _reason(self, sid: str | None, sub: UUID | None) -> EndReason:
        """Tell an eviction from everything else.

        The limiter ends the least recently used of five sessions just before a sixth begins. Keycloak's list still
        shows it while we are being told. Whoever ends, by hand, the oldest of exactly five sessions is taken for the
        limiter: a wrong word in a message, nothing more.
        """
        if sid is None or sub is None:
            return EndReason.REVOKED
        try:
            async with asyncio.timeout(ASK_S):
                listed = await self._realm.of_user(sub)
        except (Unavailable, TimeoutError):
            return EndReason.REVOKED
        others = [found.last_used_at for found in listed if found.sid != sid]
        ending = next((found.last_used_at for found in listed if found.sid == sid), None)
        full = len(others) >= MAX_SESSIONS - 1
        is_oldest = ending is None or all(ending <= used_at for used_at in others)
        return EndReason.EVICTED if full and is_oldest else EndReason.REVOKED
