"""Several writers, as several processes have them, on one database."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_service.domain.batch import Noted, Op, Read, Send, Sent
from chat_service.domain.errors import NotFound
from chat_service.domain.model import MessageId, UserId
from chat_service.repositories.messages import Messages
from chat_service.services.write_batch import WriteBatch
from chat_service.services.writer import Writer
from chat_service.settings import ChatSettings
from messenger_drill.proxy import Proxy
from messenger_platform.database import ALONG_INDEXES, COMMAND_TIMEOUT_S, create_engine
from messenger_platform.errors import Unavailable

ALICE, BOB, CAROL = UserId(1), UserId(2), UserId(3)


@asynccontextmanager
async def running_writer(settings: ChatSettings, command_timeout_s: float = COMMAND_TIMEOUT_S) -> AsyncIterator[Writer]:
    """Run a writer with an engine of its own."""
    engine = create_engine(
        settings.runtime_url,
        application_name="chat tests",
        planner=ALONG_INDEXES,
        command_timeout_s=command_timeout_s,
    )
    log = Messages(engine)
    writer = Writer(WriteBatch(log))
    task = asyncio.create_task(writer.run())
    try:
        yield writer
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await log.close()
        await engine.dispose()


@pytest.fixture
async def writers(clean: None, settings: ChatSettings) -> AsyncIterator[list[Writer]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(running_writer(settings)) for _ in range(2)]


async def test_one_client_id_forty_times_through_two_writers_is_one_message(
    writers: list[Writer], sql_storage: Any, wal: Any
) -> None:
    chat_id = await sql_storage.private(ALICE, BOB)
    send = Send(ALICE, chat_id, UUID(int=1), "hi")
    answers = await asyncio.gather(*(writers[number % 2].submit(send) for number in range(40)))
    assert Counter(answer.duplicate for answer in answers if isinstance(answer, Sent)) == {True: 39, False: 1}
    assert len({answer.message for answer in answers if isinstance(answer, Sent)}) == 1
    assert len(await sql_storage.messages(chat_id)) == 1
    assert [kind for _, kind, _ in await wal()] == ["MessageSent"]


async def test_versions_have_no_gap_and_events_follow_them_under_two_writers(
    writers: list[Writer], sql_storage: Any, wal: Any
) -> None:
    chats = [await sql_storage.private(ALICE, BOB), await sql_storage.group(ALICE, BOB, CAROL)]
    chance = random.Random(7)
    ops: list[Op] = []
    for number in range(600):
        chat_id = chance.choice(chats)
        user_id = chance.choice([ALICE, BOB])
        # Every fifth client id has been used: a repetition of one of the last few.
        client_id = UUID(int=number - chance.randrange(10) if number % 5 == 0 and number else number)
        ops.append(Send(user_id, chat_id, client_id, "hi"))
        if number % 3 == 0:
            ops.append(Read(chance.choice([ALICE, BOB]), chat_id, MessageId(1 + chance.randrange(10**6))))
    answers = await asyncio.gather(*(writers[chance.randrange(2)].submit(op) for op in ops))
    # No writer ever ran into the other: a lost race would be an error of the database here.
    # A read may by chance name a message that exists.
    assert {type(answer) for answer in answers} <= {Sent, NotFound, Noted}
    fresh = [answer.message for answer in answers if isinstance(answer, Sent) and not answer.duplicate]
    for chat_id in chats:
        stored = await sql_storage.messages(chat_id)
        assert [m.seq for m in stored] == list(range(2, len(stored) + 2))
        assert [m.ordinal for m in stored] == list(range(1, len(stored) + 1))
        assert [m.id for m in stored] == sorted(m.id for m in stored)
        assert [m.created_at for m in stored] == sorted(m.created_at for m in stored)
        assert {m.id for m in stored} == {m.id for m in fresh if m.chat_id == chat_id}
        told = [
            data["version"]
            for _, kind, data in await wal()
            if kind == "MessageSent" and data["message"]["chat_id"] == chat_id
        ]
        assert told == [m.seq for m in stored]


async def test_a_sender_who_awaits_each_answer_is_stored_in_that_order(
    writers: list[Writer], sql_storage: Any, client_ids: Iterator[UUID]
) -> None:
    chat_id = await sql_storage.private(ALICE, BOB)

    async def talk(user_id: UserId) -> None:
        for number in range(30):
            await writers[number % 2].submit(Send(user_id, chat_id, next(client_ids), f"{number:02}"))

    await asyncio.gather(talk(ALICE), talk(BOB))
    stored = await sql_storage.messages(chat_id)
    for user_id in (ALICE, BOB):
        assert [m.text for m in stored if m.sender_id == user_id] == [f"{number:02}" for number in range(30)]


async def test_nothing_is_stored_nor_told_when_the_transaction_fails(
    sql_storage: Any, runtime: AsyncEngine, owner: AsyncEngine, wal: Any, client_ids: Iterator[UUID]
) -> None:
    chat_id = await sql_storage.private(ALICE, BOB)
    log = Messages(runtime)
    writer = Writer(WriteBatch(log))
    task = asyncio.create_task(writer.run())
    async with owner.begin() as connection:
        await connection.execute(text("ALTER TABLE message ADD CONSTRAINT no_poison CHECK (text <> 'poison')"))
    try:
        sends = [Send(ALICE, chat_id, next(client_ids), word) for word in ("one", "poison", "two")]
        answers = await asyncio.gather(*(writer.submit(send) for send in sends))
    finally:
        async with owner.begin() as connection:
            await connection.execute(text("ALTER TABLE message DROP CONSTRAINT no_poison"))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await log.close()
    # The guilty one fails, its neighbours in the batch do not; versions stay without a gap.
    assert [isinstance(answer, Sent) for answer in answers] == [True, False, True]
    assert [(m.text, m.seq) for m in await sql_storage.messages(chat_id)] == [("one", 2), ("two", 3)]
    assert [data["message"]["text"] for _, _, data in await wal()] == ["one", "two"]


@pytest.mark.parametrize("there", [True, False], ids=["questions held back", "answers held back"])
async def test_what_is_acknowledged_after_a_stalled_network_is_stored(
    settings: ChatSettings,
    sql_storage: Any,
    client_ids: Iterator[UUID],
    there: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    chat_id = await sql_storage.private(ALICE, BOB)
    async with Proxy(settings.postgres_port) as network:
        behind = settings.model_copy(update={"postgres_port": network.port})
        async with running_writer(behind, command_timeout_s=0.3) as writer:
            assert isinstance(await writer.submit(Send(ALICE, chat_id, next(client_ids), "before")), Sent)
            network.hold(there=there, back=True)
            assert isinstance(await writer.submit(Send(ALICE, chat_id, next(client_ids), "meanwhile")), Unavailable)
            network.release()
            for number in range(3):
                answer = await writer.submit(Send(ALICE, chat_id, next(client_ids), f"after {number}"))
                assert isinstance(answer, Sent)
                assert answer.message in await sql_storage.messages(chat_id)
