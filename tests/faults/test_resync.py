"""Hypothesis: whatever events are lost, one command brings every socket and every projection back, while people talk.

What people have said and were told is committed is in the tables, so the loss of the slot or of the broker loses
nothing but time. The clients here only listen: none of them syncs or reconnects.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
import pytest

from messenger_drill.drill import Drill, Recovery
from messenger_infra.programs import service_environment
from messenger_infra.settings import stack_of_tests
from messenger_testing.client import Account, LiveClient
from messenger_testing.e2e import Processes
from messenger_testing.login import LoginPage
from messenger_testing.people import Person, RealmAdmin

PACE_S = 0.03  # More than 500 missed versions are not told one by one: clients page.
RELAYS = ("relay-1", "relay-2")
Database = asyncpg.Connection

BEHIND = """
    WITH talking AS (
         SELECT chat_id, array_agg(user_id ORDER BY user_id) AS people FROM chat.participant GROUP BY chat_id),
    told AS (
         SELECT chat_id, (SELECT array_agg(id ORDER BY id) FROM unnest(participants) AS id) AS people
           FROM realtime.chat_membership)
    SELECT (SELECT count(*) FROM talking FULL JOIN told USING (chat_id)
             WHERE talking.people IS DISTINCT FROM told.people)
         + (SELECT count(*) FROM user_profile.account AS account LEFT JOIN chat.known_user AS known USING (id)
             WHERE (account.username, account.name) IS DISTINCT FROM (known.username, known.name))
