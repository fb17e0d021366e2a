"""The command `resync` on a real WAL and a real broker: with no slot, a lost and a healthy one, and cut off midway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import aio_pika
import asyncpg
import httpx
import psycopg2
import pytest
import respx
from aio_pika.abc import AbstractIncomingMessage
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from chat_service.relay import MANDATORY_KEYS
from chat_service.resync import resync
from chat_service.services import announce_state
from chat_service.settings import RelaySettings, ResyncSettings
from messenger_platform.broker import EVENTS_EXCHANGE
from messenger_platform.events import EMIT_SQL, POSITION_HEADER, Position
from messenger_platform.relay import PUBLICATION, BrokerLost, NoSlot, WALRelay
from messenger_platform.slots import ResyncFailed

_SLOTS = """
    SELECT slot_name, wal_status FROM pg_replication_slots
     WHERE slot_name LIKE ANY ('{relay_%,resync_%}') AND database = current_database()
"""
_OTHERS_BEHIND = """
    SELECT count(*) FROM pg_replication_slots
     WHERE active AND database <> current_database() AND pg_current_wal_lsn() - restart_lsn > 16 * 1024 * 1024
"""


class OperatorSettings(BaseSettings):
    postgres_superuser_password: SecretStr
    rabbitmq_realtime_password: SecretStr


class Cluster:
    """The cluster as its superuser sees it: slots of this database, and a log that grows."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection

    async def slots(self) -> dict[str, str]:
        return {row["slot_name"]: row["wal_status"] for row in await self.connection.fetch(_SLOTS)}

    async def make(self, name: str) -> None:
        await self.connection.execute("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", name)

    async def until_none(self) -> None:
        async with asyncio.timeout(10):
            while await self.slots():  # noqa: ASYNC110 - it is PostgreSQL that changes.
                await asyncio.sleep(0.05)

    async def drop_all(self) -> None:
        async with asyncio.timeout(20):
            while names := await self.slots():
                for name in names:
                    with suppress(asyncpg.ObjectInUseError, asyncpg.UndefinedObjectError):
                        await self.connection.execute("SELECT pg_drop_replication_slot($1)", name)
                await asyncio.sleep(0.05)

    async def lose(self, name: str) -> None:
        """Let the log outgrow what a slot may hold, never faster than the slots of others are read."""
        try:
            await self._limit("32MB")
            async with asyncio.timeout(60):
                while (await self.slots())[name] != "lost":
                    await self.connection.execute("SELECT pg_logical_emit_message(false, 'growth', 'x')")
                    await self.connection.execute("SELECT pg_switch_wal()")
                    await self.connection.execute("CHECKPOINT")
                    await self._until_others_follow()
        finally:
            await self._limit(None)

    async def _until_others_follow(self) -> None:
        while await self.connection.fetchval(_OTHERS_BEHIND):
            await self.connection.execute("CHECKPOINT")
            await asyncio.sleep(0.1)

    async def _limit(self, size: str | None) -> None:
        # Only for the time of the test: the setting in the file counts again afterwards.
        change = "RESET max_slot_wal_keep_size" if size is None else f"SET max_slot_wal_keep_size = '{size}'"
        await self.connection.execute(f"ALTER SYSTEM {change}")
        await self.connection.execute("SELECT pg_reload_conf()")


class Heard:
    """What the broker was told since the test began: `(position, type, data)` of every event."""

    def __init__(self) -> None:
        self.events: list[tuple[Position, str, Any]] = []
        self._arrived = asyncio.Condition()

    async def take(self, message: AbstractIncomingMessage) -> None:
        position = Position.parse(str(message.headers[POSITION_HEADER]))
        async with self._arrived:
            self.events += [(position, event["type"], event["data"]) for event in json.loads(message.body)]
            self._arrived.notify_all()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20), self._arrived:
            await self._arrived.wait_for(condition)

    def of(self, kind: str, slot: str = "") -> list[Any]:
        """Return the data of one type of event, of one slot if it is named."""
        incarnation = slot.removeprefix("relay_")
        return [data for at, type_, data in self.events if type_ == kind and at.epoch.endswith(incarnation)]


