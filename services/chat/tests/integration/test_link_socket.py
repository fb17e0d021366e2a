"""The internal link over a real socket: its door, and its questions about the log."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from chat_service.settings import ChatSettings


@pytest.fixture
async def address(people: Any) -> AsyncIterator[str]:
    """Serve the running application on a port of its own; its lifespan is the fixture's of `people`."""
    config = uvicorn.Config(people.app, port=0, lifespan="off", log_config=None, ws="websockets-sansio")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells it no other way.
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"ws://127.0.0.1:{port}/internal/link"
    server.should_exit = True
    await task


class Peer:
    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._last_id = 0

    async def ask(self, method: str, **params: Any) -> Any:
        self._last_id += 1
        await self._socket.send(json.dumps({"id": self._last_id, "method": method, "params": params}).encode())
        answer = json.loads(await self._socket.recv())
        assert answer["id"] == self._last_id
        return answer.get("result", answer)


@pytest.fixture
async def peer(address: str, settings: ChatSettings) -> AsyncIterator[Peer]:
    headers = {"Authorization": f"Internal {settings.internal_secret.get_secret_value()}"}
    async with connect(address, additional_headers=headers, proxy=None) as socket:
        yield Peer(socket)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Internal wrong"}, {"Authorization": "Bearer x"}])
async def test_the_link_is_closed_to_everyone_without_the_credential(address: str, headers: dict[str, str]) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(address, additional_headers=headers, proxy=None):
            pass
    assert refusal.value.response.status_code == 403


async def test_a_large_batch_is_written_in_one_request(people: Any, peer: Peer) -> None:
    alice, bob = await people("alice"), await people("bob")
    chat_id = await alice.private(bob)
    ops = [
        {"op": "send", "user_id": alice.id, "chat_id": chat_id, "client_id": str(UUID(int=n)), "text": f"{n}"}
        for n in range(1, 301)
    ]
    results = await peer.ask("write", ops=ops)
    assert [result["version"] for result in results] == list(range(2, 302))
    assert [m["text"] for m in await bob.history(chat_id, limit=200, offset=200)] == [str(n) for n in range(201, 301)]


async def test_sync_tells_what_was_missed_in_order_and_where_the_reader_stands(people: Any, peer: Peer) -> None:
    alice, bob, carol = [await people(name) for name in ("alice", "bob", "carol")]
    chat_id = await alice.group(bob)
    first = await alice.say(chat_id, "one")
    await alice.call("POST", f"/api/chats/{chat_id}/participants", 201, {"user_id": carol.id})
    second = await bob.say(chat_id, "two")
    await carol.read(chat_id, second["id"])
    third = await alice.say(chat_id, "three")
    (answer,) = (await peer.ask("sync", user_id=bob.id, chats={str(chat_id): 1}))["chats"]
    entries = answer.pop("entries")
    assert answer == {
        "chat_id": chat_id,
        "version": 5,
        "unread_count": 1,
        "read_up_to": second["id"],
        "read_by_all_up_to": second["id"],
        "too_long": False,
    }
    assert [entry["version"] for entry in entries] == [2, 3, 4, 5]
    assert [entry["message"]["is_read"] for entry in entries if "message" in entry] == [True, True, False]
    assert ["client_id" in entry["message"] for entry in entries if "message" in entry] == [False, True, False]
    assert [entry["message"]["id"] for entry in entries if "message" in entry] == [
        message["id"] for message in (first, second, third)
    ]
    chat = entries[1]["chat"]
    assert (chat["version"], chat["participant_count"], chat["unread_count"]) == (5, 3, 1)
    expected = await bob.chat(chat_id)
    del expected["last_message"], chat["last_message"]
    assert chat == expected


