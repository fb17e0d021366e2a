"""The queue in front of the database: batches that form by themselves.

Guarantees
    Operations are written in the order of `submit`, each at most once per submission, and an answer other than a
    failure means that the transaction has committed. A failure means "unknown": the sender repeats with the same
    client id and gets the first answer if there was one.
Who owns the queue
    One writer per process, one task (`run`), one transaction at a time. A batch is whatever has piled up while the
    previous one was on its way, at most `MAX_BATCH`; there is no timer, so an idle system has batches of one.
Faults
    A database that is away refuses the batch and everything that waits behind it, so nobody waits for a time-out
    twice. Any other error is blamed on one operation: the batch is repeated one by one, and only the guilty fails.
Shutdown
    The server has drained its requests before `run` is cancelled; what still waits is refused.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from chat_service.domain.batch import Noted, Op, Outcome, Sent
from messenger_platform.errors import Unavailable

MAX_BATCH = 200
MAX_WAITING = 4_000
DEADLINE_S = 5.0

Answer = Sent | Noted | Exception
"""An outcome, or the failure; answers are values so that one nobody waits for any more makes no noise."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Waiting:
    op: Op
    deadline: float
    answer: asyncio.Future[Answer]


class Writer:
    """Collects operations of the whole process and hands them to `write` in batches."""

    def __init__(
        self,
        write: Callable[[Sequence[Op]], Awaitable[list[Outcome]]],
        *,
        max_batch: int = MAX_BATCH,
        max_waiting: int = MAX_WAITING,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._write = write
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._deadline_s = deadline_s
        self._queue: deque[_Waiting] = deque()
        self._filled = asyncio.Event()

    def submit(self, op: Op) -> asyncio.Future[Answer]:
        """Take an operation; the future's result is its answer. Operations keep the order of the calls."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if len(self._queue) >= self._max_waiting:
            answer.set_result(Unavailable("Too many messages are waiting to be written. Try again."))
            return answer
        self._queue.append(_Waiting(op, time.monotonic() + self._deadline_s, answer))
        self._filled.set()
        return answer

    async def run(self) -> None:
        """Write batches until cancelled."""
        try:
            while True:
                await self._filled.wait()
                batch = self._take()
                if batch:
                    await self._process(batch)
        finally:
            self._refuse(self._queue, Unavailable("The service is stopping. Try again."))
            self._queue.clear()

    def _take(self) -> list[_Waiting]:
        now = time.monotonic()
        batch: list[_Waiting] = []
        while self._queue and len(batch) < self._max_batch:
            waiting = self._queue.popleft()
            if waiting.answer.done():
                continue  # The caller has gone.
            if waiting.deadline < now:
                waiting.answer.set_result(Unavailable("The message has waited too long. Try again."))
                continue
            batch.append(waiting)
        if not self._queue:
            self._filled.clear()
        return batch

    async def _process(self, batch: list[_Waiting]) -> None:
        try:
            await self._attempt(batch)
        except Unavailable as away:
            self._refuse(batch, away)
            self._refuse(self._queue, away)
            self._queue.clear()
        except asyncio.CancelledError:
            self._refuse(batch, Unavailable("The service is stopping. Try again."))
            raise
        except Exception as error:
            logger.exception("a batch failed", extra={"operations": len(batch)})
            if len(batch) == 1:
                self._refuse(batch, error)
                return
            for waiting in batch:
                await self._process([waiting])

    async def _attempt(self, batch: list[_Waiting]) -> None:
        outcomes = await self._write([waiting.op for waiting in batch])
        for waiting, outcome in zip(batch, outcomes, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(outcome)

    @staticmethod
    def _refuse(batch: Sequence[_Waiting] | deque[_Waiting], reason: Exception) -> None:
        for waiting in batch:
            if not waiting.answer.done():
                waiting.answer.set_result(reason)
