"""Write many sends and reads in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from chat_service.domain.batch import Answers, Batch, Op, Outcome
from chat_service.events import Emission, message_read, message_sent
from chat_service.services.ports import MessageLog


class WriteBatch:
    """Apply operations in their order, all or nothing; events exist if and only if the transaction commits."""

    def __init__(self, log: MessageLog, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._log = log
        self._now = now

    async def __call__(self, ops: Sequence[Op]) -> list[Outcome]:
        """Return one outcome per operation; raises `Unavailable` when it is unknown whether anything was written."""
        async with self._log.transaction() as transaction:
            ground = await transaction.ground(ops)
            batch = Batch(ground, self._now())
            outcomes = [batch.apply(op) for op in ops]
            questions = batch.questions()
            batch.settle(await transaction.answer(questions) if questions else Answers())
            if batch.moved:
                emissions: list[Emission] = [
                    message_sent(message, ground.chats[message.chat_id]) for message in batch.messages
                ]
                emissions += [message_read(receipt) for receipt in batch.receipts]
                await transaction.write(batch, emissions)
        return outcomes