async def test_replies_come_with_their_quotes_over_the_link(people: Any, peer: Peer) -> None:
    alice, bob = await people("alice"), await people("bob")
    chat_id = await alice.private(bob)
    first = await alice.say(chat_id, "one")
    op = {"op": "send", "user_id": bob.id, "chat_id": chat_id, "client_id": str(uuid4()), "text": "two"}
    sent, refused = await peer.ask(
        "write", ops=[{**op, "reply_to_id": first["id"]}, {**op, "client_id": str(uuid4()), "reply_to_id": 10**9}]
    )
    quote = {"id": first["id"], "sender_id": alice.id, "text": "one"}
    assert (sent["message"]["reply_to_id"], sent["message"]["reply_to"]) == (first["id"], quote)
    assert refused["error"] == "not_found"
    (answer,) = (await peer.ask("sync", user_id=alice.id, chats={str(chat_id): 1}))["chats"]
    plain, reply = [entry["message"] for entry in answer["entries"]]
    assert (reply["reply_to_id"], reply["reply_to"]) == (first["id"], quote)
    assert plain.keys().isdisjoint({"reply_to_id", "reply_to"})
    log = await peer.ask("entries", chat_id=chat_id, after_version=2)
    assert log["entries"][0]["message"]["reply_to"] == quote


async def test_edits_and_deletions_have_versions_of_their_own(people: Any, peer: Peer) -> None:
    alice, bob = await people("alice"), await people("bob")
    chat_id = await alice.private(bob)
    first, second = await alice.say(chat_id, "one"), await alice.say(chat_id, "two")
    await bob.read(chat_id, first["id"])
    base = f"/api/chats/{chat_id}/messages"
    await alice.call("PATCH", f"{base}/{first['id']}", 200, {"text": "uno"})
    await alice.call("DELETE", f"{base}/{second['id']}", 204)
    (answer,) = (await peer.ask("sync", user_id=bob.id, chats={str(chat_id): 2}))["chats"]
    assert (answer["version"], answer["too_long"]) == (5, False)
    sent, edited, deleted = answer["entries"]
    assert [(entry["version"], entry["changed"]) for entry in answer["entries"]] == [(3, False), (4, True), (5, True)]
    assert sent["message"] == deleted["message"], "a version shows the message as it is now"
    assert (deleted["message"]["id"], deleted["message"]["text"], deleted["message"]["deleted"]) == (
        second["id"],
        "",
        True,
    )
    assert (edited["message"]["text"], edited["message"]["is_read"]) == ("uno", True)
    assert "client_id" not in edited["message"]
    log = await peer.ask("entries", chat_id=chat_id, after_version=3)
    assert [entry["message"]["is_read"] for entry in log["entries"]] == [True, False]
    assert [entry["changed"] for entry in log["entries"]] == [True, True]
    assert all("client_id" in entry["message"] for entry in log["entries"])


async def test_a_chat_that_only_had_an_edit_has_changed(people: Any, peer: Peer) -> None:
    alice = await people("alice")
    chat_id = await alice.group()
    said = await alice.say(chat_id)
    since = datetime.now(UTC)
    await alice.call("PATCH", f"/api/chats/{chat_id}/messages/{said['id']}", 200, {"text": "ho"})
    found = await peer.ask("changed_since", user_ids=[alice.id], since=since.isoformat())
    assert found == [{"chat_id": chat_id, "version": 3, "since_version": 2}]


async def test_sync_of_what_is_up_to_date_is_empty(people: Any, peer: Peer) -> None:
    alice, bob = await people("alice"), await people("bob")
    chat_id = await alice.private(bob)
    (answer,) = (await peer.ask("sync", user_id=bob.id, chats={str(chat_id): 1}))["chats"]
    assert (answer["entries"], answer["too_long"], answer["version"]) == ([], False, 1)


async def test_sync_of_chats_of_others_is_not_found(people: Any, peer: Peer) -> None:
    alice, bob = await people("alice"), await people("bob")
    chat_id = await alice.group()
    answer = await peer.ask("sync", user_id=bob.id, chats={str(chat_id): 0, "999999999": 0})
    assert answer == {
        "chats": [{"chat_id": chat_id, "error": "not_found"}, {"chat_id": 999999999, "error": "not_found"}]
    }


async def _fill(peer: Peer, user_id: int, chat_id: int, count: int) -> None:
    ops = [
        {"op": "send", "user_id": user_id, "chat_id": chat_id, "client_id": str(uuid4()), "text": str(number)}
        for number in range(count)
    ]
    assert all("version" in result for result in await peer.ask("write", ops=ops))


