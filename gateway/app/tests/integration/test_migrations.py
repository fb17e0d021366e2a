"""The schema `gateway` goes up, down and up again."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from gateway_app.__main__ import MIGRATIONS
from gateway_app.repositories.tables import SCHEMA
from gateway_app.settings import MigrationSettings
from messenger_platform.migrations import run_migrations

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]


async def test_schema_goes_up_down_and_up() -> None:
    url = MigrationSettings().owner_url
    engine = create_async_engine(url)

    async def revision() -> str | None:
        async with engine.connect() as connection:
            found: str | None = await connection.scalar(text(f"SELECT version_num FROM {SCHEMA}.alembic_version"))  # noqa: S608 - a constant.
            return found

    try:
        for down, revision_then in ((False, "0002"), (True, None), (False, "0002")):
            await asyncio.to_thread(run_migrations, MIGRATIONS, url, SCHEMA, "base" if down else "head", down=down)
            assert await revision() == revision_then
    finally:
        await engine.dispose()
