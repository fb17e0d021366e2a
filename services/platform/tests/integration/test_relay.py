"""The relay on a real WAL and a real broker: order, positions, one at a time, and never without its slot."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aio_pika
import asyncpg
import pytest
from aio_pika.abc import AbstractIncomingMessage

from messenger_platform.broker import EVENTS_EXCHANGE
from messenger_platform.events import EMIT_SQL, POSITION_HEADER, Position
from messenger_platform.relay import PUBLICATION, BrokerLost, NoSlot, WALRelay

pytestmark = pytest.mark.integration
DATABASE = "relay_under_test"
INCARNATION = 990  # Slots are named once in a cluster.
Heard = asyncio.Queue[AbstractIncomingMessage]
LISTENED, UNHEARD = "session.test", "nobody.listens"


def dsn(database: str = DATABASE) -> str:
    password = os.environ["POSTGRES_SUPERUSER_PASSWORD"]
    port = os.environ["POSTGRES_PORT"]
    return f"postgresql://postgres:{password}@{os.environ['POSTGRES_HOST']}:{port}/{database}"


def broker_url(user: str, password: str) -> str:
    address = f"{os.environ['RABBITMQ_HOST']}:{os.environ['RABBITMQ_PORT']}/{os.environ['RABBITMQ_VHOST']}"
    return f"amqp://{user}:{os.environ[password]}@{address}"


@pytest.fixture
async def admin() -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(dsn("postgres"))
    yield connection
    await connection.close()


@pytest.fixture
async def database(admin: asyncpg.Connection[asyncpg.Record]) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """Make a database of its own, with the publication and without a slot."""
    await admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    await admin.execute(f"CREATE DATABASE {DATABASE}")
    connection = await asyncpg.connect(dsn())
    await connection.execute(f"CREATE PUBLICATION {PUBLICATION}")
    yield connection
    await _drop_slots(connection)
    await connection.close()
    await admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


async def _drop_slots(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    find = "SELECT slot_name, active FROM pg_replication_slots WHERE database = current_database()"
    async with asyncio.timeout(20):
        while slots := await connection.fetch(find):
            for slot in slots:
                if not slot["active"]:
                    await connection.execute("SELECT pg_drop_replication_slot($1)", slot["slot_name"])
            await asyncio.sleep(0.05)


async def make_slot(connection: asyncpg.Connection[asyncpg.Record], number: int = INCARNATION) -> None:
    await connection.execute("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", f"relay_{number}")


async def emit(connection: asyncpg.Connection[asyncpg.Record], key: str, *bodies: bytes) -> None:
    async with connection.transaction():
        for body in bodies:
            await connection.execute(EMIT_SQL, f"messenger.{key}", body)


@pytest.fixture
async def queue() -> AsyncIterator[Heard]:
    """Listen to one routing key."""
    connection = await aio_pika.connect(broker_url("realtime", "RABBITMQ_REALTIME_PASSWORD"))
    channel = await connection.channel()
    queue = await channel.declare_queue(exclusive=True)
    await queue.bind(EVENTS_EXCHANGE, LISTENED)
    heard: Heard = asyncio.Queue()
    await queue.consume(heard.put, no_ack=True)
    yield heard
    await connection.close()


async def take(heard: Heard, count: int) -> list[tuple[bytes, Position]]:
    async with asyncio.timeout(10):
        messages = [await heard.get() for _ in range(count)]
    return [(message.body, Position.parse(str(message.headers[POSITION_HEADER]))) for message in messages]


@asynccontextmanager
async def relaying(*, mandatory: str = "") -> AsyncIterator[tuple[WALRelay, asyncio.Task[None]]]:
    relay = WALRelay(
        dsn=dsn(),
        broker_url=broker_url("relay", "RABBITMQ_RELAY_PASSWORD"),
        mandatory_keys=frozenset({mandatory}),
    )
    task = asyncio.create_task(relay.run())
    try:
        yield relay, task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_without_a_slot_the_relay_refuses_to_start_and_makes_none(
    database: asyncpg.Connection[asyncpg.Record],
) -> None:
    async with relaying() as (_, task):
        with pytest.raises(NoSlot):
            await asyncio.wait_for(task, 10)
    count = "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"
    assert await database.fetchval(count) == 0


async def test_a_relay_that_starts_while_the_database_is_away_is_there_when_it_is_back(
    admin: asyncpg.Connection[asyncpg.Record],
    database: asyncpg.Connection[asyncpg.Record],
    queue: Heard,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await make_slot(database)
    await admin.execute(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS false")
    async with relaying() as (relay, task):
        async with asyncio.timeout(10):
            while "takes no connection yet" not in caplog.text:  # noqa: ASYNC110 - nobody tells.
                await asyncio.sleep(0.01)
        assert not relay.connected
        assert not task.done()
        await emit(database, LISTENED, b"[1]")
        await admin.execute(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS true")
        assert [body for body, _ in await take(queue, 1)] == [b"[1]"]
        assert relay.connected


async def test_committed_events_come_in_order_with_growing_positions_and_rolled_back_ones_never(
    database: asyncpg.Connection[asyncpg.Record], queue: Heard
) -> None:
    await make_slot(database)
    async with relaying():
        await emit(database, LISTENED, b"[1]", b"[2]")
        transaction = database.transaction()
        await transaction.start()
        await database.execute(EMIT_SQL, f"messenger.{LISTENED}", b"[0]")
        await transaction.rollback()
        await emit(database, UNHEARD, b"[0]")
        for number in range(3, 203):
            await emit(database, LISTENED, f"[{number}]".encode())
        found = await take(queue, 202)
    assert [body for body, _ in found] == [f"[{number}]".encode() for number in range(1, 203)]
    positions = [position for _, position in found]
    assert positions == sorted(positions)
    assert len(set(positions)) == len(positions)
    assert {position.epoch.rsplit(".", 1)[1] for position in positions} == {str(INCARNATION)}


async def test_what_was_confirmed_is_not_sent_again_by_the_next_relay(
    database: asyncpg.Connection[asyncpg.Record], queue: Heard
) -> None:
    await make_slot(database)
    async with relaying():
        await emit(database, LISTENED, b"[1]")
        await take(queue, 1)
        confirmed = "SELECT confirmed_flush_lsn >= $1::text::pg_lsn FROM pg_replication_slots WHERE slot_name = $2"
        now = await database.fetchval("SELECT pg_current_wal_lsn()::text")
        async with asyncio.timeout(10):
            while not await database.fetchval(confirmed, now, f"relay_{INCARNATION}"):  # noqa: ASYNC110 - it is PostgreSQL that changes.
                await asyncio.sleep(0.05)
    async with relaying():
        await emit(database, LISTENED, b"[2]")
        assert [body for body, _ in await take(queue, 1)] == [b"[2]"]


async def test_a_second_relay_waits_for_the_slot_and_takes_over(
    database: asyncpg.Connection[asyncpg.Record], queue: Heard
) -> None:
    await make_slot(database)
    async with relaying() as (first, first_task):
        await emit(database, LISTENED, b"[1]")
        await take(queue, 1)
        async with relaying() as (second, _):
            await emit(database, LISTENED, b"[2]")
            await take(queue, 1)
            assert (first.active, second.active) == (True, False)
            first_task.cancel()
            await asyncio.gather(first_task, return_exceptions=True)
            await emit(database, LISTENED, b"[3]")
            # The second may repeat what the first had no time to acknowledge, never skip.
            bodies = [body for body, _ in await take(queue, 1)]
            while bodies[-1] != b"[3]":
                bodies += [body for body, _ in await take(queue, 1)]
            assert second.active


async def test_a_mandatory_event_that_no_queue_takes_ends_the_relay(
    database: asyncpg.Connection[asyncpg.Record],
) -> None:
    await make_slot(database)
    async with relaying(mandatory=UNHEARD) as (_, task):
        await emit(database, UNHEARD, b"[1]")
        with pytest.raises(BrokerLost):
            await asyncio.wait_for(task, 10)