@pytest.fixture(scope="module")
def resync_settings() -> ResyncSettings:
    return ResyncSettings()


@pytest.fixture
async def cluster(clean: None, resync_settings: ResyncSettings) -> AsyncIterator[Cluster]:
    """Provision the database of integration tests as one that relays read; afterwards it is none again."""
    connection = await asyncpg.connect(
        host=resync_settings.postgres_host,
        port=resync_settings.postgres_port,
        database=resync_settings.postgres_db,
        user="postgres",
        password=OperatorSettings().postgres_superuser_password.get_secret_value(),
    )
    cluster = Cluster(connection)
    await cluster.drop_all()
    await connection.execute(f"DROP PUBLICATION IF EXISTS {PUBLICATION}")
    await connection.execute(f"CREATE PUBLICATION {PUBLICATION}")
    yield cluster
    await cluster.drop_all()
    await connection.execute(f"DROP PUBLICATION IF EXISTS {PUBLICATION}")
    await connection.close()


@pytest.fixture
async def heard(resync_settings: ResyncSettings) -> AsyncIterator[Heard]:
    url = resync_settings.broker_url("realtime", OperatorSettings().rabbitmq_realtime_password)
    connection = await aio_pika.connect(url)
    queue = await (await connection.channel()).declare_queue(exclusive=True)
    for key in ("chat.*", "session.*"):
        await queue.bind(EVENTS_EXCHANGE, key)
    heard = Heard()
    await queue.consume(heard.take, no_ack=True)
    yield heard
    await connection.close()


@asynccontextmanager
async def relays() -> AsyncIterator[None]:
    """Two relays under a supervisor that starts them again and again."""
    settings = RelaySettings()

    async def supervised() -> None:
        while True:
            relay = WALRelay(dsn=settings.dsn, broker_url=settings.publisher_url, mandatory_keys=MANDATORY_KEYS)
            with suppress(NoSlot, BrokerLost, psycopg2.Error):
                await relay.run()
            await asyncio.sleep(0.1)

    running = [asyncio.create_task(supervised()) for _ in range(2)]
    try:
        yield
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@pytest.fixture
def users(resync_settings: ResyncSettings) -> Any:
    """Play the user service: one account, announced at once."""
    with respx.mock(assert_all_called=False) as mock:
        route = mock.post(url__startswith=f"{resync_settings.user_url}/internal/announcements")
        yield route.respond(json={"accounts": 1, "next_after": None})


async def run(settings: ResyncSettings) -> tuple[str, list[str]]:
    said: list[str] = []
    return await resync(settings, said.append, relay_patience_s=20), said


async def test_without_a_slot_a_resync_makes_one_and_tells_where_every_chat_stands(
    cluster: Cluster, heard: Heard, sql_storage: Any, users: respx.Route, resync_settings: ResyncSettings
) -> None:
    chats = {await sql_storage.group(1, 2, 3): [1, 2, 3], await sql_storage.private(2, 3): [2, 3]}
    async with relays():
        name, said = await run(resync_settings)
        await heard.until(lambda: bool(heard.of("Resynced")))
    assert await cluster.slots() == {name: "reserved"}
    assert "found no slot: events have been lost since it went" in said
    assert "announced 2 chats and 1 accounts" in said
    told = {data["chat_id"]: (data["version"], data["participants"]) for data in heard.of("ChatResynced", name)}
    assert told == {chat_id: (1, people) for chat_id, people in chats.items()}
    assert users.calls.last.request.headers["authorization"].startswith("Internal ")


async def test_a_lost_slot_is_refused_by_the_relay_and_replaced_by_a_resync(
    cluster: Cluster, heard: Heard, sql_storage: Any, users: respx.Route, resync_settings: ResyncSettings
) -> None:
    await cluster.make("relay_5")
    await sql_storage.group(1, 2)
    await cluster.lose("relay_5")
    settings = RelaySettings()
    relay = WALRelay(dsn=settings.dsn, broker_url=settings.publisher_url, mandatory_keys=MANDATORY_KEYS)
    with pytest.raises(NoSlot, match=r"relay_5 is lost.*make resync"):
        await asyncio.wait_for(relay.run(), 10)
    async with relays():
        name, said = await run(resync_settings)
        await heard.until(lambda: bool(heard.of("Resynced")))
    assert await cluster.slots() == {name: "reserved"}
    assert "found the slot relay_5, lost: its events since then are gone" in said
    assert "dropped relay_5" in said
    assert heard.of("ChatCreated") == []
    assert len(heard.of("ChatResynced", name)) == 1


