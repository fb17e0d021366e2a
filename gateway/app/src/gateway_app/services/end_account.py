"""An account was disabled or deleted: every session of it is over, whatever Keycloak's own sessions do."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from gateway_app.domain.sessions import Ended, EndReason
from gateway_app.services.ports import Sessions
from messenger_platform.events import Position


class EndAccount:
    """End all sessions of a subject, once for each position in the log of events."""

    def __init__(self, sessions: Sessions, clock: Callable[[], float] = time.time) -> None:
        self._sessions = sessions
        self._clock = clock

    async def __call__(self, position: Position, subs: list[str]) -> None:
        """Apply one message of the log; raises `Unavailable`."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        async with self._sessions.transaction() as transaction:
            if not await transaction.advance(position):
                return
            for sub in subs:
                await transaction.end(Ended(None, sub, EndReason.REVOKED, now), by_keycloak=True)