"""


async def resync() -> str:
    """Run the command as an operator does; returns what it said."""
    stack = stack_of_tests()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "chat_service", "resync"),
        env=service_environment(stack, "chat", stack.port("CHAT")),
        stderr=asyncio.subprocess.PIPE,
    )
    said = (await process.communicate())[1].decode()
    assert process.returncode == 0, said
    return said


async def refusals(starts: dict[str, int]) -> None:
    """Wait until every relay has said since then that it will not start, and what to do."""
    async with asyncio.timeout(30):
        for name, start in starts.items():
            while "Run `make resync`" not in log_of(name)[start:]:  # noqa: ASYNC110 - a file of another process.
                await asyncio.sleep(0.1)


def log_of(name: str) -> str:
    return (stack_of_tests().folder / "log" / f"{name}.log").read_text(errors="replace")


async def made_in_the_realm(person: Person, database: Database) -> None:
    """Wait until the user service knows somebody."""
    async with asyncio.timeout(20):
        while not await database.fetchval("SELECT count(*) FROM user_profile.account WHERE sub = $1", person.sub):  # noqa: ASYNC110 - the database changes.
            await asyncio.sleep(0.1)


async def caught_up(database: Database) -> None:
    """Wait until the projections say what the tables say."""
    async with asyncio.timeout(20):
        while await database.fetchval(BEHIND):  # noqa: ASYNC110 - the database changes.
            await asyncio.sleep(0.1)


@asynccontextmanager
async def talking(sender: LiveClient, chat_id: int) -> AsyncIterator[None]:
    """Say one thing after the other meanwhile, each when the one before was acknowledged."""
    done = asyncio.Event()

    async def talk() -> None:
        number = 0
        while not done.is_set():
            await sender.say(chat_id, f"meanwhile {(number := number + 1)}")
            await asyncio.sleep(PACE_S)

    task = asyncio.create_task(talk())
    try:
        yield
    finally:
        done.set()
        await task


def versions(client: LiveClient, chat_id: int) -> list[int]:
    """Return the versions of a chat that a client was shown, in the order of their coming."""
    return [
        frame["version"]
        for frame in client.frames
        if (frame["type"] == "message" and frame["message"]["chat_id"] == chat_id)
        or (frame["type"] == "chat" and frame["chat"]["id"] == chat_id)
    ]


async def all_shown_once_in_order(receivers: Sequence[LiveClient], sender: LiveClient, *chats: int) -> None:
    """Say a last thing in each chat; everyone was shown every version, from the first one on."""
    for chat_id in chats:
        last = await sender.say(chat_id, "at last")
        for receiver in receivers:
            await receiver.wait_for_message(last["message"]["id"])
            shown = versions(receiver, chat_id)
            assert shown == list(range(1, last["version"] + 1)), (chat_id, shown)


@pytest.mark.timeout(120)
async def test_a_lost_slot_stops_the_relays_and_a_resync_brings_everything_back(
    processes: Processes,
    accounts: list[Account],
    admin: RealmAdmin,
    person: Person,
    database: Database,
) -> None:
    alice, bob, carol = accounts[:3]
    receivers = [await account.live() for account in (bob, carol) for _ in range(3)]
    sender = await alice.live()
    known = await alice.group("Known", bob, carol)
    first = await sender.say(known, "before")
    for receiver in receivers:
        await receiver.wait_for_message(first["message"]["id"])
    await made_in_the_realm(person, database)
    async with LoginPage(alice.public_url) as page:
        tokens = await page.log_in(person.username, person.password)
        ended = await LiveClient.open(alice.public_url, tokens.access_token)
        for name in RELAYS:
            processes.stop(name)
        await database.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")
        for number in range(5):
            await sender.say(known, f"unheard {number}")
        fresh = await alice.group("Fresh", bob, carol)
        await sender.say(fresh, "unheard as well")
        await person.log_out_everywhere()
        newcomer = await admin.new_person()
        await made_in_the_realm(newcomer, database)
        starts = {name: len(log_of(name)) for name in RELAYS}
        for name in RELAYS:
            processes.start(name)
        await refusals(starts)
        await processes.ailing()
        assert not await database.fetchval("SELECT count(*) FROM pg_replication_slots")
        assert await database.fetchval(BEHIND)
        assert any(versions(receiver, known)[-1] == first["version"] for receiver in receivers)
        assert ended.close_code is None
        async with talking(sender, known):
            said = await resync()
        assert "found no slot" in said
        assert "everything announced has been published" in said
        await all_shown_once_in_order(receivers, sender, known, fresh)
        await caught_up(database)
        assert await ended.wait_closed() == 4401
        await ended.close()
    await newcomer.remove()


@pytest.mark.timeout(120)
async def test_a_wiped_broker_is_made_up_for_by_a_resync(
    processes: Processes, accounts: list[Account], admin: RealmAdmin, database: Database
) -> None:
    alice, bob, carol = accounts[:3]
    receivers = [await account.live() for account in (bob, carol) for _ in range(3)]
    sender = await alice.live()
    known = await alice.group("Known", bob, carol)
    await sender.say(known, "before")
    async with database.transaction():
        # The readers cannot take what is in their queues.
        await database.execute("LOCK TABLE realtime.inbox_position, chat.inbox_position")
        newcomer = await admin.new_person()
        await made_in_the_realm(newcomer, database)
        fresh = await alice.group("Fresh", bob, carol)
        for receiver in receivers:
            await receiver.wait_for(lambda frame: frame["type"] == "chat" and frame["chat"]["id"] == fresh)
        await asyncio.to_thread(processes.stop, "rabbitmq")
        for number in range(5):
            await sender.say(known, f"unheard {number}")
    mnesia = stack_of_tests().folder / "rabbitmq" / "mnesia"
    for node in mnesia.iterdir():
        shutil.rmtree(node) if node.is_dir() else node.unlink()
    processes.start("rabbitmq")
    await processes.healthy()
    assert await database.fetchval(BEHIND)
    async with talking(sender, known):
        await resync()
    await all_shown_once_in_order(receivers, sender, known, fresh)
    await caught_up(database)
    await newcomer.remove()


@pytest.mark.drill
@pytest.mark.timeout(300)
async def test_a_crowd_gets_everything_after_a_lost_slot(drill: Drill, database: Database) -> None:
    async with drill.crowd() as crowd:
        crowd.talk()
        await crowd.normal()
        for name in RELAYS:
            await asyncio.to_thread(drill.processes.stop, name)
        await database.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")
        await crowd.calm(5)
        for name in RELAYS:
            drill.processes.start(name)
        begun = time.perf_counter()
        await resync()
        await drill.processes.healthy()
        await crowd.normal()
        recovery = Recovery(crowd, [begun, time.perf_counter()])
        verdict = await crowd.verdict()
        drill.found("slot lost, then resync", verdict, recovery.first(60), recovery.whole(60))
