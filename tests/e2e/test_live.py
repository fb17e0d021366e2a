"""What connected people see of each other."""

from __future__ import annotations

import asyncio
import json
import uuid
from contextlib import AsyncExitStack

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from messenger_testing.client import Account


async def test_reading_turns_the_ticks_in_a_private_chat(accounts: list[Account], stack: AsyncExitStack) -> None:
    alice, bob = accounts[:2]
    chat_id = await alice.private_chat(bob)
    sender = await stack.enter_async_context(await alice.live())
    phone, laptop = [await stack.enter_async_context(await bob.live()) for _ in range(2)]
    sent = (await sender.say(chat_id, "read me"))["message"]
    assert sent["is_read"] is False
    await phone.wait_for_message(sent["id"])
    await phone.send({"type": "read", "chat_id": chat_id, "message_id": sent["id"]})
    expected = {"type": "read", "chat_id": chat_id, "user_id": bob.id, "message_id": sent["id"]}
    await sender.wait_for(lambda frame: frame == expected)
    ticks = await sender.wait_for(lambda frame: frame["type"] == "is_read")
    assert ticks == {"type": "is_read", "chat_id": chat_id, "up_to_message_id": sent["id"]}
    await laptop.wait_for(lambda frame: frame == expected)
    # The log may be read a moment before the transaction is over for others.
    async with asyncio.timeout(1):
        while not (await alice.history(chat_id, order="desc", limit=1))[0]["is_read"]:  # noqa: ASYNC110 - told by nothing.
            await asyncio.sleep(0.01)


async def test_a_group_message_is_read_when_everyone_has_read_it(
    accounts: list[Account], stack: AsyncExitStack
) -> None:
    alice, bob, carol, dave, _ = accounts
    group = await alice.group("Readers", bob, carol)
    live = await stack.enter_async_context(await alice.live())
    sent = (await live.say(group, "all of you?"))["message"]
    await alice.http.post(f"/api/chats/{group}/participants", json={"user_id": dave.id})

    async def is_read() -> bool:
        return bool((await alice.history(group))[0]["is_read"])

    async def read_by(account: Account) -> None:
        response = await account.http.post(f"/api/chats/{group}/read", json={"message_id": sent["id"]})
        assert response.status_code == 204

    await read_by(bob)
    assert not await is_read()
    await read_by(carol)
    # Dave came after the message was sent: he does not hold it back.
    assert await is_read()
    ticks = await live.wait_for(lambda frame: frame["type"] == "is_read")
    assert ticks["up_to_message_id"] == sent["id"]


async def test_answering_reads_what_was_said_before(accounts: list[Account], stack: AsyncExitStack) -> None:
    alice, bob = accounts[:2]
    chat_id = await alice.private_chat(bob)
    sender = await stack.enter_async_context(await alice.live())
    sent = (await sender.say(chat_id, "hello?"))["message"]
    response = await bob.http.post(
        f"/api/chats/{chat_id}/messages", json={"client_id": "8e6d1f0e-2c3f-4d58-8f6c-3a4f5f1f0a01", "text": "yes"}
    )
    assert response.status_code in {200, 201}
    if response.status_code == 201:
        ticks = await sender.wait_for(lambda frame: frame["type"] == "is_read")
        assert ticks["up_to_message_id"] >= sent["id"]


async def test_groups_come_and_go_before_everyones_eyes(accounts: list[Account], stack: AsyncExitStack) -> None:
    alice, bob, carol, dave, _ = accounts
    watcher = await stack.enter_async_context(await bob.live())
    leaver = await stack.enter_async_context(await carol.live())
    joiner = await stack.enter_async_context(await dave.live())
    group = await alice.group("Trip", bob, carol)
    created = await watcher.wait_for(lambda frame: frame["type"] == "chat" and frame["chat"]["id"] == group)
    assert created["version"] == 1
    assert created["chat"]["title"] == "Trip"
    assert {item["user_id"] for item in created["chat"]["participants"]} == {alice.id, bob.id, carol.id}
    assert (await alice.http.post(f"/api/chats/{group}/participants", json={"user_id": dave.id})).status_code == 201
    joined = await joiner.wait_for(lambda frame: frame["type"] == "chat" and frame["chat"]["id"] == group)
    assert dave.id in {item["user_id"] for item in joined["chat"]["participants"]}
    assert (await carol.http.delete(f"/api/chats/{group}/participants/{carol.id}")).status_code == 204
    left = await leaver.wait_for(
        lambda frame: frame["type"] == "chat" and frame["chat"]["id"] == group and frame["version"] == 3
    )
    assert carol.id not in {item["user_id"] for item in left["chat"]["participants"]}
    talker = await stack.enter_async_context(await alice.live())
    said = (await talker.say(group, "carol is gone"))["message"]["id"]
    await watcher.wait_for_message(said)
    await joiner.wait_for_message(said)
    await leaver.send({"type": "ping"})
    await leaver.wait_for(lambda frame: frame["type"] == "pong")
    assert leaver.messages(group) == []


async def test_typing_reaches_the_others_at_every_instance(accounts: list[Account], stack: AsyncExitStack) -> None:
    alice, bob = accounts[:2]
    chat_id = await alice.private_chat(bob)
    # Connections are spread over the instances: with several, some are at the other one.
    watchers = [await stack.enter_async_context(await bob.live()) for _ in range(4)]
    typist = await stack.enter_async_context(await alice.live())
    sent = (await typist.say(chat_id, "wait"))["message"]["id"]
    for watcher in watchers:
        await watcher.wait_for_message(sent)
    await typist.send({"type": "typing", "chat_id": chat_id})
    for watcher in watchers:
        seen = await watcher.wait_for(lambda frame: frame["type"] == "typing")
        assert seen == {"type": "typing", "chat_id": chat_id, "user_id": alice.id}


