"""What a client's frames do, and how they are refused."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from messenger_platform.limits import TokenBuckets
from messenger_platform.tokens import Principal
from messenger_testing.realtime_world import World
from realtime_service.domain.events import MessageRead, MessageSent
from realtime_service.domain.frames import Quote
from realtime_service.services.client_session import FULL, ClientSession, Limits
from realtime_service.services.op_batches import OpBatches
from realtime_service.services.ports import ChatVersion, Entry, OpResult

Settled = Callable[[], Awaitable[None]]


@pytest.fixture(autouse=True)
async def _batches(world: World) -> AsyncIterator[None]:
    task = asyncio.create_task(world.batches.run())
    yield
    task.cancel()


def send_frame(client_id: str, chat_id: int = 10, text: str = "hi") -> str:
    return json.dumps({"type": "send", "chat_id": chat_id, "client_id": client_id, "text": text})


def say(world: World, session: ClientSession, version: int) -> MessageSent:
    """Send a message that the chat service stores under this version; return the event that will tell of it."""
    event = world.sent(version, client_id=str(uuid.uuid4()))
    world.chats.results = [OpResult(version, message=event.message)]
    session.on_text(send_frame(event.message.client_id or ""))
    return event


async def test_a_send_is_acknowledged_once_by_the_live_frame(world: World, settled: Settled) -> None:
    session, alice = world.session(1)
    _, bob = world.connect(2)
    world.hub.apply(world.sent(2))
    event = say(world, session, 3)
    await settled()
    world.hub.apply(event)
    await settled()
    assert alice.versions() == [2, 3]
    assert alice.frames[1]["message"]["client_id"] == event.message.client_id
    assert bob.versions() == [2, 3]


async def test_a_reply_names_what_it_answers_and_is_delivered_with_its_quote(world: World, settled: Settled) -> None:
    session, _ = world.session(1)
    _, bob = world.connect(2)
    world.hub.apply(world.sent(2))
    client_id = str(uuid.uuid4())
    message = world.message(client_id=client_id)
    message.reply_to_id, message.reply_to = 7, Quote(7, 2, "How are you?")
    world.chats.results = [OpResult(3, message=message)]
    frame = {"type": "send", "chat_id": 10, "client_id": client_id, "text": "Fine", "reply_to_id": 7}
    session.on_text(json.dumps(frame))
    await settled()
    assert world.chats.written[0][0]["reply_to_id"] == 7
    first, reply = [frame["message"] for frame in bob.frames]
    assert (first["reply_to_id"], first["reply_to"]) == (None, None)
    assert (reply["reply_to_id"], reply["reply_to"]) == (7, {"id": 7, "sender_id": 2, "text": "How are you?"})


async def test_a_later_repetition_gets_the_same_message_again_and_reaches_nobody_else(
    world: World, settled: Settled
) -> None:
    session, alice = world.session(1)
    _, alice_phone = world.connect(1)
    _, bob = world.connect(2)
    world.hub.apply(world.sent(2))
    client_id = str(uuid.uuid4())
    event = world.sent(3, client_id=client_id)
    world.chats.results = [OpResult(3, duplicate=number > 0, message=event.message) for number in range(3)]
    for _ in range(3):
        session.on_text(send_frame(client_id))
        await settled()
    world.hub.apply(event)
    await settled()
    assert alice.versions() == [2, 3, 3, 3]
    assert alice_phone.versions() == [2, 3]
    assert bob.versions() == [2, 3]


async def test_the_same_send_from_several_connections_is_delivered_once_to_each(world: World, settled: Settled) -> None:
    sessions = [world.session(1) for _ in range(5)]
    world.hub.apply(world.sent(2))
    client_id = str(uuid.uuid4())
    event = world.sent(3, client_id=client_id)
    world.chats.results = [OpResult(3, duplicate=number > 0, message=event.message) for number in range(5)]
    for session, _ in sessions:
        session.on_text(send_frame(client_id))
    await settled()
    world.hub.apply(event)
    await settled()
    assert [socket.versions() for _, socket in sessions] == [[2, 3]] * 5


async def test_the_reading_that_comes_with_a_send_is_told_to_the_other_connections_only(
    world: World, settled: Settled
) -> None:
    session, alice = world.session(1)
    _, alice_phone = world.connect(1)
    _, bob = world.connect(2)
    world.hub.apply(world.sent(2))
    event = say(world, session, 3)
    await settled()
    world.hub.apply_read(MessageRead(10, 1, event.message.id, authors=[2]))
    await settled()
    assert [len(socket.of("read")) for socket in (alice, alice_phone, bob)] == [0, 1, 1]


async def test_a_live_frame_that_overtakes_the_own_send_has_acknowledged_it(world: World, settled: Settled) -> None:
    session, alice = world.session(1)
    client_id = str(uuid.uuid4())
    event = world.sent(2, client_id=client_id)
    world.hub.apply(event)
    world.chats.results = [OpResult(2, duplicate=True, message=event.message)] * 2
    session.on_text(send_frame(client_id))
    await settled()
    assert alice.versions() == [2]
    session.on_text(send_frame(client_id))
    await settled()
    assert alice.versions() == [2, 2], "a second send of its own gets an acknowledgement of its own"


async def test_an_acknowledgement_whose_events_do_not_come_is_pulled_with_all_before_it(
    world: World, settled: Settled
) -> None:
    session, alice = world.session(1)
    client_id = str(uuid.uuid4())
    before, event = world.sent(4), world.sent(5, client_id=client_id)
    world.chats.people[10] = [1, 2]
    world.chats.logs[10] = [Entry(4, before.message), Entry(5, event.message)]
    world.chats.changed = [ChatVersion(10, 5, 3)]
    world.chats.results = [OpResult(5, message=event.message)]
    session.on_text(send_frame(client_id))
    await alice.until(lambda: alice.frames)
    world.hub.apply(before)
    world.hub.apply(event)
    await settled()
    assert alice.versions() == [4, 5]
    assert alice.frames[1]["message"]["client_id"] == client_id


async def test_an_acknowledgement_comes_even_when_nothing_can_be_fetched(world: World, settled: Settled) -> None:
    session, alice = world.session(1)
    event = say(world, session, 5)
    await settled()
    world.chats.away = True
    await alice.until(lambda: alice.frames)
    assert alice.frames[0]["message"]["client_id"] == event.message.client_id
    world.hub.apply(world.sent(4))
    world.hub.apply(event)
    await settled()
    assert alice.versions() == [5, 4], "its event must not repeat what was acknowledged already"


async def test_a_send_during_a_sync_is_acknowledged_once(world: World, settled: Settled) -> None:
    session, alice = world.session(1)
    world.chats.people[10] = [1, 2]
    first, client_id = world.sent(2), str(uuid.uuid4())
    world.hub.apply(first)
    event = world.sent(3, client_id=client_id)
    world.chats.results = [OpResult(3, message=event.message)]
    world.chats.logs[10] = [Entry(2, first.message), Entry(3, event.message)]
    session.on_text('{"type":"sync","chats":{"10":1}}')
    session.on_text(send_frame(client_id))
    await settled()
    world.hub.apply(event)
    await alice.until(lambda: alice.of("synced"))
    await asyncio.sleep(0.3)
    assert alice.versions().count(3) == 1


async def test_a_sync_waits_for_what_others_here_have_seen_already(world: World, settled: Settled) -> None:
    world.chats.people[10] = [1, 2]
    first, second = world.sent(2), world.sent(3)
    world.chats.logs[10] = [Entry(2, first.message)]  # The row of the second cannot be seen by others yet.
    world.hub.apply(first)
    world.hub.apply(second)
    await settled()
    session, bob = world.session(2)
    session.on_text('{"type":"sync","chats":{"10":1}}')
    await settled()
    assert not bob.of("synced")
    world.chats.logs[10].append(Entry(3, second.message))
    await bob.until(lambda: bob.of("synced"))
    assert bob.versions() == [2, 3]


async def test_a_sync_outlasts_a_chat_service_that_is_away_for_a_moment(world: World, settled: Settled) -> None:
    world.chats.people[10] = [1, 2]
    world.chats.away = True
    session, bob = world.session(2)
    session.on_text('{"type":"sync","chats":{"10":0}}')
    await settled()
    assert bob.frames == []
    world.chats.away = False
    await bob.until(lambda: bob.of("synced"))
    assert not bob.of("error")


async def test_sends_while_two_batches_are_under_way_form_the_next_batch(world: World, settled: Settled) -> None:
    session, _ = world.session(1)
    world.chats.gate.clear()
    world.chats.results = [OpResult(error="not_found", detail="There is no such chat.")] * 10
    for number in range(10):
        session.on_text(send_frame(str(uuid.uuid4()), text=str(number)))
        await settled()
    world.chats.gate.set()
    await settled()
    assert [[op["text"] for op in ops] for ops in world.chats.written] == [["0"], ["1"], list("23456789")]


async def test_nothing_more_is_read_from_a_client_whose_sends_pile_up(world: World, settled: Settled) -> None:
    session, alice = world.session(1)
    world.chats.people[10] = [1, 2]
    world.chats.results = [OpResult(error="not_found") for _ in range(FULL)]
    world.chats.gate.clear()
    for _ in range(FULL):
        assert alice.reads
        session.on_text(send_frame(str(uuid.uuid4())))
    assert not alice.reads
    world.chats.gate.set()
    async with asyncio.timeout(5):
        while not alice.reads:  # noqa: ASYNC110 - a fake socket tells nobody.
            await asyncio.sleep(0.01)
    assert len(alice.of("error")) == FULL


async def test_an_error_names_the_send_that_it_answers(world: World, settled: Settled) -> None:
    session, alice = world.session(1)
    client_id = str(uuid.uuid4())
    world.chats.results = [OpResult(error="conflict", detail="The client_id was used for another text.")]
    session.on_text(send_frame(client_id))
    await settled()
    assert alice.frames == [
        {
            "type": "error",
            "code": "conflict",
            "detail": "The client_id was used for another text.",
            "client_id": client_id,
        }
    ]


async def test_a_chat_service_that_is_away_is_unavailable(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime_service.services.op_batches.DEADLINE_S", 0)
    session, alice = world.session(1)
    world.chats.away = True
    session.on_text(send_frame(str(uuid.uuid4())))
    await alice.until(lambda: alice.frames)
    assert alice.frames[0]["code"] == "unavailable"
    assert session._connection.awaited_sends == set()


async def test_what_has_waited_too_long_is_refused_without_asking(world: World) -> None:
    clock = iter([0.0, 10.0])
    batches = OpBatches(world.chats, 0, clock=lambda: next(clock))
    answers: list[OpResult] = []
    batches.submit({"op": "read"}, answers.append)
    assert batches._take() == []
    assert answers[0].error == "unavailable"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        '"send"',
        "{}",
        '{"type":"fly"}',
        '{"type":7}',
        '{"type":"send"}',
        '{"type":"send","chat_id":"1","client_id":"5c2b5a5e-7f0c-4a53-9bd2-5d8f8e0f3f55","text":"hi"}',
        '{"type":"send","chat_id":0,"client_id":"5c2b5a5e-7f0c-4a53-9bd2-5d8f8e0f3f55","text":"hi"}',
        '{"type":"send","chat_id":9007199254740992,"client_id":"5c2b5a5e-7f0c-4a53-9bd2-5d8f8e0f3f55","text":"hi"}',
        '{"type":"send","chat_id":1.5,"client_id":"5c2b5a5e-7f0c-4a53-9bd2-5d8f8e0f3f55","text":"hi"}',
        '{"type":"send","chat_id":NaN,"client_id":"5c2b5a5e-7f0c-4a53-9bd2-5d8f8e0f3f55","text":"hi"}',
        '{"type":"send","chat_id":1,"client_id":"not a uuid","text":"hi"}',
        '{"type":"send","chat_id":1,"client_id":"5c2b5a5e-7f0c-4a53-9bd2-5d8f8e0f3f55","text":7}',
        '{"type":"send","chat_id":1,"client_id":"5c2b5a5e-7f0c-4a53-9bd2-5d8f8e0f3f55","text":"hi","sender_id":2}',
        '{"type":"read","chat_id":1}',
        '{"type":"read","chat_id":1,"message_id":-1}',
        '{"type":"sync","chats":[]}',
        '{"type":"sync","chats":{"x":1}}',
        '{"type":"sync","chats":{"01":1}}',
        '{"type":"sync","chats":{"\\u0661":1}}',
        '{"type":"sync","chats":{"1":-1}}',
        '{"type":"sync","chats":{"99999999999999999999":1}}',
        '{"type":"ping"}{"type":"ping"}',
        "[" * 5000,
        '{"a":' * 5000,
        "\ud800",
    ],
)
async def test_a_bad_frame_is_answered_and_the_connection_goes_on(world: World, settled: Settled, text: str) -> None:
    session, alice = world.session(1)
    session.on_text(text)
    await settled()
    assert [(frame["type"], frame["code"]) for frame in alice.frames] == [("error", "bad_frame")]
    session.on_text('{"type":"ping"}')
    await settled()
    assert alice.frames[1] == {"type": "pong"}
    assert world.chats.written == []


async def test_a_bad_send_is_answered_with_its_client_id(world: World, settled: Settled) -> None:
    session, alice = world.session(1)
    session.on_text('{"type":"send","chat_id":"x","client_id":"my-id","text":"hi"}')
    await settled()
    assert alice.frames[0]["client_id"] == "my-id"


async def test_a_flood_of_bad_frames_is_abuse(world: World) -> None:
    session, alice = world.session(1)
    for _ in range(1001):
        session.on_text("{")
    assert alice.closed is not None
    assert alice.closed[0] == 1008


async def test_messages_are_limited_to_a_burst_and_a_rate(settled: Settled, world: World) -> None:
    limits = Limits(TokenBuckets(20, 60), TokenBuckets(0, 1), TokenBuckets(0, 1))
    object.__setattr__(world.shared, "limits", limits)
    session, alice = world.session(1)
    world.chats.results = [OpResult(error="not_found", detail="")] * 100
    for _ in range(100):
        session.on_text(send_frame(str(uuid.uuid4())))
    await alice.until(lambda: len(alice.frames) == 100)
    refused = [frame for frame in alice.frames if frame["code"] == "rate_limited"]
    assert len(refused) in range(38, 41)
    assert all(frame["client_id"] and frame["retry_after"] > 0 for frame in refused)


async def test_typing_is_shown_for_participants_only(world: World, settled: Settled) -> None:
    session, alice = world.session(1)
    world.chats.people[10] = [1, 2]
    session.on_text('{"type":"typing","chat_id":10}')
    session.on_text('{"type":"typing","chat_id":11}')
    await settled()
    assert world.typed == [(10, 1)]
    assert [(frame["code"], frame["chat_id"]) for frame in alice.frames] == [("not_found", 11)]


async def test_a_connection_ends_with_its_token(world: World) -> None:
    _, alice = world.session(1, expires_in=0.2)
    await alice.until(lambda: alice.closed)
    assert alice.closed == (4401, "expired")
    assert alice.frames[0]["type"] == "reauth_required"


async def test_a_fresh_token_of_the_same_session_keeps_it_alive(world: World, settled: Settled) -> None:
    session, alice = world.session(1, expires_in=0.2)
    later = time.time() + 300
    good = Principal("sub-1", "sid-1", "alice", "Alice", "", frozenset(), 0.0, later, "good")
    stolen = Principal("sub-2", "sid-2", "bob", "Bob", "", frozenset(), 0.0, later, "stolen")
    world.verifier.principals = {"good": good, "stolen": stolen}
    for token in ("forged", "stolen"):
        session.on_text(json.dumps({"type": "auth", "token": token}))
    await settled()
    assert [frame["code"] for frame in alice.of("error")] == ["forbidden", "forbidden"]
    session.on_text('{"type":"auth","token":"good"}')
    await asyncio.sleep(0.4)
    assert alice.closed is None
