from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from messenger_platform.migrations import run_migrations
from user_service.__main__ import MIGRATIONS
from user_service.domain.search import MAX_TERMS
from user_service.repositories.accounts import _FILED_UNDER
from user_service.repositories.tables import SCHEMA, metadata
from user_service.settings import MigrationSettings

pytestmark = pytest.mark.integration


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(
        connection,
        opts={
            "include_schemas": True,
            "include_name": lambda name, kind, _parents: kind != "schema" or name == SCHEMA,
            "include_object": lambda _o, name, kind, *_: kind != "table" or name != "alembic_version",
            "compare_server_default": True,
        },
    )
    return list(compare_metadata(context, metadata))


async def differences_from_the_classes() -> list[Any]:
    # With another search path, or reflection would leave the schema's name out.
    settings = {"server_settings": {"search_path": "pg_catalog"}}
    engine = create_async_engine(MigrationSettings().owner_url, connect_args=settings)
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()
    return found


async def migrate_in_a_process() -> int:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "user_service", "migrate")
    return await process.wait()


@pytest.mark.usefixtures("clean")
async def test_migrations_build_what_the_classes_say_and_go_down_and_up_again(owner: AsyncEngine) -> None:
    url = MigrationSettings().owner_url
    await asyncio.to_thread(run_migrations, MIGRATIONS, url, SCHEMA, "base", down=True)
    async with owner.connect() as connection:
        left = await connection.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = :schema"), {"schema": SCHEMA}
        )
        assert set(left) == {"alembic_version"}
    await asyncio.to_thread(run_migrations, MIGRATIONS, url, SCHEMA)
    assert await differences_from_the_classes() == []


@pytest.mark.usefixtures("clean")
async def test_two_processes_that_migrate_at_once_do_not_collide() -> None:
    url = MigrationSettings().owner_url
    await asyncio.to_thread(run_migrations, MIGRATIONS, url, SCHEMA, "base", down=True)
    assert set(await asyncio.gather(migrate_in_a_process(), migrate_in_a_process())) == {0}
    assert await differences_from_the_classes() == []


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE account",
        "ALTER TABLE account ADD COLUMN x int",
        "CREATE TABLE y (z int)",
        "TRUNCATE account CASCADE",
    ],
)
async def test_the_running_service_may_change_no_table(runtime: AsyncEngine, statement: str) -> None:
    async with runtime.connect() as connection:
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
            await connection.execute(text(statement))


@pytest.mark.usefixtures("clean")
async def test_a_short_search_among_many_reads_few_rows_of_the_index(owner: AsyncEngine) -> None:
    accounts = 20_000
    async with owner.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO user_profile.account (sub, username, name) "
                "SELECT gen_random_uuid(), 'anna' || n, 'Anna ' || n FROM generate_series(1, :n) AS n"
            ),
            {"n": accounts},
        )
        await connection.execute(
            text(
                "INSERT INTO user_profile.account_term (account_id, term) "
                "SELECT id, username FROM user_profile.account "
                "UNION ALL SELECT id, lower(name) FROM user_profile.account"
            )
        )
        await connection.execute(text(f"ANALYZE {SCHEMA}.account, {SCHEMA}.account_term"))
    limit = 20
    statement = str(_FILED_UNDER.compile(owner.sync_engine, compile_kwargs={"render_postcompile": True}))
    values = {"low": "a", "high": "a\U0010ffff", "limit": limit, "scanned": limit * MAX_TERMS}
    async with owner.connect() as connection:
        raw = await connection.get_raw_connection()
        compiled = _FILED_UNDER.compile(owner.sync_engine)
        arguments = [values[name] for name in compiled.positiontup or []]
        assert raw.driver_connection is not None
        plan = await raw.driver_connection.fetch(f"EXPLAIN (ANALYZE, FORMAT TEXT) {statement}", *arguments)
    lines = "\n".join(row[0] for row in plan)
    assert "account_term_term_account_id_idx" in lines
    assert "Seq Scan" not in lines
    assert f"rows={limit * MAX_TERMS} " in lines
