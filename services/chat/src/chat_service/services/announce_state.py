"""Tell everyone again where everything stands, for those who have missed events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from chat_service.domain.model import ChatId
from chat_service.events import chat_resynced, resynced
from chat_service.services.ports import Announcements, Colleague
from messenger_platform.errors import Unavailable

PAGE = 50
REPORT_EVERY_S = 2.0
PATIENCE_S = 30.0
RETRY_S = 0.2

Report = Callable[[str], object]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Announced:
    """How much was announced."""

    chats: int
    accounts: int


class AnnounceState:
    """Announce every chat and have every account announced, a page in each transaction.

    Safe while people talk, and to repeat: each announcement says what is true where it stands in the log. A page that
    fails because something is away or busy for a moment is tried again for 30 s.
    """

    def __init__(self, announcements: Announcements, users: Colleague, report: Report) -> None:
        self._announcements = announcements
        self._users = users
        self._report = report

    async def __call__(self) -> Announced:
        """Announce everything. Raises `Unavailable`."""
        accounts = await self._accounts()
        chats = await self._chats()
        async with self._announcements.transaction() as transaction:
            await transaction.emit([resynced()])
        return Announced(chats, accounts)

    async def _accounts(self) -> int:
        done, after = 0, 0
        progress = _Progress(self._report)
        while True:
            count, next_after = await _patiently(lambda after=after: self._users.announce(after))  # type: ignore[misc]
            done += count
            progress.show(f"{done} accounts")
            if next_after is None:
                return done
            after = next_after

    async def _chats(self) -> int:
        total = await self._announcements.count()
        done, after = 0, ChatId(0)
        progress = _Progress(self._report)
        while True:
            count, after = await _patiently(lambda after=after: self._page(after))  # type: ignore[misc]
            done += count
            progress.show(f"{done} of {total} chats")
            if count < PAGE:
                return done

    async def _page(self, after: ChatId) -> tuple[int, ChatId]:
        async with self._announcements.transaction() as transaction:
            page = await transaction.hold_after(after, PAGE)
            await transaction.emit([chat_resynced(chat) for chat in page])
        return len(page), page[-1].id if page else after


class _Progress:
    def __init__(self, report: Report) -> None:
        self._report = report
        self._shown_at = time.monotonic()

    def show(self, text: str) -> None:
        if time.monotonic() - self._shown_at >= REPORT_EVERY_S:
            self._report(f"announced {text}")
            self._shown_at = time.monotonic()


async def _patiently(call: Callable[[], Awaitable[T]]) -> T:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return await call()
        except Unavailable:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(RETRY_S)
