"""Fan-out: each version once, in order, to those who are in the chat at that version."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from messenger_platform.sessions import SessionEnd
from messenger_testing.realtime_world import World
from realtime_service.domain.events import (
    ChatEvent,
    ChatResynced,
    ChatSettingsChanged,
    MessageChanged,
    MessageRead,
    MessageSent,
)
from realtime_service.services.ports import ChatVersion, Entry

Settled = Callable[[], Awaitable[None]]


def change(version: int, participants: list[int], **fields: Any) -> ChatEvent:
    return ChatEvent(version, participants, msgspec.Raw(b'{"id":10,"title":"T"}'), **fields)


async def test_both_sides_get_the_message_and_only_the_sender_sees_the_client_id(
    world: World, settled: Settled
) -> None:
    _, alice = world.connect(1)
    _, alice_phone = world.connect(1)
    _, bob = world.connect(2)
    _, carol = world.connect(3)
    event = world.sent(2)
    world.hub.apply(event)
    await settled()
    assert alice.frames == alice_phone.frames
    assert alice.frames[0]["message"]["client_id"] == event.message.client_id
    assert bob.frames[0]["version"] == 2
    assert "client_id" not in bob.frames[0]["message"]
    assert bob.frames[0]["message"]["is_read"] is False
    assert carol.frames == []


async def test_frames_of_one_turn_leave_in_one_write(world: World, settled: Settled) -> None:
    _, bob = world.connect(2)
    for version in range(2, 12):
        world.hub.apply(world.sent(version))
    await settled()
    assert bob.versions() == list(range(2, 12))
    assert bob.writes == 1


async def test_a_repeated_event_is_delivered_once(world: World, settled: Settled) -> None:
    _, bob = world.connect(2)
    events = [world.sent(version) for version in (2, 3, 4)]
    for event in [*events, *events, events[1]]:
        world.hub.apply(event)
    await settled()
    assert bob.versions() == [2, 3, 4]


async def test_a_change_of_a_message_takes_its_turn_among_the_versions(world: World, settled: Settled) -> None:
    _, alice = world.connect(1)
    _, bob = world.connect(2)
    sent = world.sent(2)
    edited = MessageChanged(3, msgspec.structs.replace(sent.message, text="edited", is_read=True), to=[1, 2])
    for event in (sent, edited, sent, edited, world.sent(4)):
        world.hub.apply(event)
    await settled()
    assert alice.versions() == bob.versions() == [2, 3, 4]
    assert [frame["type"] for frame in bob.frames] == ["message", "message_changed", "message"]
    changed = bob.frames[1]["message"]
    assert (changed["id"], changed["text"], changed["is_read"]) == (sent.message.id, "edited", True)
    assert "client_id" not in changed
    assert alice.frames[1]["message"]["client_id"] == sent.message.client_id


async def test_an_unknown_chat_may_first_be_met_by_a_change(world: World, settled: Settled) -> None:
    _, bob = world.connect(2)
    world.chats.people[10] = [1, 2]
    world.hub.apply(MessageChanged(7, world.message(), to=None, members_version=3))
    world.hub.apply(MessageChanged(8, world.message(chat_id=10), to=None, members_version=3))
    await settled()
    assert bob.versions() == [7, 8]


async def test_a_hole_with_a_change_in_it_is_filled_with_the_change(world: World, settled: Settled) -> None:
    _, bob = world.connect(2)
    world.chats.people[10] = [1, 2]
    events = {version: world.sent(version) for version in (2, 3, 5)}
    world.chats.logs[10] = [
        Entry(2, events[2].message),
        Entry(3, events[3].message),
        Entry(4, events[2].message, changed=True),
        Entry(5, events[5].message),
    ]
    world.hub.apply(events[2])
    world.hub.apply(events[5])
    await settled()
    assert [(frame["version"], frame["type"]) for frame in bob.frames] == [
        (2, "message"),
        (3, "message"),
        (4, "message_changed"),
        (5, "message"),
    ]


async def test_a_change_acknowledges_no_send(world: World, settled: Settled) -> None:
    connection, alice = world.connect(1)
    sent = world.sent(2)
    connection.await_send(10, str(sent.message.client_id))
    world.hub.apply(MessageChanged(2, sent.message, to=[1, 2]))
    await settled()
    assert alice.versions() == [2]
    assert connection.awaits(sent.message)


async def test_a_hole_is_fetched_and_filled_in_order(world: World, settled: Settled) -> None:
    _, bob = world.connect(2)
    world.chats.people[10] = [1, 2]
    events = {version: world.sent(version) for version in range(2, 8)}
    world.chats.logs[10] = [Entry(version, event.message) for version, event in events.items()]
    for version in (2, 5, 6, 7):
        world.hub.apply(events[version])
    await settled()
    assert bob.versions() == [2, 3, 4, 5, 6, 7]


async def test_a_hole_waits_for_a_chat_service_that_is_away(
    world: World, settled: Settled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime_service.services.hub.RETRY_S", 0)
    _, bob = world.connect(2)
    world.chats.people[10] = [1, 2]
    events = {version: world.sent(version) for version in range(2, 6)}
    world.chats.logs[10] = [Entry(version, event.message) for version, event in events.items()]
    world.chats.away = True
    world.hub.apply(events[2])
    world.hub.apply(events[4])
    await settled()
    assert bob.versions() == [2]
    world.hub.apply(events[5])
    world.chats.away = False
    await settled()
    assert bob.versions() == [2, 3, 4, 5]


async def test_a_hole_larger_than_one_answer_tells_the_client_to_page(world: World, settled: Settled) -> None:
    _, bob = world.connect(2)
    world.chats.people[10] = [1, 2]
    world.hub.apply(world.sent(2))
    world.chats.logs[10] = [Entry(900, world.message())]
    world.hub.apply(world.sent(900))
    await settled()
    assert bob.versions() == [2]
    assert bob.of("too_long") == [{"type": "too_long", "chat_id": 10, "version": 900}]
    world.hub.apply(world.sent(901))
    await settled()
    assert bob.versions() == [2, 901]


async def test_an_unknown_group_is_loaded_before_its_messages_go_out(world: World, settled: Settled) -> None:
    _, bob = world.connect(2)
    world.chats.people[10] = [1, 2]
    world.chats.gate.clear()
    for version in (7, 8):
        world.hub.apply(MessageSent(version, world.message(), to=None, members_version=3))
    await settled()
    assert bob.frames == []
    world.chats.gate.set()
    await settled()
    assert bob.versions() == [7, 8]
    assert world.chats.calls == ["members"]


async def test_a_projection_that_is_recent_enough_spares_the_chat_service(world: World, settled: Settled) -> None:
    _, bob = world.connect(2)
    world.memberships.known[10] = (3, [1, 2])
    world.hub.apply(MessageSent(7, world.message(), to=None, members_version=3))
    await settled()
    assert bob.versions() == [7]
    assert world.chats.calls == []


async def test_a_projection_that_is_behind_is_not_believed(world: World, settled: Settled) -> None:
    _, carol = world.connect(3)
    world.memberships.known[10] = (1, [1, 2, 3])
    world.chats.people[10] = [1, 2]
    world.hub.apply(MessageSent(7, world.message(), to=None, members_version=6))
    await settled()
    assert carol.frames == []


async def test_a_removed_participant_learns_of_it_and_gets_nothing_after(world: World, settled: Settled) -> None:
    _, bob = world.connect(2)
    _, carol = world.connect(3)
    world.hub.apply(change(1, [1, 2, 3]))
    world.hub.apply(world.sent(2))
    world.hub.apply(change(3, [1, 2], user_id=3))
    world.hub.apply(world.sent(4))
    await settled()
    assert carol.versions() == [1, 2, 3]
    assert bob.versions() == [1, 2, 3, 4]


async def test_a_new_participant_gets_what_follows(world: World, settled: Settled) -> None:
    _, dave = world.connect(4)
    world.hub.apply(change(1, [1, 2]))
    world.hub.apply(world.sent(2))
    world.hub.apply(change(3, [1, 2, 4], user_id=4))
    world.hub.apply(world.sent(4))
    await settled()
    assert dave.versions() == [3, 4]


async def test_a_connection_that_comes_later_joins_the_chats_of_its_user(world: World, settled: Settled) -> None:
    world.hub.apply(world.sent(2))
    connection, bob = world.connect(2)
    world.hub.apply(world.sent(3))
    await settled()
    world.hub.remove(connection)
    world.hub.apply(world.sent(4))
    await settled()
    assert bob.versions() == [3]


async def test_reading_is_told_to_authors_and_to_the_readers_other_connections(world: World, settled: Settled) -> None:
    _, alice = world.connect(1)
    phone, bob_phone = world.connect(2)
    _, bob_laptop = world.connect(2)
    _, carol = world.connect(3)
    phone.read_marks[10] = 17
    world.hub.apply_read(MessageRead(10, 2, 17, authors=[1], is_read_up_to=17, is_read_authors=[1]))
    await settled()
    read = {"type": "read", "chat_id": 10, "user_id": 2, "message_id": 17}
    assert alice.frames == [read, {"type": "is_read", "chat_id": 10, "up_to_message_id": 17}]
    assert bob_laptop.frames == [read]
    assert bob_phone.frames == []
    assert carol.frames == []


async def test_what_one_has_chosen_is_told_to_ones_own_connections(world: World, settled: Settled) -> None:
    _, alice = world.connect(1)
    _, alice_phone = world.connect(1)
    _, bob = world.connect(2)
    world.hub.apply_settings(ChatSettingsChanged(10, 1, muted=True, pinned=False))
    await settled()
    assert alice.frames == [{"type": "chat_settings", "chat_id": 10, "muted": True, "pinned": False}]
    assert alice_phone.frames == alice.frames
    assert bob.frames == []


async def test_an_author_who_has_left_hears_no_more_of_reading(world: World, settled: Settled) -> None:
    _, carol = world.connect(3)
    world.hub.apply(change(1, [1, 2]))
    world.hub.apply_read(MessageRead(10, 2, 17, authors=[3]))
    await settled()
    assert carol.frames == []


async def test_who_leaves_may_complete_the_reading(world: World, settled: Settled) -> None:
    _, alice = world.connect(1)
    world.hub.apply(change(5, [1, 2], user_id=3, is_read_up_to=9, is_read_authors=[1]))
    await settled()
    assert alice.of("is_read") == [{"type": "is_read", "chat_id": 10, "up_to_message_id": 9}]


async def test_an_own_answer_is_delivered_to_all_before_its_event_and_not_again(world: World, settled: Settled) -> None:
    _, bob = world.connect(2)
    world.hub.apply(world.sent(2))
    event = world.sent(3)
    assert world.hub.accept_answer(3, event.message)
    world.hub.apply(event)
    await settled()
    assert bob.versions() == [2, 3]


async def test_an_answer_that_is_not_the_next_version_waits_for_the_events(world: World, settled: Settled) -> None:
    _, bob = world.connect(2)
    world.hub.apply(world.sent(2))
    third, fourth = world.sent(3), world.sent(4)
    assert not world.hub.accept_answer(4, fourth.message)
    await settled()
    assert bob.versions() == [2]
    world.hub.apply(third)
    world.hub.apply(fourth)
    await settled()
    assert bob.versions() == [2, 3, 4]


async def test_an_answer_of_a_chat_not_met_yet_waits_for_its_event(world: World, settled: Settled) -> None:
    _, bob = world.connect(2)
    event = world.sent(5)
    assert not world.hub.accept_answer(5, event.message)
    world.hub.apply(world.sent(4))
    world.hub.apply(event)
    await settled()
    assert bob.versions() == [4, 5]


async def test_after_a_time_without_events_everything_missed_is_fetched(world: World, settled: Settled) -> None:
    _, bob = world.connect(2)
    world.chats.people = {10: [1, 2], 11: [1, 2]}
    followed = {version: world.sent(version) for version in (2, 3, 4)}
    world.chats.logs[10] = [Entry(version, event.message) for version, event in followed.items()]
    world.chats.logs[11] = [Entry(version, world.message(chat_id=11)) for version in (7, 8, 9)]
    world.hub.apply(followed[2])
    world.chats.changed = [ChatVersion(10, 4, 1), ChatVersion(11, 9, 7)]
    await world.hub.catch_up(datetime.now(UTC))
    await settled()
    assert [frame["version"] for frame in bob.frames if frame["message"]["chat_id"] == 10] == [2, 3, 4]
    assert [frame["version"] for frame in bob.frames if frame["message"]["chat_id"] == 11] == [8, 9]


async def test_events_wait_for_what_was_missed_before_them(world: World, settled: Settled) -> None:
    _, bob = world.connect(2)
    world.chats.people[10] = [1, 2]
    known = {version: world.sent(version) for version in (7, 8, 9, 10)}
    world.chats.logs[10] = [Entry(version, known[version].message) for version in (7, 8, 9)]
    world.chats.changed = [ChatVersion(10, 9, 6)]
    world.hub.hold_events()
    world.hub.apply(known[9])
    world.hub.apply(known[10])
    await settled()
    assert bob.versions() == []
    await world.hub.catch_up(datetime.now(UTC))
    world.hub.release_events()
    await settled()
    assert bob.versions() == [7, 8, 9, 10]


async def test_a_chat_is_pulled_in_order_when_its_events_do_not_come(world: World, settled: Settled) -> None:
    _, bob = world.connect(2)
    world.chats.people = {10: [1, 2], 11: [1, 2]}
    known = {version: world.sent(version) for version in (2, 3, 4)}
    world.hub.apply(known[2])
    world.chats.logs[10] = [Entry(version, event.message) for version, event in known.items()]
    world.chats.logs[11] = [Entry(version, world.message(chat_id=11)) for version in (7, 8)]
    world.chats.changed = [ChatVersion(11, 8, 6)]
    await world.hub.pull(10, 4, 2)
    await world.hub.pull(11, 8, 2)
    for event in known.values():
        world.hub.apply(event)
    await settled()
    assert bob.versions() == [2, 3, 4, 7, 8]


async def test_pulls_at_once_fetch_once(world: World, settled: Settled) -> None:
    _, bob = world.connect(2)
    world.chats.people[10] = [1, 2]
    known = {version: world.sent(version) for version in (2, 3, 4)}
    world.hub.apply(known[2])
    world.chats.logs[10] = [Entry(version, event.message) for version, event in known.items()]
    await asyncio.gather(*(world.hub.pull(10, version, 2) for version in (3, 4, 3, 4)))
    await settled()
    assert bob.versions() == [2, 3, 4]
    assert world.chats.calls == ["entries"]


@pytest.mark.timeout(10)
@pytest.mark.parametrize("turns", range(8))
async def test_a_pull_ends_in_whatever_moment_of_another_fetch_it_begins(
    turns: int, world: World, settled: Settled
) -> None:
    _, bob = world.connect(2)
    world.chats.people[10] = [1, 2]
    known = {version: world.sent(version) for version in (2, 3, 4)}
    world.hub.apply(known[2])
    world.chats.logs[10] = [Entry(version, event.message) for version, event in known.items()]
    world.hub.apply(known[4])  # A hole, which starts a fetch.
    for _ in range(turns):
        await asyncio.sleep(0)
    await world.hub.pull(10, 4, 2)
    await settled()
    assert bob.versions() == [2, 3, 4]


async def test_a_slow_consumer_is_closed_and_the_others_go_on(world: World, settled: Settled) -> None:
    _, alice = world.connect(1)
    _, bob = world.connect(2)
    bob.unsent_bytes = 10_000_000
    world.hub.apply(world.sent(2))
    await settled()
    assert bob.closed is not None
    assert bob.closed[0] == 4408
    assert bob.frames == []
    assert alice.versions() == [2]


async def test_an_ended_session_closes_its_connections_only(world: World, settled: Settled) -> None:
    _, alice = world.connect(1)
    _, bob = world.connect(2)
    world.hub.connections.end_session(SessionEnd("sid-1", "sub-1", "evicted", datetime.now(UTC)))
    assert alice.closed == (4401, "evicted")
    assert bob.closed is None


async def test_the_end_of_a_user_closes_what_was_opened_with_older_tokens(world: World, settled: Settled) -> None:
    _, alice = world.connect(1)
    later, alice_again = world.connect(1)
    later.issued_at += 60
    _, bob = world.connect(2)
    world.hub.connections.end_session(SessionEnd(None, "sub-1", "revoked", datetime.now(UTC)))
    assert alice.closed == (4401, "revoked")
    assert alice_again.closed is None
    assert bob.closed is None


@pytest.mark.parametrize("seed", range(20))
async def test_any_mixture_of_answers_events_repetitions_and_losses_shows_each_version_once_in_order(
    world: World, settled: Settled, seed: int
) -> None:
    chance = random.Random(seed)
    _, bob = world.connect(2)
    world.chats.people[10] = [1, 2]
    events = {version: world.sent(version) for version in range(1, 40)}
    world.hub.apply(events[1])
    published: list[int] = []
    for version in range(2, 40):
        world.chats.logs.setdefault(10, [Entry(1, events[1].message)]).append(Entry(version, events[version].message))
        if chance.random() < 0.5:
            world.hub.accept_answer(version, events[version].message)
        if chance.random() < 0.9:
            published.append(version)
        while published and chance.random() < 0.7:
            again = published[0] if chance.random() < 0.2 else published.pop(0)
            world.hub.apply(events[again])
        if chance.random() < 0.3:
            await settled()
    for version in [*published, 39]:
        world.hub.apply(events[version])
    await settled()
    assert bob.versions() == list(range(1, 40))


async def test_a_resync_tells_what_was_missed_in_order_and_what_all_have_read(world: World, settled: Settled) -> None:
    _, alice = world.connect(1)
    _, bob = world.connect(2)
    messages = {version: world.message() for version in range(2, 6)}
    world.chats.people[10] = [1, 2]
    world.chats.logs[10] = [Entry(version, message) for version, message in messages.items()]
    world.hub.apply(MessageSent(2, messages[2], to=[1, 2]))
    world.hub.apply(ChatResynced(10, 4, [1, 2], messages[3].id))
    world.hub.apply(MessageSent(5, messages[5], to=[1, 2]))
    world.hub.apply(ChatResynced(10, 5, [1, 2]))
    await settled()
    assert alice.versions() == bob.versions() == [2, 3, 4, 5]
    assert alice.of("is_read") == [{"type": "is_read", "chat_id": 10, "up_to_message_id": messages[3].id}]


async def test_a_resync_of_an_older_version_than_was_answered_early_changes_nothing(
    world: World, settled: Settled
) -> None:
    _, bob = world.connect(2)
    messages = {version: world.message() for version in range(2, 5)}
    world.chats.people[10] = [1, 2]
    world.chats.logs[10] = [Entry(version, message) for version, message in messages.items()]
    for version, message in messages.items():
        world.hub.apply(MessageSent(version, message, to=[1, 2]))
    world.hub.apply(ChatResynced(10, 3, [1, 2]))
    await settled()
    assert bob.versions() == [2, 3, 4]
    assert bob.of("too_long") == []


async def test_a_chat_that_a_restored_backup_took_back_is_begun_anew_from_there(
    world: World, settled: Settled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime_service.services.hub.RETRY_S", 0)
    _, bob = world.connect(2)
    world.chats.people[10] = [1, 2]
    for version in range(2, 9):
        world.hub.apply(world.sent(version))
    world.chats.logs[10] = [Entry(version, world.message()) for version in range(2, 5)]
    world.hub.apply(ChatResynced(10, 4, [1, 2]))
    await settled()
    world.hub.apply(world.sent(5))
    await settled()
    assert bob.of("too_long") == [{"type": "too_long", "chat_id": 10, "version": 4}]
    assert bob.versions() == [*range(2, 9), 5]


async def test_a_resync_corrects_who_is_in_a_chat_and_says_nothing_of_one_that_is_not_followed(
    world: World, settled: Settled
) -> None:
    _, bob = world.connect(2)
    _, carol = world.connect(3)
    world.hub.apply(world.sent(2))
    world.hub.apply(ChatResynced(10, 2, [1, 3]))
    world.hub.apply(ChatResynced(11, 9, [1, 2, 3]))
    world.hub.apply(MessageChanged(3, world.message(), to=[1, 3]))
    await settled()
    assert (bob.versions(), carol.versions()) == ([2], [3])