async def test_absence_is_made_up_by_a_sync(accounts: list[Account], stack: AsyncExitStack) -> None:
    alice, bob = accounts[:2]
    group = await alice.group("Absent", bob)
    talker = await stack.enter_async_context(await alice.live())
    async with await bob.live() as before:
        first = await talker.say(group, "you see this")
        await before.wait_for(lambda frame: frame.get("version") == first["version"])
    missed = [await talker.say(group, f"missed {number}") for number in range(3)]
    async with await bob.live() as after:
        synced = await after.sync({group: first["version"], 2**40: 3})
        told, wanted = ([frame["version"] for frame in frames] for frames in (after.messages(group), missed))
        assert wanted in [told[start : start + len(wanted)] for start in range(len(told))]
        assert set(told) == set(wanted)  # The last one may also come live, ahead of the answer.
        assert all("client_id" not in frame["message"] for frame in after.messages(group))
        assert synced["chats"] == {
            str(group): {
                "version": missed[-1]["version"],
                "unread_count": 4,
                "read_up_to": 0,
                "read_by_all_up_to": 0,
            }
        }
        error = await after.wait_for(lambda frame: frame["type"] == "error")
        assert (error["code"], error["chat_id"]) == ("not_found", 2**40)


async def test_a_sync_over_too_much_says_so(accounts: list[Account], stack: AsyncExitStack) -> None:
    alice, bob = accounts[:2]
    group = await alice.group("Long", bob)
    talker = await stack.enter_async_context(await alice.live())
    for _ in range(520):
        await talker.send({"type": "send", "chat_id": group, "client_id": str(uuid.uuid4()), "text": "x"})
    await talker.wait_for(lambda frame: frame.get("version") == 521)
    async with await bob.live() as late:
        # Its instance may still be delivering the flood; behind the last message nothing comes live.
        await talker.say(group, "the last one")
        await late.wait_for(lambda frame: frame.get("version") == 522)
        live, start = late.messages(group), len(late.frames)
        synced = await late.sync({group: 1})
        assert late.messages(group) == live
        too_long = await late.wait_for(lambda frame: frame["type"] == "too_long", start=start)
        assert too_long == {"type": "too_long", "chat_id": group, "version": 522}
        assert synced["chats"][str(group)]["version"] == 522


async def test_bad_frames_change_nothing_and_nobody_else_notices(
    accounts: list[Account], stack: AsyncExitStack
) -> None:
    alice, bob, carol = accounts[:3]
    chat_id = await alice.private_chat(bob)
    live = await stack.enter_async_context(await alice.live())
    watcher = await stack.enter_async_context(await bob.live())
    outsider = await stack.enter_async_context(await carol.live())
    refused = [
        ("bad_frame", "{"),
        ("bad_frame", json.dumps({"type": "send", "chat_id": chat_id, "client_id": "x", "text": "hi"})),
        ("bad_frame", _send(chat_id, " \n ")),
        ("bad_frame", _send(chat_id, "nul \x00")),
        ("too_long", _send(chat_id, "x" * 4097)),
        ("not_found", _send(2**50, "nobody is there")),
    ]
    for code, text in refused:
        seen = len(live.frames)
        await live.send_raw(text)
        error = await live.wait_for(lambda frame: frame["type"] == "error", start=seen)
        assert error["code"] == code, text
    await live.send_raw(b"\x00\x01")
    await outsider.send_raw(_send(chat_id, "let me in"))
    assert (await outsider.wait_for(lambda frame: frame["type"] == "error"))["code"] == "not_found"
    sent = await live.say(chat_id, "😀" * 4096)
    await watcher.wait_for_message(sent["message"]["id"])
    assert len(watcher.messages(chat_id)) == 1


def _send(chat_id: int, text: str) -> str:
    frame = {"type": "send", "chat_id": chat_id, "client_id": "6a1c9a31-7f6f-4d0e-9d26-6b1f6e0a9e11", "text": text}
    return json.dumps(frame)


async def test_strangers_and_foreign_pages_do_not_get_in(public_url: str, accounts: list[Account]) -> None:
    address = public_url.replace("http", "ws", 1) + "/ws"
    token = accounts[0].token
    good = {"Authorization": f"Bearer {token}"}
    refused = [
        (401, address, {}),
        (401, address, {"Authorization": "Bearer forged"}),
        (401, f"{address}?token={token}", {}),
        (401, f"{address}?access_token={token}", {}),
        (403, address, {**good, "Origin": "http://evil.test"}),
        (403, address, {**good, "Origin": "null"}),
        (403, address, {**good, "Origin": public_url + ".evil.test"}),
        (403, address, {"Origin": "http://evil.test"}),
    ]
    for status, url, headers in refused:
        with pytest.raises(InvalidStatus) as caught:
            async with connect(url, additional_headers=headers, proxy=None):
                pass
        assert caught.value.response.status_code == status, (url.partition("?")[0], headers.keys())
        assert caught.value.response.headers["content-type"].startswith("application/problem+json")
    async with connect(address, additional_headers={**good, "Origin": public_url}, proxy=None) as socket:
        assert json.loads(await socket.recv())["type"] == "hello"
