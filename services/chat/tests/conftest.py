"""What the tests of the chat service share: a message log in memory, the real one, people with tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_service.__main__ import MIGRATIONS
from chat_service.domain.batch import Answers, Batch, Ground, Op, Questions, Seat, Send
from chat_service.domain.model import (
    MAX_EXCERPT,
    START,
    ChatId,
    LockedChat,
    Mark,
    Message,
    MessageId,
    NewChat,
    Quote,
    UserId,
)
from chat_service.events import Emission
from chat_service.repositories.chats import Chats
from chat_service.repositories.messages import Messages
from chat_service.repositories.tables import SCHEMA, Base
from chat_service.services.ports import LogTransaction, MessageLog
from chat_service.settings import ChatSettings, MigrationSettings
from messenger_platform.database import ALONG_INDEXES, create_engine
from messenger_testing.postgres import query_budget, schema_owner

__all__ = ["query_budget"]

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
_TRUNCATE = text("TRUNCATE " + ", ".join(Base.metadata.tables))


class MemoryLog:
    """A message log in memory; passes the same conformance suite as the SQL adapter."""

    def __init__(self) -> None:
        self.chats: dict[ChatId, LockedChat] = {}
        self.marks: dict[Seat, Mark] = {}
        self.messages: list[Message] = []
        self.last_id = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTransaction]:
        before = deepcopy((self.chats, self.marks, self.messages))
        try:
            yield MemoryTransaction(self)
        except BaseException:
            self.chats, self.marks, self.messages = before
            raise


class MemoryTransaction:
    def __init__(self, log: MemoryLog) -> None:
        self._log = log

    async def ground(self, ops: Sequence[Op]) -> Ground:
        log, ground = self._log, Ground()
        for op in ops:
            chat = log.chats.get(op.chat_id)
            if chat is None:
                continue
            ground.chats[op.chat_id] = deepcopy(chat)
            for user_id in (op.user_id, *(chat.peers or ())):
                if (op.chat_id, user_id) in log.marks:
                    ground.cursors[op.chat_id, user_id] = log.marks[op.chat_id, user_id]
            if isinstance(op, Send):
                log.last_id += 1
                ground.ids.append(MessageId(log.last_id))
        for message in log.messages:
            ground.sent[message.chat_id, message.sender_id, message.client_id] = message
            ground.targets[message.chat_id, message.id] = message.mark
            ground.quotes[message.chat_id, message.id] = Quote(
                message.id, message.sender_id, message.text[:MAX_EXCERPT]
            )
        return ground

    async def answer(self, questions: Questions) -> Answers:
        answers = Answers()
        for chat_id in questions.laggards:
            others = [
                mark
                for (chat, user), mark in self._log.marks.items()
                if chat == chat_id and (chat, user) not in questions.moved
            ]
            if others:
                answers.laggards[chat_id] = min(others)
        for chat_id, after, up_to in questions.authors:
            found = answers.authors.setdefault((chat_id, after), {})
            for message in self._log.messages:
                inside = message.chat_id == chat_id and after < message.seq <= up_to
                if inside and (chat_id, message.sender_id) in self._log.marks:
                    found.setdefault(message.sender_id, message.seq)
        return answers

    async def write(self, batch: Batch, emissions: Sequence[Emission]) -> None:
        del emissions
        self._log.messages += batch.messages
        self._log.marks |= batch.moved
        self._log.chats |= {chat.id: chat for chat in batch.changed_chats}


class RecordingLog:
    """Any message log; remembers what its committed transactions told the world."""

    def __init__(self, log: MessageLog) -> None:
        self._log = log
        self.events: list[tuple[str, Any]] = []

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[_Recording]:
        async with self._log.transaction() as transaction:
            recording = _Recording(transaction)
            yield recording
        self.events += [(emission.type, emission.data) for _, emission in recording.emissions]

    def of_type(self, kind: str) -> list[Any]:
        return [data for type_, data in self.events if type_ == kind]


class _Recording:
    def __init__(self, transaction: LogTransaction) -> None:
        self.ground = transaction.ground
        self.answer = transaction.answer
        self._write = transaction.write
        self.emissions: list[Emission] = []

    async def write(self, batch: Batch, emissions: Sequence[Emission]) -> None:
        await self._write(batch, emissions)
        self.emissions += emissions


class Storage(Protocol):
    """A message log, and what a test does beside it."""

    log: RecordingLog

    async def private(self, first: int, second: int) -> ChatId: ...
    async def group(self, creator: int, *others: int) -> ChatId: ...
    async def messages(self, chat_id: ChatId) -> list[Message]: ...
    async def marks(self, chat_id: ChatId) -> dict[int, int]: ...
    async def watermark(self, chat_id: ChatId) -> int: ...


class MemoryStorage:
    def __init__(self) -> None:
        self._memory = MemoryLog()
        self.log = RecordingLog(self._memory)

    async def private(self, first: int, second: int) -> ChatId:
        low, high = sorted((UserId(first), UserId(second)))
        return self._add((low, high), (low, high))

    async def group(self, creator: int, *others: int) -> ChatId:
        return self._add(None, (UserId(creator), *map(UserId, others)))

    def _add(self, peers: tuple[UserId, UserId] | None, participants: tuple[UserId, ...]) -> ChatId:
        chat_id = ChatId(len(self._memory.chats) + 1)
        self._memory.chats[chat_id] = LockedChat(chat_id, peers, 1, 1, START, NOON, START, len(participants))
        self._memory.marks |= {(chat_id, user_id): START for user_id in participants}
        return chat_id

    async def messages(self, chat_id: ChatId) -> list[Message]:
        return [message for message in self._memory.messages if message.chat_id == chat_id]

    async def marks(self, chat_id: ChatId) -> dict[int, int]:
        return {user: mark.message_id for (chat, user), mark in self._memory.marks.items() if chat == chat_id}

    async def watermark(self, chat_id: ChatId) -> int:
        return self._memory.chats[chat_id].watermark.message_id


class SQLStorage:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.repository = Messages(engine)
        self.log = RecordingLog(self.repository)

    async def private(self, first: int, second: int) -> ChatId:
        low, high = sorted((UserId(first), UserId(second)))
        return await self._create(NewChat(UserId(first), (low, high), None, NOON))

    async def group(self, creator: int, *others: int) -> ChatId:
        return await self._create(NewChat(UserId(creator), (UserId(creator), *map(UserId, others)), "A group", NOON))

    async def _create(self, new: NewChat) -> ChatId:
        async with Chats(self._engine).transaction() as chats:
            created = await chats.create(new)
        assert created is not None
        return created

    async def messages(self, chat_id: ChatId) -> list[Message]:
        rows = await self._rows(
            "SELECT chat_id, seq, id, ordinal, sender_id, client_id, text, created_at FROM message "
            "WHERE chat_id = :chat_id ORDER BY seq",
            chat_id,
        )
        return [Message(*row) for row in rows]

    async def marks(self, chat_id: ChatId) -> dict[int, int]:
        rows = await self._rows("SELECT user_id, read_message_id FROM participant WHERE chat_id = :chat_id", chat_id)
        return {row[0]: row[1] for row in rows}

    async def watermark(self, chat_id: ChatId) -> int:
        rows = await self._rows("SELECT watermark_message_id FROM chat WHERE id = :chat_id", chat_id)
        return int(rows[0][0])

    async def _rows(self, statement: str, chat_id: ChatId) -> Sequence[Any]:
        async with self._engine.connect() as connection:
            return (await connection.execute(text(statement), {"chat_id": chat_id})).all()


@pytest.fixture(scope="session")
def settings() -> ChatSettings:
    """Read the test stack's settings from the environment; the broker is nobody's business here."""
    return ChatSettings().model_copy(update={"rabbitmq_port": 1, "rate_limits": "off"})


@pytest.fixture(scope="session")
async def owner() -> AsyncIterator[AsyncEngine]:
    """Build the schema with Alembic and connect as the role that owns it."""
    async with schema_owner(MIGRATIONS, MigrationSettings().owner_url, SCHEMA) as engine:
        yield engine


@pytest.fixture
async def clean(owner: AsyncEngine) -> None:
    """Empty the tables before a test; ids go on, as in life."""
    async with owner.begin() as connection:
        await connection.execute(_TRUNCATE)


@pytest.fixture
async def runtime(clean: None, settings: ChatSettings) -> AsyncIterator[AsyncEngine]:
    """Connect as the running service does."""
    engine = create_engine(settings.runtime_url, application_name="chat tests", planner=ALONG_INDEXES)
    yield engine
    await engine.dispose()


@pytest.fixture
async def sql_storage(runtime: AsyncEngine) -> AsyncIterator[SQLStorage]:
    storage = SQLStorage(runtime)
    yield storage
    await storage.repository.close()


@pytest.fixture
def recording_log_type() -> type[RecordingLog]:
    return RecordingLog


@pytest.fixture
def memory_storage() -> MemoryStorage:
    return MemoryStorage()


@pytest.fixture(params=["memory", pytest.param("PostgreSQL", marks=pytest.mark.integration)])
def storage(request: pytest.FixtureRequest) -> Storage:
    if request.param == "memory":
        return MemoryStorage()
    sql: SQLStorage = request.getfixturevalue("sql_storage")
    return sql


@pytest.fixture
def client_ids() -> Iterator[UUID]:
    """Client ids that differ."""
    return (UUID(int=number) for number in range(1, 1_000_000))
