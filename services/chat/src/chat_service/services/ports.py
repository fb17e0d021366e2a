"""What the use cases need from the outside; `repositories` has the PostgreSQL side, the tests a side in memory."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from chat_service.domain.batch import Answers, Batch, Ground, Op, Questions
from chat_service.events import Emission


class LogTransaction(Protocol):
    """One open transaction of a `MessageLog`."""

    async def ground(self, ops: Sequence[Op]) -> Ground:
        """Lock the chats of the operations in the order of their ids, then read what the operations stand on."""
        ...

    async def answer(self, questions: Questions) -> Answers:
        """Answer questions about the locked groups as they were before the batch."""
        ...

    async def write(self, batch: Batch, emissions: Sequence[Emission]) -> None:
        """Store what the batch changed, and its events with it."""
        ...


class MessageLog(Protocol):
    """Where batches are written; one transaction at a time."""

    def transaction(self) -> AbstractAsyncContextManager[LogTransaction]:
        """Open a transaction that commits at the end of the block; raises `Unavailable` when the database is away."""
        ...

    async def close(self) -> None:
        """Let the connection go."""
        ...
