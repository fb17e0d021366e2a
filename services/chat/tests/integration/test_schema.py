"""Migrations, and what the running service's role may do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_service.__main__ import MIGRATIONS
from chat_service.repositories.tables import SCHEMA, Base
from chat_service.settings import MigrationSettings
from messenger_platform.migrations import run_migrations


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA})
    found: list[Any] = compare_metadata(context, Base.metadata)
    # The version table is Alembic's own; sequences are not compared by it.
    return [item for item in found if not (item[0] == "remove_table" and item[1].name == "alembic_version")]


async def _tables(owner: AsyncEngine) -> set[str]:
    async with owner.connect() as connection:
        names = await connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = :s"), {"s": SCHEMA})
        return set(names)


async def test_the_migrated_schema_is_the_declared_one(owner: AsyncEngine) -> None:
    async with owner.connect() as connection:
        assert await connection.run_sync(_differences) == []


@pytest.fixture
async def put_back(owner: AsyncEngine) -> AsyncIterator[None]:
    yield
    await asyncio.to_thread(run_migrations, MIGRATIONS, MigrationSettings().owner_url, SCHEMA)


async def test_migrations_go_up_down_and_up(owner: AsyncEngine, clean: None, put_back: None) -> None:
    url = MigrationSettings().owner_url
    await asyncio.to_thread(run_migrations, MIGRATIONS, url, SCHEMA, "base", down=True)
    assert await _tables(owner) <= {"alembic_version"}
    await asyncio.to_thread(run_migrations, MIGRATIONS, url, SCHEMA)
    assert await _tables(owner) == {*Base.metadata.tables, "alembic_version"}
    await test_the_migrated_schema_is_the_declared_one(owner)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE chat.mine (id int)",
        "ALTER TABLE chat.message ADD COLUMN mine int",
        "DROP TABLE chat.read_log",
        "TRUNCATE chat.message",
        "CREATE TABLE public.mine (id int)",
        "CREATE SCHEMA mine",
    ],
)
async def test_the_running_service_cannot_change_the_schema(runtime: AsyncEngine, statement: str) -> None:
    with pytest.raises(DBAPIError) as refusal:
        async with runtime.begin() as connection:
            await connection.execute(text(statement))
    assert getattr(refusal.value.orig, "sqlstate", None) == "42501"  # Insufficient privilege.


async def test_one_private_chat_per_pair_is_the_databases_rule(runtime: AsyncEngine) -> None:
    insert = text(
        "INSERT INTO chat (type, creator_id, private_low, private_high, last_seq, members_seq, participant_count,"
        " created_at, updated_at) VALUES (:type, 1, :low, :high, 1, 1, 2, now(), now())"
    )
    impossible: list[dict[str, Any]] = [
        {"type": "private", "low": 2, "high": 1},
        {"type": "private", "low": 1, "high": 1},
        {"type": "private", "low": None, "high": None},
        {"type": "group", "low": 1, "high": 2},
        {"type": "channel", "low": None, "high": None},
    ]
    for values in impossible:
        with pytest.raises(DBAPIError, match="CheckViolation"):
            async with runtime.begin() as connection:
                await connection.execute(insert, values)
    with pytest.raises(DBAPIError, match="uq_chat_private_pair"):
        async with runtime.begin() as connection:
            await connection.execute(insert, [{"type": "private", "low": 1, "high": 2}] * 2)
