"""The queue in front of the database, with a write function that the test steers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from chat_service.domain.batch import Noted, Op, Outcome, Send
from chat_service.domain.errors import NotFound
from chat_service.domain.model import ChatId, UserId
from chat_service.services.writer import Writer
from messenger_platform.errors import Unavailable


def op(number: int) -> Send:
    return Send(UserId(1), ChatId(1), UUID(int=number), str(number))


class Database:
    """Notes the batches; the gate holds a batch back, `fail` says what becomes of it."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.entered = asyncio.Event()
        self.fail: dict[str, Exception] = {}

    async def write(self, ops: Sequence[Op]) -> list[Outcome]:
        texts = [op.text for op in ops if isinstance(op, Send)]
        self.batches.append(texts)
        self.entered.set()
        await self.gate.wait()
        for text in texts:
            if text in self.fail:
                raise self.fail[text]
        return [Noted()] * len(ops)


@asynccontextmanager
async def running(database: Database, **options: Any) -> AsyncIterator[Writer]:
    writer = Writer(database.write, **options)
    task = asyncio.create_task(writer.run())
    yield writer
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_an_idle_writer_writes_at_once() -> None:
    database = Database()
    async with running(database) as writer:
        assert await writer.submit(op(1)) == Noted()
        assert await writer.submit(op(2)) == Noted()
    assert database.batches == [["1"], ["2"]]


async def test_what_piles_up_meanwhile_is_the_next_batch_in_the_order_of_submission() -> None:
    database = Database()
    database.gate.clear()
    async with running(database, max_batch=3) as writer:
        answers = [writer.submit(op(0))]
        await database.entered.wait()
        answers += [writer.submit(op(number)) for number in range(1, 6)]
        database.gate.set()
        await asyncio.gather(*answers)
    assert database.batches == [["0"], ["1", "2", "3"], ["4", "5"]]


async def test_a_full_queue_refuses_at_once() -> None:
    database = Database()
    database.gate.clear()
    async with running(database, max_waiting=2) as writer:
        first = writer.submit(op(0))
        await database.entered.wait()
        waiting = [writer.submit(op(1)), writer.submit(op(2))]
        refused = writer.submit(op(3))
        assert refused.done()
        assert isinstance(refused.result(), Unavailable)
        database.gate.set()
        assert await asyncio.gather(first, *waiting) == [Noted()] * 3


async def test_what_has_waited_too_long_is_refused_before_the_transaction() -> None:
    database = Database()
    database.gate.clear()
    async with running(database, deadline_s=0.0) as writer:
        late = writer.submit(op(1))
        assert isinstance(await late, Unavailable)
    assert database.batches == []


async def test_what_nobody_waits_for_any_more_is_not_written() -> None:
    database = Database()
    database.gate.clear()
    async with running(database) as writer:
        first = writer.submit(op(0))
        await database.entered.wait()
        gone, second = writer.submit(op(1)), writer.submit(op(2))
        gone.cancel()
        database.gate.set()
        await asyncio.gather(first, second)
    assert database.batches == [["0"], ["2"]]


async def test_a_database_that_is_away_refuses_everything_that_waits() -> None:
    database = Database()
    database.gate.clear()
    database.fail["0"] = Unavailable("away")
    async with running(database) as writer:
        answers = [writer.submit(op(0))]
        await database.entered.wait()
        answers += [writer.submit(op(1)), writer.submit(op(2))]
        database.gate.set()
        assert {type(answer) for answer in await asyncio.gather(*answers)} == {Unavailable}
        assert await writer.submit(op(3)) == Noted()
    assert database.batches == [["0"], ["3"]]


async def test_a_poisonous_operation_fails_alone() -> None:
    database = Database()
    database.gate.clear()
    database.fail["2"] = poison = RuntimeError("poison")
    async with running(database) as writer:
        answers = [writer.submit(op(0))]
        await database.entered.wait()
        answers += [writer.submit(op(number)) for number in (1, 2, 3)]
        database.gate.set()
        assert await asyncio.gather(*answers) == [Noted(), Noted(), poison, Noted()]
    assert database.batches == [["0"], ["1", "2", "3"], ["1"], ["2"], ["3"]]


async def test_a_refusal_is_an_answer_like_any_other() -> None:
    refusal = NotFound("There is no such chat.")

    async def refuse(ops: Sequence[Op]) -> list[Outcome]:
        return [refusal] * len(ops)

    writer = Writer(refuse)
    task = asyncio.create_task(writer.run())
    assert await writer.submit(op(1)) is refusal
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_stopping_refuses_what_is_under_way_and_what_waits() -> None:
    database = Database()
    database.gate.clear()
    async with running(database) as writer:
        answers = [writer.submit(op(0))]
        await database.entered.wait()
        answers.append(writer.submit(op(1)))
    assert {type(answer) for answer in await asyncio.gather(*answers)} == {Unavailable}
