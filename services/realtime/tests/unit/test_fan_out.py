"""The events of the broker: a log that begins anew is caught up with before it is followed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from types import SimpleNamespace

import msgspec
import pytest

from messenger_platform.events import POSITION_HEADER, Event, Position, pack
from messenger_testing.realtime_world import World
from realtime_service.controllers.consumers.fan_out import MARGIN, FanOut
from realtime_service.domain.frames import Message
from realtime_service.services.ports import ChatVersion, Entry

Settled = Callable[[], Awaitable[None]]
OLD, NEW = "7.1.1", "7.1.2"
HEARD_AT = datetime(2030, 1, 1, 12, tzinfo=UTC)


class Following:
    """A fan-out that has its first link, and a broker that speaks to it."""

    def __init__(self, world: World) -> None:
        self.fan_out = FanOut("", world.hub)
        self.world = world
        self._lsn = 0
        self.link()

    def link(self) -> None:
        self.world.hub.hold_events()
        self._link = asyncio.create_task(self.fan_out._keep_up())

    def break_link(self) -> None:
        self._link.cancel()

    async def hear(self, epoch: str, version: int, message: Message) -> None:
        self._lsn += 1
        data = {"version": version, "message": message, "to": [1, 2]}
        (body,) = pack([Event("MessageSent", "chat", "chats/10", msgspec.to_builtins(data), time=HEARD_AT)])
        headers = {POSITION_HEADER: str(Position.at(epoch, self._lsn, 0))}
        arrived = SimpleNamespace(exchange="messenger.events", body=body, headers=headers, routing_key="chat.message")
        await self.fan_out._take(arrived)  # type: ignore[arg-type]  # All that is read of it.


@pytest.fixture
async def following(world: World) -> AsyncIterator[Following]:
    following = Following(world)
    yield following
    following.break_link()
    await asyncio.sleep(0)


async def test_a_new_epoch_is_caught_up_with_before_its_first_event(following: Following, settled: Settled) -> None:
    world = following.world
    _, bob = world.connect(2)
    messages = {version: world.message() for version in range(2, 7)}
    await following.hear(OLD, 2, messages[2])
    await settled()
    world.chats.people[10] = [1, 2]
    world.chats.logs[10] = [Entry(version, message) for version, message in messages.items()]
    world.chats.changed = [ChatVersion(10, 6, 2)]
    world.chats.calls.clear()
    world.chats.gate.clear()
    await following.hear(NEW, 6, messages[6])
    await settled()
    assert bob.versions() == [2]
    world.chats.gate.set()
    await settled()
    assert bob.versions() == [2, 3, 4, 5, 6]
    assert world.chats.calls == ["changed_since", "entries"]
    assert following.fan_out._gap_begins_at == HEARD_AT
    assert MARGIN.total_seconds() > 0


async def test_a_chat_first_met_after_the_gap_shows_what_was_missed_in_it(
    following: Following, settled: Settled
) -> None:
    world = following.world
    _, bob = world.connect(2)
    messages = {version: world.message() for version in range(4, 8)}
    world.chats.people[10] = [1, 2]
    world.chats.logs[10] = [Entry(version, message) for version, message in messages.items()]
    world.chats.changed = [ChatVersion(10, 7, 4)]
    await following.hear(NEW, 7, messages[7])
    await settled()
    assert bob.versions() == [5, 6, 7]


async def test_leftovers_of_the_old_epoch_begin_nothing_anew(following: Following, settled: Settled) -> None:
    world = following.world
    world.connect(2)
    await following.hear(OLD, 2, world.message())
    await following.hear(NEW, 3, world.message())
    await settled()
    asked = world.chats.calls.count("changed_since")
    await following.hear(OLD, 4, world.message())
    await following.hear(NEW, 5, world.message())
    await settled()
    assert world.chats.calls.count("changed_since") == asked


async def test_a_gap_is_left_to_the_next_link_when_one_breaks_while_it_is_fetched(
    following: Following, settled: Settled
) -> None:
    world = following.world
    _, bob = world.connect(2)
    messages = {version: world.message() for version in range(2, 6)}
    await following.hear(OLD, 2, messages[2])
    await settled()
    world.chats.people[10] = [1, 2]
    world.chats.logs[10] = [Entry(version, message) for version, message in messages.items()]
    world.chats.away = True
    await following.hear(NEW, 5, messages[5])
    await settled()
    following.break_link()
    world.chats.away = False
    world.chats.changed = [ChatVersion(10, 5, 2)]
    asked = world.chats.calls.count("changed_since")
    following.link()
    await settled()
    assert bob.versions() == [2, 3, 4, 5]
    assert world.chats.calls.count("changed_since") == asked + 2  # For the link, and for the gap.