async def test_too_much_and_impossible_versions_are_too_long(people: Any, peer: Peer) -> None:
    alice, bob = await people("alice"), await people("bob")
    chat_id = await alice.private(bob)
    await _fill(peer, alice.id, chat_id, 501)
    for asked, too_long, count in [(1, True, 0), (2, False, 500), (502, False, 0), (503, True, 0)]:
        (answer,) = (await peer.ask("sync", user_id=bob.id, chats={str(chat_id): asked}))["chats"]
        assert (answer["too_long"], len(answer["entries"]), answer["version"]) == (too_long, count, 502)


async def test_many_chats_share_one_bound(people: Any, peer: Peer) -> None:
    alice, bob = await people("alice"), await people("bob")
    chats = [await alice.group(bob) for _ in range(6)]
    for chat_id in chats:
        await _fill(peer, alice.id, chat_id, 400)
    answers = (await peer.ask("sync", user_id=bob.id, chats={str(chat_id): 1 for chat_id in chats}))["chats"]
    assert [answer["too_long"] for answer in answers] == [False] * 5 + [True]
    assert sum(len(answer["entries"]) for answer in answers) == 2000


async def test_members_are_complete_with_their_version(people: Any, peer: Peer) -> None:
    alice, bob = await people("alice"), await people("bob")
    chat_id = await alice.group(bob)
    assert await peer.ask("members", chat_id=chat_id) == {"version": 1, "participants": [alice.id, bob.id]}
    await bob.call("DELETE", f"/api/chats/{chat_id}/participants/{bob.id}", 204)
    assert await peer.ask("members", chat_id=chat_id) == {"version": 2, "participants": [alice.id]}
    await alice.call("DELETE", f"/api/chats/{chat_id}/participants/{alice.id}", 204)
    assert await peer.ask("members", chat_id=chat_id) == {"version": 3, "participants": []}
    assert await peer.ask("members", chat_id=999999999) == {"version": 0, "participants": []}


async def test_entries_repair_a_gap_as_the_events_told_it(people: Any, peer: Peer) -> None:
    alice, bob = await people("alice"), await people("bob")
    chat_id = await alice.group(bob)
    for text in "abc":
        await alice.say(chat_id, text)
    await alice.call("PATCH", f"/api/chats/{chat_id}", 200, {"title": "New"})
    log = await peer.ask("entries", chat_id=chat_id, after_version=2, limit=500)
    assert (log["version"], log["participants"]) == (5, [alice.id, bob.id])
    assert [entry["version"] for entry in log["entries"]] == [3, 4, 5]
    assert log["entries"][0]["message"].keys() == {"id", "chat_id", "sender_id", "text", "timestamp", "client_id"}
    assert log["entries"][2]["chat"]["title"] == "New"
    part = await peer.ask("entries", chat_id=chat_id, after_version=0, limit=2)
    assert ([entry["version"] for entry in part["entries"]], part["version"]) == ([1, 2], 5)
    nothing = await peer.ask("entries", chat_id=999999999, after_version=0)
    assert nothing == {"version": 0, "participants": [], "entries": []}


async def test_changed_since_names_the_version_before_the_first_change(people: Any, peer: Peer) -> None:
    alice, bob, carol = [await people(name) for name in ("alice", "bob", "carol")]
    quiet, busy, foreign = await alice.group(bob), await alice.group(bob), await carol.group()
    await alice.say(quiet)
    await alice.say(busy)
    since = datetime.now(UTC)
    await alice.call("PATCH", f"/api/chats/{busy}", 200, {"title": "New"})
    await bob.say(busy)
    fresh = await bob.group()
    found = await peer.ask("changed_since", user_ids=[alice.id, bob.id], since=since.isoformat())
    assert found == [
        {"chat_id": busy, "version": 4, "since_version": 2},
        {"chat_id": fresh, "version": 1, "since_version": 0},
    ]
    assert foreign not in {item["chat_id"] for item in found}
