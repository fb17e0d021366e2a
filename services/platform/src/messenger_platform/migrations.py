"""Alembic without ini files: each service names its scripts, its schema and its metadata."""

from __future__ import annotations

import asyncio
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from sqlalchemy import URL, Connection, MetaData, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

LOCK_TIMEOUT = "5s"


def run_migrations(script_location: Path, url: URL, schema: str, revision: str = "head", *, down: bool = False) -> None:
    """Bring `schema` to `revision`; with `down`, back to it (`"base"` empties the schema)."""
    config = Config()
    config.set_main_option("script_location", str(script_location))
    config.attributes["url"] = url
    config.attributes["schema"] = schema
    if down:
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)


def run_env(metadata: MetaData) -> None:
    """Do the work of an Alembic `env.py`: one transaction per run, the version table in the service's schema."""
    url: URL = context.config.attributes["url"]
    schema: str = context.config.attributes["schema"]

    def migrate(connection: Connection) -> None:
        # A migration that waits behind a long query makes everyone wait behind it: it gives up instead.
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.execute(text(f'SET search_path = "{schema}"'))
        # Two processes that start at once migrate one after the other.
        connection.execute(text("SELECT pg_advisory_lock(hashtext(:schema))"), {"schema": f"migrate {schema}"})
        connection.commit()
        context.configure(connection=connection, target_metadata=metadata, version_table_schema=schema)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()

    async def run() -> None:
        engine = create_async_engine(url, poolclass=pool.NullPool)
        try:
            async with engine.connect() as connection:
                await connection.run_sync(migrate)
        finally:
            await engine.dispose()

    asyncio.run(run())
