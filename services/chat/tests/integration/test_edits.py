"""Editing and deleting messages."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest


@pytest.fixture
async def talk(people: Any) -> tuple[Any, Any, int]:
    alice, bob = await people("alice"), await people("bob")
    return alice, bob, await alice.private(bob)


async def _edit(who: Any, message: Any, text: Any, expected: int = 200) -> Any:
    path = f"/api/chats/{message['chat_id']}/messages/{message['id']}"
    return await who.call("PATCH", path, expected, {"text": text})


async def _delete(who: Any, message: Any, expected: int = 204) -> None:
    await who.call("DELETE", f"/api/chats/{message['chat_id']}/messages/{message['id']}", expected)


async def test_an_edit_changes_the_text_and_keeps_the_rest(talk: Any) -> None:
    alice, bob, chat_id = talk
    sent = await alice.say(chat_id, "hallo")
    await bob.read(chat_id, sent["id"])
    edited = await _edit(alice, sent, "  hello ")
    assert edited == {**sent, "text": "hello", "is_read": True, "edited_at": edited["edited_at"]}
    assert edited["edited_at"] > sent["timestamp"]
    assert await alice.history(chat_id) == [edited]
    chat = await bob.chat(chat_id)
    assert (chat["version"], chat["unread_count"], chat["last_message"]["text"]) == (3, 0, "hello")
    assert "client_id" not in chat["last_message"]


async def test_the_same_text_again_is_no_new_version(talk: Any) -> None:
    alice, _, chat_id = talk
    sent = await alice.say(chat_id, "hi")
    assert await _edit(alice, sent, " hi ") == sent
    edited = await _edit(alice, sent, "ho")
    assert await _edit(alice, sent, "ho") == edited
    assert (await alice.chat(chat_id))["version"] == 3


@pytest.mark.parametrize("text", ["", "  ", "x" * 4097, "a\0b", 7, None])
async def test_malformed_texts_are_refused(talk: Any, text: Any) -> None:
    alice, _, chat_id = talk
    sent = await alice.say(chat_id, "hi")
    await _edit(alice, sent, text, 422)
    assert await alice.history(chat_id) == [sent]


async def test_a_deleted_message_keeps_its_place_and_nothing_else(talk: Any) -> None:
    alice, bob, chat_id = talk
    messages = [await alice.say(chat_id, text) for text in ("one", "two", "three")]
    await bob.read(chat_id, messages[0]["id"])
    await _delete(alice, messages[1])
    shown = await bob.history(chat_id)
    assert [(message["text"], message["deleted"]) for message in shown] == [
        ("one", False),
        ("", True),
        ("three", False),
    ]
    assert [message["id"] for message in shown] == [message["id"] for message in messages]
    assert [m["text"] for m in await bob.history(chat_id, offset=2)] == ["three"]
    assert [m["id"] for m in await bob.history(chat_id, around_id=messages[1]["id"], limit=1)] == [messages[1]["id"]]
    assert (await bob.chat(chat_id))["unread_count"] == 2
    await bob.read(chat_id, messages[1]["id"])
    assert (await bob.chat(chat_id))["unread_count"] == 1
    await alice.call("GET", f"/api/chats/{chat_id}/messages/{messages[1]['id']}/seen", 404)


async def test_deleting_again_changes_nothing_and_there_is_nothing_to_edit(talk: Any) -> None:
    alice, bob, chat_id = talk
    sent = await alice.say(chat_id, "hi")
    await _delete(alice, sent)
    await _delete(alice, sent)
    await _edit(alice, sent, "ho", 409)
    await _edit(bob, sent, "ho", 403)
    assert (await alice.chat(chat_id))["version"] == 3


async def test_the_newest_message_that_is_not_deleted_is_the_last(talk: Any) -> None:
    alice, bob, chat_id = talk
    one, two, three = [await alice.say(chat_id, text) for text in ("one", "two", "three")]
    await _delete(alice, two)
    await _delete(alice, three)
    (listed,) = (await bob.call("GET", "/api/chats", 200))["items"]
    (opened,) = (await bob.call("GET", "/api/bootstrap", 200))["chats"]
    for chat in (listed, opened, await bob.chat(chat_id)):
        assert (chat["last_message"]["id"], chat["unread_count"]) == (one["id"], 3)
    await _delete(alice, one)
    assert (await bob.chat(chat_id))["last_message"] is None
    again = await bob.say(chat_id, "again")
    assert (await alice.chat(chat_id))["last_message"]["id"] == again["id"]


async def test_edits_and_deletions_leave_a_chat_in_its_place_in_the_list(people: Any) -> None:
    alice = await people("alice")
    older, newer = await alice.group(), await alice.group()
    messages = [await alice.say(older, text) for text in ("one", "two")]
    await alice.say(newer)
    before = await alice.chat(older)
    await _edit(alice, messages[0], "uno")
    await _delete(alice, messages[1])
    assert [chat["id"] for chat in (await alice.call("GET", "/api/chats", 200))["items"]] == [newer, older]
    after = await alice.chat(older)
    assert (after["updated_at"], after["version"]) == (before["updated_at"], before["version"] + 2)
    said = await alice.say(older, "three")
    assert said["timestamp"] > (await alice.history(older))[0]["edited_at"]


async def test_in_a_private_chat_nobody_deletes_what_the_other_has_said(talk: Any) -> None:
    alice, bob, chat_id = talk
    await _delete(alice, await bob.say(chat_id), 403)
    await _delete(bob, await alice.say(chat_id), 403)


async def test_who_has_left_changes_nothing_any_more(people: Any) -> None:
    alice, bob = await people("alice"), await people("bob")
    chat_id = await alice.group(bob)
    sent = await bob.say(chat_id)
    await bob.call("DELETE", f"/api/chats/{chat_id}/participants/{bob.id}", 204)
    await _edit(bob, sent, "ho", 404)
    await _delete(bob, sent, 404)
    await _delete(alice, sent)


async def test_a_quote_follows_what_it_quotes(talk: Any) -> None:
    alice, bob, chat_id = talk
    first = await alice.say(chat_id, "hallo")
    body = {"client_id": str(uuid4()), "text": "indeed", "reply_to_id": first["id"]}
    path = f"/api/chats/{chat_id}/messages"
    await bob.call("POST", path, 201, body)
    await _edit(alice, first, "hello")
    assert (await bob.history(chat_id))[1]["reply_to"]["text"] == "hello"
    await _delete(alice, first)
    reply = (await bob.history(chat_id))[1]
    assert (reply["reply_to_id"], reply["reply_to"]) == (first["id"], None)
    assert await bob.call("POST", path, 200, body) == reply
    await bob.call("POST", path, 404, {**body, "client_id": str(uuid4())})


async def test_a_send_repeated_after_an_edit_or_a_deletion_is_answered_with_what_became_of_it(talk: Any) -> None:
    alice, _, chat_id = talk
    body = {"client_id": str(uuid4()), "text": "hallo"}
    path = f"/api/chats/{chat_id}/messages"
    sent = await alice.call("POST", path, 201, body)
    edited = await _edit(alice, sent, "hello")
    assert await alice.call("POST", path, 200, body) == edited
    await _delete(alice, sent)
    repeated = await alice.call("POST", path, 200, body)
    assert (repeated["id"], repeated["text"], repeated["deleted"]) == (sent["id"], "", True)
    assert len(await alice.history(chat_id)) == 1


async def test_everyone_is_told_in_the_order_of_the_versions(people: Any, wal: Any) -> None:
    alice, bob = await people("alice"), await people("bob")
    private, group = await alice.private(bob), await alice.group(bob)
    here, there = await alice.say(private, "hi"), await alice.say(group, "hi")
    await _edit(alice, here, "ho")
    await bob.read(private, here["id"])
    await _delete(alice, here)
    await _delete(alice, there)
    told = [event for event in await wal() if event[1] in {"MessageEdited", "MessageDeleted"}]
    assert {key for key, _, _ in told} == {"chat.message"}
    (edited, first), (deleted, second), (_, third) = [(kind, data) for _, kind, data in told]
    assert (edited, deleted) == ("MessageEdited", "MessageDeleted")
    assert [(data["version"], data["message"]["text"]) for data in (first, second, third)] == [
        (3, "ho"),
        (4, ""),
        (3, ""),
    ]
    assert [data["message"]["is_read"] for data in (first, second, third)] == [False, True, False]
    assert (first["to"], third["members_version"]) == ([alice.id, bob.id], 1)
    assert "deleted" not in first["message"]
    assert second["message"]["deleted"]


async def test_sends_edits_and_deletions_at_once_take_one_version_each(talk: Any) -> None:
    alice, bob, chat_id = talk
    messages = [await alice.say(chat_id, str(number)) for number in range(10)]
    edits = (_edit(alice, message, f"edited {message['id']}") for message in messages[:5])
    deletions = (_delete(alice, message) for message in messages[5:])
    await asyncio.gather(*edits, *deletions, *(bob.say(chat_id) for _ in range(5)))
    assert (await alice.chat(chat_id))["version"] == 1 + 10 + 10 + 5
    shown = await alice.history(chat_id, limit=200)
    assert [message["deleted"] for message in shown] == [False] * 5 + [True] * 5 + [False] * 5
    assert all(message["text"].startswith("edited") for message in shown[:5])
