"""Connections behind a network that holds everything back, and brings it later."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncEngine

from messenger_drill.proxy import Proxy
from messenger_platform.database import create_engine, translate_database_errors
from messenger_platform.errors import Unavailable

pytestmark = pytest.mark.integration
IMPATIENT_S = 0.3


def url(port: int) -> URL:
    """Return the address of PostgreSQL's own database, at a port."""
    password = os.environ["POSTGRES_SUPERUSER_PASSWORD"]
    return URL.create("postgresql+asyncpg", "postgres", password, os.environ["POSTGRES_HOST"], port, "postgres")


@pytest.fixture
async def network() -> AsyncIterator[Proxy]:
    async with Proxy(int(os.environ["POSTGRES_PORT"])) as proxy:
        yield proxy


@pytest.fixture
async def engine(network: Proxy) -> AsyncIterator[AsyncEngine]:
    """Connect through the network, with one connection."""
    engine = create_engine(
        url(network.port), application_name="database tests", pool_size=1, command_timeout_s=IMPATIENT_S
    )
    yield engine
    await engine.dispose()


async def written(engine: AsyncEngine) -> int:
    """Write a transaction and return its number."""
    with translate_database_errors():
        async with engine.begin() as connection:
            number = await connection.scalar(text("SELECT CAST(CAST(pg_current_xact_id() AS text) AS bigint)"))
    assert isinstance(number, int)
    return number


async def status(number: int) -> str:
    """Return what others see of a transaction."""
    connection = await asyncpg.connect(
        url(int(os.environ["POSTGRES_PORT"])).set(drivername="postgresql").render_as_string(False)
    )
    try:
        return str(await connection.fetchval("SELECT pg_xact_status($1::text::xid8)", str(number)))
    finally:
        await connection.close()


@pytest.mark.parametrize("there", [True, False], ids=["questions held back", "answers held back"])
async def test_what_was_committed_is_committed_after_a_begin_that_came_late(
    engine: AsyncEngine,
    network: Proxy,
    there: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert await status(await written(engine)) == "committed"
    network.hold(there=there, back=True)
    with pytest.raises(Unavailable):
        await written(engine)
    network.release()
    for _ in range(3):
        assert await status(await written(engine)) == "committed"
