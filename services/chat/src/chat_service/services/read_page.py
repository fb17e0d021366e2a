"""The queue in front of the pages that PostgreSQL encodes: what is asked for together is read together.

A batch is whatever has piled up while the previous ones were on their way: at most `MAX_BATCH` pages, and few enough
long ones that the answer stays small. At most `LANES` batches are on their way at once; there is no timer, so one who
asks alone is answered at once. A database that is away refuses the batch and everything that waits behind it. Any other
error is blamed on one request: the batch is repeated one by one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from chat_service.domain.errors import no_such_chat
from chat_service.domain.history import Asked
from chat_service.services.ports import Pages
from messenger_platform.errors import Unavailable

LANES = 2
MAX_BATCH = 16
MAX_MESSAGES = 800  # When a batch has so many, it is full; a message may be 24 kB of JSON.
DEADLINE_S = 3.0

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Waiting:
    asked: Asked
    deadline: float
    answer: asyncio.Future[bytes | Exception | None]


class ReadPage:
    """Pages of a chat for its participants, encoded as JSON."""

    def __init__(
        self, pages: Pages, *, lanes: int = LANES, max_batch: int = MAX_BATCH, deadline_s: float = DEADLINE_S
    ) -> None:
        self._pages = pages
        self._free = lanes
        self._max_batch = max_batch
        self._deadline_s = deadline_s
        self._queue: deque[_Waiting] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def __call__(self, asked: Asked) -> bytes:
        """Return the page; raises `NotFound` or `Unavailable`."""
        loop = asyncio.get_running_loop()
        waiting = _Waiting(asked, time.monotonic() + self._deadline_s, loop.create_future())
        self._queue.append(waiting)
        if self._free:
            self._free -= 1
            lane = loop.create_task(self._run())
            self._running.add(lane)  # The loop itself holds tasks weakly.
            lane.add_done_callback(self._running.discard)
        answer = await waiting.answer
        if answer is None:
            raise no_such_chat()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _run(self) -> None:
        try:
            while batch := self._take():
                await self._process(batch)
        finally:
            self._free += 1

    def _take(self) -> list[_Waiting]:
        now = time.monotonic()
        batch: list[_Waiting] = []
        messages = 0
        while self._queue and len(batch) < self._max_batch and messages < MAX_MESSAGES:
            waiting = self._queue.popleft()
            if waiting.deadline < now:
                _refuse([waiting], Unavailable("The database is busy. Try again."))
            elif not waiting.answer.done():
                batch.append(waiting)
                messages += waiting.asked.limit
        return batch

    async def _process(self, batch: list[_Waiting]) -> None:
        try:
            pages = await self._pages.read([waiting.asked for waiting in batch])
        except Unavailable as away:
            _refuse(batch, away)
            _refuse(self._queue, away)
            self._queue.clear()
        except asyncio.CancelledError:
            _refuse(batch, Unavailable("The service is stopping. Try again."))
            raise
        except Exception as error:
            if len(batch) == 1:
                _refuse(batch, error)
                return
            logger.exception("a batch of pages failed", extra={"pages": len(batch)})
            for waiting in batch:
                await self._process([waiting])
        else:
            for waiting, page in zip(batch, pages, strict=True):
                if not waiting.answer.done():
                    waiting.answer.set_result(page)


def _refuse(batch: Sequence[_Waiting] | deque[_Waiting], reason: Exception) -> None:
    for waiting in batch:
        if not waiting.answer.done():
            waiting.answer.set_result(reason)
