"""Sends and reads on their way to the chat service: batches that form by themselves.

Guarantees
    Batches of a shard leave in order and are written in order, so the order of one user's ops in one chat is kept. Two
    may be under way: while the chat service writes one, this process hands out the answers of the other. What comes
    meanwhile forms the next batch: an idle system has batches of one and adds no latency. Every op gets exactly one
    result. While the chat service is away a batch is repeated, in its turn, for as long as the time of its oldest op
    lasts: a restart of the chat service is a delay. Then the result is `unavailable`, and the client repeats with the
    same client id. To repeat is safe, because the chat service writes a client id once.
Who owns what
    The queue belongs to the event loop; `submit` never waits and refuses when too much has piled up.
At shutdown
    Ops that are under way end without a result: their clients reconnect and repeat.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from messenger_platform.errors import Unavailable
from realtime_service.services.ports import Chats, OpResult
from realtime_service.services.tasks import Tasks

MAX_BATCH = 200
MAX_UNDER_WAY = 2
MAX_WAITING = 5_000
DEADLINE_S = 5.0
RETRY_S = 0.1

Answer = Callable[[OpResult], None]
Waiting = tuple[float, dict[str, Any], Answer]
"""An op, until when it may be tried, and who wants its result."""
_UNAVAILABLE = "The chat service does not answer. Repeat with the same client_id."


class OpBatches:
    """The queue and the worker of one shard."""

    def __init__(self, chats: Chats, shard: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._chats = chats
        self._shard = shard
        self._clock = clock
        self._waiting: deque[Waiting] = deque()
        self._ready = asyncio.Event()
        self._places = asyncio.Semaphore(MAX_UNDER_WAY)
        # Held by the batch that is being repeated; the others wait behind it in the order in which they left.
        self._turn = asyncio.Lock()
        self._under_way = Tasks()

    def submit(self, op: dict[str, Any], answer: Answer) -> None:
        """Queue an op; `answer` is called once with its result."""
        if len(self._waiting) >= MAX_WAITING:
            answer(OpResult(error=Unavailable.code, detail="Too much is waiting. Try again in a moment."))
            return
        self._waiting.append((self._clock() + DEADLINE_S, op, answer))
        self._ready.set()

    async def run(self) -> None:
        """Send batches for ever."""
        try:
            while True:
                await self._ready.wait()
                await self._places.acquire()
                batch = self._take()
                if not self._waiting:
                    self._ready.clear()
                self._under_way.start(self._perform(batch))
        finally:
            self._under_way.cancel()

    def _take(self) -> list[Waiting]:
        """Take what has piled up; ops whose time is over are refused without asking anyone."""
        batch: list[Waiting] = []
        now = self._clock()
        while self._waiting and len(batch) < MAX_BATCH:
            deadline, op, answer = self._waiting.popleft()
            if deadline <= now:
                answer(OpResult(error=Unavailable.code, detail=_UNAVAILABLE))
            else:
                batch.append((deadline, op, answer))
        return batch

    async def _perform(self, batch: list[Waiting]) -> None:
        try:
            results = await self._results(batch) if batch else []
        finally:
            self._places.release()
        for (_, _, answer), result in zip(batch, results, strict=True):
            answer(result)

    async def _results(self, batch: list[Waiting]) -> list[OpResult]:
        ops = [op for _, op, _ in batch]
        if not self._turn.locked():
            try:
                return await self._chats.write(self._shard, ops)
            except Unavailable:
                pass  # From now on in turn.
        async with self._turn:
            while self._clock() < batch[0][0]:
                try:
                    return await self._chats.write(self._shard, ops)
                except Unavailable:
                    await asyncio.sleep(RETRY_S)
        return [OpResult(error=Unavailable.code, detail=_UNAVAILABLE)] * len(batch)
