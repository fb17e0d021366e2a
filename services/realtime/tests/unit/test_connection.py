"""A connection under sync: live frames and the difference overtake each other, and the client sees one log."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from messenger_testing.realtime_world import World
from realtime_service.domain.frames import Sync
from realtime_service.services.connection import MAX_HELD_FRAMES
from realtime_service.services.ports import Entry

Settled = Callable[[], Awaitable[None]]


async def test_events_that_overtake_the_difference_wait_for_it(world: World, settled: Settled) -> None:
    connection, bob = world.connect(2)
    world.chats.people[10] = [1, 2]
    events = {version: world.sent(version) for version in range(1, 7)}
    world.hub.apply(events[1])
    await settled()
    bob.frames.clear()
    world.chats.gate.clear()
    sync = asyncio.create_task(world.shared.synchronise(connection, Sync({"10": 1}).chats))
    await settled()
    for version in (2, 3):
        world.hub.apply(events[version])
    world.chats.logs[10] = [Entry(version, event.message) for version, event in events.items() if version <= 4]
    world.hub.apply(events[4])
    world.hub.apply(events[5])
    await settled()
    assert bob.frames == []
    world.chats.gate.set()
    await sync
    await settled()
    world.hub.apply(events[6])
    await settled()
    assert bob.versions() == [2, 3, 4, 5, 6]
    (synced,) = bob.of("synced")
    assert synced["chats"] == {"10": {"version": 4, "unread_count": 2, "read_up_to": 7, "read_by_all_up_to": 5}}
    assert bob.frames.index(synced) == 3


async def test_a_difference_tells_changes_as_changes_and_they_acknowledge_nothing(
    world: World, settled: Settled
) -> None:
    connection, alice = world.connect(1)
    world.chats.people[10] = [1, 2]
    sent = world.sent(2).message
    connection.await_send(10, str(sent.client_id))
    world.chats.logs[10] = [Entry(3, sent, changed=True), Entry(4, world.message())]
    await world.shared.synchronise(connection, {"10": 2})
    await settled()
    assert [(frame["type"], frame.get("version")) for frame in alice.frames][:2] == [
        ("message_changed", 3),
        ("message", 4),
    ]
    assert alice.frames[0]["message"]["client_id"] == sent.client_id
    assert connection.awaits(sent)


async def test_events_behind_the_difference_are_not_repeated(world: World, settled: Settled) -> None:
    connection, bob = world.connect(2)
    world.chats.people[10] = [1, 2]
    events = {version: world.sent(version) for version in range(1, 6)}
    world.hub.apply(events[1])
    await settled()
    bob.frames.clear()
    world.chats.logs[10] = [Entry(version, event.message) for version, event in events.items() if version <= 4]
    await world.shared.synchronise(connection, {"10": 1})
    for version in (2, 3, 4, 5):
        world.hub.apply(events[version])
    await settled()
    assert bob.versions() == [2, 3, 4, 5]


async def test_a_failed_sync_is_one_error_and_loses_no_live_frame(world: World, settled: Settled) -> None:
    connection, bob = world.connect(2)
    world.chats.people[10] = [1, 2]
    world.chats.gate.clear()
    sync = asyncio.create_task(world.shared.synchronise(connection, {"10": 0}))
    await settled()
    world.hub.apply(world.sent(2))
    world.chats.away = True
    world.chats.gate.set()
    await sync
    await settled()
    assert [frame["type"] for frame in bob.frames] == ["error", "message"]
    assert bob.frames[0]["code"] == "unavailable"


async def test_a_chat_of_others_is_not_found_and_the_rest_is_synced(world: World, settled: Settled) -> None:
    connection, bob = world.connect(2)
    world.chats.people = {10: [1, 2], 11: [1, 3]}
    world.chats.logs[10] = [Entry(1, world.message())]
    await world.shared.synchronise(connection, {"10": 0, "11": 0, "12": 0})
    await settled()
    assert [(frame["code"], frame["chat_id"]) for frame in bob.of("error")] == [("not_found", 11), ("not_found", 12)]
    assert list(bob.of("synced")[0]["chats"]) == ["10"]


async def test_too_many_live_frames_during_a_sync_become_too_long(world: World, settled: Settled) -> None:
    connection, bob = world.connect(2)
    world.chats.people[10] = [1, 2]
    world.chats.gate.clear()
    sync = asyncio.create_task(world.shared.synchronise(connection, {"10": 0}))
    await settled()
    log = [world.sent(version) for version in range(2, MAX_HELD_FRAMES + 20)]
    for event in log:
        world.hub.apply(event)
    world.chats.logs[10] = [Entry(event.version, event.message) for event in log]
    world.chats.gate.set()
    await sync
    await settled()
    assert bob.of("message") == []
    assert bob.of("too_long") == [{"type": "too_long", "chat_id": 10, "version": MAX_HELD_FRAMES + 19}]
