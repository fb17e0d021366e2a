"""The jobs of the table: what Keycloak ended without a word, what has expired, what is to be told or forgotten."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NoReturn
from uuid import UUID

from gateway_app.domain.sessions import Ended, EndReason, Session
from gateway_app.services.log_out_at_keycloak import LogOutAtKeycloak
from gateway_app.services.ports import RealmSessions, Sessions
from messenger_platform.errors import Unavailable

EVERY_S = 20.0
# Each session is compared with Keycloak's list about once a minute.
CHECK_AGE = timedelta(seconds=60)
# A login that is just being finished stands in one list before it stands in the other.
SETTLED = timedelta(seconds=30)
BATCH = 200
AT_ONCE = 4
# Tokens live five minutes; whoever was away longer than this reads nothing that could still be used.
ENDS_KEPT = timedelta(minutes=30)
LOGOUTS_KEPT = timedelta(days=15)

logger = logging.getLogger(__name__)


class KeepInStep:
    """Keycloak's call when a session ends is one attempt, and expiry makes none: so ask, too.

    Any number of processes may run this: each takes other sessions, and an end is noted once.
    """

    def __init__(
        self,
        sessions: Sessions,
        realm: RealmSessions,
        log_out: LogOutAtKeycloak,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._sessions = sessions
        self._realm = realm
        self._log_out = log_out
        self._clock = clock

    async def run(self) -> NoReturn:
        """Work for ever; a round that meets a part that is away is left to the next."""
        while True:
            try:
                await self.once()
            except Unavailable as error:
                logger.warning("sessions cannot be kept in step", extra={"error": str(error)})
            await asyncio.sleep(EVERY_S * random.uniform(0.75, 1.25))  # noqa: S311 - jitter, not cryptography.

    async def once(self) -> None:
        """Do one round; raises `Unavailable`."""
        now = self._now()
        for session in await self._sessions.expired(now, BATCH):
            await self._end(session, EndReason.EXPIRED)
        await self._log_out(await self._sessions.open_logouts(BATCH))
        await self._sessions.sweep(now - ENDS_KEPT, now - LOGOUTS_KEPT)
        await self.compare()

    async def compare(self) -> None:
        """End those of our sessions that Keycloak no longer has; raises `Unavailable`."""
        now = self._now()
        due = await self._sessions.take_unchecked(now - CHECK_AGE, now, BATCH)
        by_user: dict[UUID, list[Session]] = {}
        for session in due:
            if session.created_at < now - SETTLED:
                by_user.setdefault(session.sub, []).append(session)
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(sub: UUID, sessions: list[Session]) -> None:
            async with gate:
                alive = {found.sid for found in await self._realm.of_user(sub)}
            for session in sessions:
                if session.sid not in alive:
                    await self._end(session, EndReason.REVOKED)

        outcomes = await asyncio.gather(*(one(sub, found) for sub, found in by_user.items()), return_exceptions=True)
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    async def _end(self, session: Session, reason: EndReason) -> None:
        async with self._sessions.transaction() as transaction:
            await transaction.end(Ended(session.sid, str(session.sub), reason, self._now()), by_keycloak=True)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)
