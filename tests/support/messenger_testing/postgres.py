"""What integration tests do with a service's schema: build it, count statements, read what was committed."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr
from pydantic_settings import BaseSettings
from sqlalchemy import URL, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from messenger_platform.migrations import run_migrations
from messenger_platform.settings import ServiceSettings

_MESSAGE = re.compile(r"^message: transactional: 1 prefix: messenger\.(\S+), sz: \d+ content:(.*)$", re.DOTALL)

Committed = Callable[[], Awaitable[list[tuple[str, Any]]]]


@asynccontextmanager
async def schema_owner(migrations: Path, url: URL, schema: str) -> AsyncIterator[AsyncEngine]:
    """Build a schema with Alembic and connect as the role that owns it."""
    await asyncio.to_thread(run_migrations, migrations, url, schema)
    engine = create_async_engine(url)
    yield engine
    await engine.dispose()


class RelaySettings(BaseSettings):
    """The one role that may read the WAL."""

    chat_relay_password: SecretStr


@asynccontextmanager
async def committed_events(settings: ServiceSettings, prefix: str) -> AsyncIterator[Committed]:
    """Yield what reads the events committed since now, as the relay would see them: `(routing key, event)`.

    The services share one WAL: only routing keys that begin with `prefix` count.
    """
    connection = await asyncpg.connect(
        host=settings.postgres_host,
        port=settings.postgres_port,
        database=settings.postgres_db,
        user="chat_relay",
        password=RelaySettings().chat_relay_password.get_secret_value(),
    )
    slot = f"tests_{uuid.uuid4().hex}"
    # A temporary slot goes with its connection, whatever becomes of the test.
    await connection.execute("SELECT pg_create_logical_replication_slot($1, 'test_decoding', true)", slot)

    async def events() -> list[tuple[str, Any]]:
        rows = await connection.fetch("SELECT data FROM pg_logical_slot_peek_changes($1, NULL, NULL)", slot)
        messages = [match for row in rows if (match := _MESSAGE.match(row["data"]))]
        return [
            (message[1], found)
            for message in messages
            if message[1].startswith(prefix)
            for found in json.loads(message[2])
        ]

    yield events
    await connection.close()


class Statements:
    """The statements that an engine sends from now on."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.sent: list[str] = []
        event.listen(engine.sync_engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self.sent.append(statement)


@pytest.fixture
def query_budget() -> Callable[[AsyncEngine, int], AbstractContextManager[None]]:
    """Count what an engine sends inside a `with`: other than so many statements fail."""

    @contextmanager
    def budget(engine: AsyncEngine, expected: int) -> Iterator[None]:
        statements = Statements(engine)
        yield
        assert len(statements.sent) == expected, statements.sent

    return budget
