"""Every frame that a client may send, by everyone: a frame that asyncapi.yaml names and the table does not fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from messenger_testing.cast import Cast, assemble, filled
from messenger_testing.client import Account, Frame, LiveClient

ASYNCAPI = Path(__file__).parents[2] / "docs" / "asyncapi.yaml"

# What a frame says, how it looks when it was obeyed (nothing for those that are answered by silence), and with what
# error somebody outside the chat is refused; None where there is no outside.
FRAMES: dict[str, tuple[Frame, Callable[[Frame], Any] | None, str | None]] = {
    "send": (
        {"type": "send", "chat_id": "{chat_id}", "client_id": "{uuid}", "text": "let me in"},
        lambda frame: frame["type"] == "message",
        "not_found",
    ),
    "read": ({"type": "read", "chat_id": "{chat_id}", "message_id": "{message_id}"}, None, "not_found"),
    "typing": ({"type": "typing", "chat_id": "{chat_id}"}, None, "not_found"),
    "sync": (
        {"type": "sync", "chats": {"{chat_id}": 0}},
        lambda frame: frame["type"] == "synced" and frame["chats"],
        "not_found",
    ),
    "auth": ({"type": "auth", "token": "{token}"}, None, None),
    "ping": ({"type": "ping"}, lambda frame: frame["type"] == "pong", None),
}
NOT_TO_SAY = ("user_id", "sender_id", "version", "id", "role", "timestamp", "is_read", "__proto__")
SERVERS_OWN = ("message", "chat", "hello", "is_read", "synced", "error", "Send", "", None, 7, ["send"])


def _frame(kind: str, cast: Cast, caller: str) -> Frame:
    values = cast.values(caller) | {"token": cast[caller].token}
    frame: Frame = filled(FRAMES[kind][0], values)
    if kind == "sync":
        frame["chats"] = {str(cast.chat_id): 0}
    return frame


async def _settled(live: LiveClient, start: int) -> list[Frame]:
    """Return what came since `start`; everything before a sync's answer has been dealt with."""
    await live.sync({})
    return live.frames[start:]


async def _answer(live: LiveClient, frame: Frame | str) -> Frame:
    """Send what is refused and return the refusal."""
    start = len(live.frames)
    await live.send_raw(frame if isinstance(frame, str) else json.dumps(frame))
    return await live.wait_for(lambda answer: answer["type"] == "error", start=start)


def test_every_frame_is_in_the_table() -> None:
    document = yaml.safe_load(ASYNCAPI.read_text(encoding="utf-8"))
    named = {message["$ref"].rpartition("/")[2] for message in document["operations"]["clientSends"]["messages"]}
    assert named == set(FRAMES)


@pytest.mark.parametrize("kind", [kind for kind, row in FRAMES.items() if row[2] is not None])
@pytest.mark.parametrize("caller", ["stranger", "removed"])
async def test_outside_the_chat_a_frame_is_refused_as_if_there_were_none(
    cast: Cast, stack: AsyncExitStack, kind: str, caller: str
) -> None:
    inside = await stack.enter_async_context(await cast["participant"].live())
    live = await stack.enter_async_context(await cast[caller].live())
    frame = _frame(kind, cast, caller)
    refusal = await _answer(live, frame)
    assert refusal["code"] == FRAMES[kind][2]
    nowhere = json.loads(json.dumps(frame).replace(str(cast.chat_id), str(2**40), 1))
    assert (await _answer(live, nowhere))["detail"] == refusal["detail"]
    await _settled(live, 0)
    # Nobody inside noticed anything, and the connection that was refused goes on.
    told = [frame for frame in await _settled(inside, 0) if frame["type"] not in {"hello", "synced"}]
    assert told == []
    own = await cast[caller].group("Own")
    assert (await live.say(own, "ordinary"))["message"]["text"] == "ordinary"


@pytest.mark.parametrize("kind", FRAMES)
async def test_a_participant_is_obeyed(cast: Cast, stack: AsyncExitStack, kind: str) -> None:
    live = await stack.enter_async_context(await cast["participant"].live())
    start = len(live.frames)
    await live.send(_frame(kind, cast, "participant"))
    obeyed = FRAMES[kind][1]
    if obeyed is not None:
        await live.wait_for(obeyed, start=start)
    assert [frame for frame in await _settled(live, start) if frame["type"] == "error"] == []


@pytest.mark.parametrize("kind", FRAMES)
async def test_a_field_that_is_not_the_clients_to_say_is_refused(cast: Cast, stack: AsyncExitStack, kind: str) -> None:
    live = await stack.enter_async_context(await cast["participant"].live())
    for extra in NOT_TO_SAY:
        refusal = await _answer(live, _frame(kind, cast, "participant") | {extra: cast["creator"].id})
        assert refusal["code"] == "bad_frame", extra


async def test_what_only_the_server_says_is_no_frame_of_a_client(cast: Cast, stack: AsyncExitStack) -> None:
    live = await stack.enter_async_context(await cast["participant"].live())
    for kind in SERVERS_OWN:
        assert (await _answer(live, {"type": kind, "chat_id": cast.chat_id}))["code"] == "bad_frame", kind
    await live.say(cast.chat_id, "ordinary")


async def test_a_connection_takes_no_token_but_its_own_sessions(cast: Cast, stack: AsyncExitStack) -> None:
    live = await stack.enter_async_context(await cast["stranger"].live())
    for token in (cast["creator"].token, "forged", "", "a.b.c", cast["stranger"].token + "x"):
        assert (await _answer(live, {"type": "auth", "token": token}))["code"] == "forbidden"
    assert (await _answer(live, _frame("send", cast, "stranger")))["code"] == "not_found"


async def test_whoever_is_removed_hears_and_says_nothing_from_then_on(
    players: list[Account], stack: AsyncExitStack
) -> None:
    cast = await assemble(players)
    live = await stack.enter_async_context(await cast["participant"].live())
    inside = await stack.enter_async_context(await cast["creator"].live())
    last = (await live.say(cast.chat_id, "still here"))["message"]["id"]
    gone = await cast["creator"].http.delete(f"/api/chats/{cast.chat_id}/participants/{cast['participant'].id}")
    assert gone.status_code == 204
    since = (await cast["creator"].http.get(f"/api/chats/{cast.chat_id}")).json()["version"]
    start = len(live.frames)
    said = [(await inside.say(cast.chat_id, f"without you {number}"))["message"]["id"] for number in range(20)]
    edit = await cast["creator"].http.patch(f"/api/chats/{cast.chat_id}/messages/{said[0]}", json={"text": "hidden"})
    assert edit.status_code == 200
    for kind in ("send", "read", "typing", "sync"):
        assert (await _answer(live, _frame(kind, cast, "participant")))["code"] == "not_found"
    heard = await _settled(live, start)
    # What was said before may still be on its way; the last thing heard of the group is that one is no longer in it.
    assert [frame for frame in heard if frame.get("version", 0) > since] == []
    assert [frame for frame in heard if frame["type"] == "read" and frame["message_id"] > last] == []
    assert not {"is_read", "typing", "message_changed"} & {frame["type"] for frame in heard}
