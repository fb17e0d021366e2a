"""Follow the realm: what changes there reaches our accounts about a poll later.

Guarantees
- Every entry of the realm's two logs leads to a question about its subject and the answer is stored, at least once:
  the position moves only after that. Asking again changes nothing, so a crash between the two costs nothing.
- An entry bears the time at which it was made and appears when it is committed. So every poll reads the last minute
  again, and entries that have been dealt with are known by their ids.
- One process follows at a time (`Lead`); another takes over within a poll when it dies.
- What the logs do not tell (events switched off, cleared, or too old) is found by a comparison of everything: at
  the start, after a gap, and once a day.
While the realm is away this task alone waits for it; at shutdown it is cancelled wherever it is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from messenger_platform.errors import Unavailable
from user_service.domain.realm import Change, Log, RealmAway
from user_service.services.mirror_user import MirrorUser
from user_service.services.ports import Accounts, Clock, Lead, Positions, Realm
from user_service.services.reconcile_realm import ReconcileRealm

OVERLAP = timedelta(seconds=60)
GAP = OVERLAP
RECONCILE_EVERY = timedelta(days=1)
MAX_BACK_OFF_S = 5.0
# So many questions at once, at most.
ASKING = 8
# During a comparison the polls come so much faster, one step after each.
HASTE = 5

logger = logging.getLogger(__name__)


def now() -> datetime:
    """Return the present time."""
    return datetime.now(UTC)


class FollowRealm:
    """The task that follows; see the module."""

    def __init__(
        self,
        realm: Realm,
        accounts: Accounts,
        mirror: MirrorUser,
        lead: Lead,
        *,
        poll_s: float,
        clock: Clock = now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._realm = realm
        self._accounts = accounts
        self._mirror = mirror
        self._lead = lead
        self._poll_s = poll_s
        self._clock = clock
        self._sleep = sleep

    async def run(self) -> None:
        """Follow for ever, or wait until the process that does is gone."""
        while True:
            try:
                async with self._lead.taken() as positions:
                    if positions is not None:
                        await self._follow(Following(self._realm, self._accounts, self._mirror, positions, self._clock))
            except Unavailable as error:
                logger.warning("following the realm is interrupted", extra={"error": str(error)})
            await self._sleep(self._poll_s)

    async def _follow(self, following: Following) -> None:
        logger.info("following the realm")
        back_off = 0.0
        while True:
            try:
                busy = await following.once()
            except RealmAway as error:
                back_off = min(max(back_off * 2, self._poll_s), MAX_BACK_OFF_S)
                logger.warning("the realm is away", extra={"error": str(error), "retry_s": back_off})
                await self._sleep(back_off)
            else:
                back_off = 0.0
                await self._sleep(self._poll_s / HASTE if busy else self._poll_s)


class Following:
    """One process's time as the follower."""

    def __init__(
        self, realm: Realm, accounts: Accounts, mirror: MirrorUser, positions: Positions, clock: Clock
    ) -> None:
        self._realm = realm
        self._accounts = accounts
        self._mirror = mirror
        self._positions = positions
        self._clock = clock
        self._started_at = self._polled_at = self._reconciled_at = clock()
        self._comparison: ReconcileRealm | None = self._new_comparison()
        self._done: dict[Log, dict[str, datetime]] = {log: {} for log in Log}

    async def once(self) -> bool:
        """Poll both logs, then do one step of a comparison if one is due; True while there are more steps."""
        is_due = self._comparison is None and self._clock() - self._reconciled_at > RECONCILE_EVERY
        if is_due or self._clock() - self._polled_at > GAP:
            self._comparison = self._new_comparison()
        positions = await self._positions.read()
        for log in Log:
            await self._poll(log, positions.get(log, self._started_at))
        self._polled_at = self._clock()
        if self._comparison is not None and not await self._comparison.step():
            self._comparison = None
            self._reconciled_at = self._clock()
        return self._comparison is not None

    def _new_comparison(self) -> ReconcileRealm:
        return ReconcileRealm(self._realm, self._accounts, self._mirror, self._clock)

    async def _poll(self, log: Log, position: datetime) -> None:
        done = self._done[log]
        since, read, is_last = position - OVERLAP, 0, False
        while not is_last:
            page = await self._realm.changes(log, since, read)
            news = [change for change in page.items if change.id not in done]
            await self._ask_about(news)
            done.update({change.id: change.at for change in news})
            newest = max((change.at for change in news), default=position)
            if newest > position:
                await self._positions.advance(log, newest)
                position = newest
            read, is_last = read + page.read, page.is_last
        self._done[log] = {entry: at for entry, at in done.items() if at >= since}

    async def _ask_about(self, news: Iterable[Change]) -> None:
        """Ask once about each subject, however often it was changed, several at a time."""
        latest: dict[UUID, datetime] = {}
        for change in news:
            latest[change.sub] = max(change.at, latest.get(change.sub, change.at))
        subjects = list(latest.items())
        for first in range(0, len(subjects), ASKING):
            asked = (self._ask(sub, at) for sub, at in subjects[first : first + ASKING])
            # All are waited for: none is still being asked when a failure has the whole page asked again.
            for outcome in await asyncio.gather(*asked, return_exceptions=True):
                if outcome is not None:
                    raise outcome

    async def _ask(self, sub: UUID, changed_at: datetime) -> None:
        # The answer is at least as new as the change; by our clock alone it might look older, if the realm's is ahead.
        as_of = max(self._clock(), changed_at)
        user = await self._realm.user(sub)
        if user is None or user.is_person:
            await self._mirror(sub, user, as_of)