async def test_a_healthy_slot_is_replaced_while_people_talk_and_nothing_is_skipped(
    cluster: Cluster, heard: Heard, sql_storage: Any, users: respx.Route, resync_settings: ResyncSettings
) -> None:
    await cluster.make("relay_5")
    done = asyncio.Event()
    said_numbers = 0

    async def talk() -> None:
        nonlocal said_numbers
        while not done.is_set():
            body = json.dumps([{"type": "Spoken", "data": said_numbers}]).encode()
            await cluster.connection.execute(EMIT_SQL, "messenger.chat.test", body)
            said_numbers += 1

    await sql_storage.group(1, 2)
    async with relays():
        talking = asyncio.create_task(talk())
        first, _ = await run(resync_settings)
        second, said = await run(resync_settings)
        done.set()
        await talking
        await heard.until(lambda: said_numbers - 1 in heard.of("Spoken"))
    assert f"found the slot {first}, reserved" in said
    assert list(await cluster.slots()) == [second]
    assert int(second.removeprefix("relay_")) > int(first.removeprefix("relay_")) > 5
    assert set(heard.of("Spoken")) == set(range(said_numbers))
    for slot in ("relay_5", first, second):
        # A relay that is ended in the middle is followed by another, which repeats what was not yet confirmed.
        numbers = list(dict.fromkeys(heard.of("Spoken", slot)))
        assert numbers == sorted(numbers), "one slot's events are heard first in their order"


async def test_a_resync_that_is_cut_off_has_changed_nothing_and_can_be_run_again(
    cluster: Cluster, heard: Heard, sql_storage: Any, users: respx.Route, resync_settings: ResyncSettings
) -> None:
    await sql_storage.group(1, 2)
    asked, never = asyncio.Event(), asyncio.Event()

    async def hang(_request: httpx.Request) -> httpx.Response:
        asked.set()
        await never.wait()
        return httpx.Response(500)

    users.mock(side_effect=hang)
    async with AsyncExitStack() as stack:
        cut = asyncio.create_task(run(resync_settings))
        await asyncio.wait_for(asked.wait(), 10)
        (reserved,) = await cluster.slots()
        assert reserved.startswith("resync_")
        with pytest.raises(ResyncFailed, match="Another resync is running"):
            await run(resync_settings)
        cut.cancel()
        await asyncio.gather(cut, return_exceptions=True)
        await cluster.until_none()
        users.mock(side_effect=None, return_value=httpx.Response(200, json={"accounts": 0, "next_after": None}))
        await stack.enter_async_context(relays())
        name, _ = await run(resync_settings)
        await heard.until(lambda: bool(heard.of("Resynced", name)))
    assert list(await cluster.slots()) == [name]


async def _expect(settings: ResyncSettings, sentence: str, patience_s: float = 20) -> None:
    with pytest.raises(ResyncFailed, match=sentence):
        await resync(settings, print, relay_patience_s=patience_s)


async def test_what_a_resync_cannot_do_without_is_named(
    cluster: Cluster, users: respx.Route, resync_settings: ResyncSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announce_state, "PATIENCE_S", 0)
    away = resync_settings.model_copy(update={"postgres_port": 1})
    await _expect(away, "does not answer")
    users.respond(503)
    await _expect(resync_settings, "The user service does not answer.*run resync again")
    assert await cluster.slots() == {}
    users.respond(json={"accounts": 0, "next_after": None})
    await _expect(resync_settings, "No relay has published.*need not be run again", patience_s=0.3)
    assert len(await cluster.slots()) == 1
    await cluster.connection.execute(f"DROP PUBLICATION {PUBLICATION}")
    await _expect(resync_settings, "has not been provisioned")
