"""Sends and reads on their way to a chat service that comes and goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from messenger_testing.realtime_world import FakeChats
from realtime_service.services.op_batches import MAX_BATCH, OpBatches
from realtime_service.services.ports import OpResult


@pytest.fixture
def chats() -> FakeChats:
    return FakeChats()


@pytest.fixture
async def batches(chats: FakeChats) -> AsyncIterator[OpBatches]:
    batches = OpBatches(chats, 0)
    worker = asyncio.create_task(batches.run())
    yield batches
    worker.cancel()


async def until_all(answers: list[OpResult], count: int) -> None:
    async with asyncio.timeout(5):
        while len(answers) < count:  # noqa: ASYNC110 - answers are a plain list.
            await asyncio.sleep(0.01)


async def test_a_chat_service_that_is_away_for_a_moment_is_only_late(chats: FakeChats, batches: OpBatches) -> None:
    answers: list[OpResult] = []
    count = 2 * MAX_BATCH + 50
    chats.results = [OpResult(version=number) for number in range(count)]
    chats.away = True
    for number in range(count):
        batches.submit({"op": "send", "number": number}, answers.append)
    while len(chats.written) < 3:  # noqa: ASYNC110 - two batches have failed, and one of them once more.
        await asyncio.sleep(0.01)
    chats.written.clear()
    chats.away = False
    await until_all(answers, count)
    assert [answer.version for answer in answers] == list(range(count))
    assert [op["number"] for batch in chats.written for op in batch] == list(range(count)), "in their order"


async def test_one_that_stays_away_is_unavailable(
    chats: FakeChats, batches: OpBatches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime_service.services.op_batches.DEADLINE_S", 0.05)
    answers: list[OpResult] = []
    chats.away = True
    batches.submit({"op": "send"}, answers.append)
    await until_all(answers, 1)
    assert answers[0].error == "unavailable"
    chats.away = False
    chats.results = [OpResult(version=1)]
    batches.submit({"op": "send"}, answers.append)
    await until_all(answers, 2)
    assert answers[1].version == 1
