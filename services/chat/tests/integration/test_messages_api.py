"""Sending, reading and history over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from chat_service.settings import ChatSettings


@pytest.fixture
async def talk(people: Any) -> tuple[Any, Any, int]:
    """Alice, Bob and their private chat."""
    alice, bob = await people("alice"), await people("bob")
    return alice, bob, await alice.private(bob)


async def test_a_message_has_the_contracts_shape(talk: Any) -> None:
    alice, bob, chat_id = talk
    client_id = str(uuid4())
    body = {"client_id": client_id, "text": "  hi "}
    sent = await alice.call("POST", f"/api/chats/{chat_id}/messages", 201, body)
    shape = {"id": sent["id"], "chat_id": chat_id, "sender_id": alice.id, "text": "hi", "is_read": False}
    shape |= {"reply_to_id": None, "reply_to": None, "edited_at": None, "deleted": False}
    assert sent == {**shape, "timestamp": sent["timestamp"], "client_id": client_id}
    assert sent["timestamp"].endswith("Z")
    assert await alice.history(chat_id) == [sent]
    assert await bob.history(chat_id) == [{**shape, "timestamp": sent["timestamp"]}]


async def test_the_same_client_id_again_is_200_and_the_same_message(talk: Any) -> None:
    alice, _, chat_id = talk
    body = {"client_id": str(uuid4()), "text": "hi"}
    path = f"/api/chats/{chat_id}/messages"
    first = await alice.call("POST", path, 201, body)
    assert await alice.call("POST", path, 200, body) == first
    assert await alice.call("POST", path, 200, {**body, "text": " hi "}) == first
    await alice.call("POST", path, 409, {**body, "text": "other"})
    assert await alice.history(chat_id) == [first]


async def test_one_client_id_forty_times_at_once_is_one_message(talk: Any) -> None:
    alice, _, chat_id = talk
    body = {"client_id": str(uuid4()), "text": "hi"}
    calls = [alice.client.post(f"/api/chats/{chat_id}/messages", json=body) for _ in range(40)]
    answers = await asyncio.gather(*calls)
    assert sorted(answer.status_code for answer in answers) == [200] * 39 + [201]
    assert len({answer.text for answer in answers}) == 1


async def test_a_reply_shows_what_it_answers_wherever_it_is_read(talk: Any) -> None:
    alice, bob, chat_id = talk
    first = await alice.say(chat_id, "x" * 200)
    body = {"client_id": str(uuid4()), "text": "indeed", "reply_to_id": first["id"]}
    path = f"/api/chats/{chat_id}/messages"
    reply = await bob.call("POST", path, 201, body)
    assert reply["reply_to_id"] == first["id"]
    assert reply["reply_to"] == {"id": first["id"], "sender_id": alice.id, "text": "x" * 120}
    assert await bob.call("POST", path, 200, body) == reply
    await bob.call("POST", path, 409, {**body, "reply_to_id": None})
    assert [message["reply_to_id"] for message in await bob.history(chat_id)] == [None, first["id"]]
    for query in ({"after_id": first["id"]}, {"around_id": reply["id"], "limit": 1}, {"order": "desc", "limit": 1}):
        assert await bob.history(chat_id, **query) == [reply]
    assert (await bob.chat(chat_id))["last_message"] == reply
    await bob.call("POST", path, 404, {"client_id": str(uuid4()), "text": "?", "reply_to_id": reply["id"] + 10**6})


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": None},
        {"client_id": "no uuid"},
        {"client_id": 7},
        {"text": ""},
        {"text": "  "},
        {"text": "x" * 4097},
        {"text": "a\0b"},
        {"text": 7},
        {"text": None},
        {"reply_to_id": 0},
        {"reply_to_id": "1"},
        {"reply_to_id": 2**53},
        {"sender_id": 2},
        {"id": 1},
        {"seq": 1},
        {"timestamp": "2020-01-01T00:00:00Z"},
        {"is_read": True},
        {"chat_id": 1},
    ],
)
async def test_malformed_messages_are_refused(talk: Any, change: Any) -> None:
    alice, _, chat_id = talk
    body = {"client_id": str(uuid4()), "text": "hi", **change}
    await alice.call("POST", f"/api/chats/{chat_id}/messages", 422, body)
    assert await alice.history(chat_id) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"client_id":"7d4f1c9e-2f0b-4c53-9a51-0d6f3a1f9b11","text":"a\\ud83d"}', b"\xff\xfe"],
)
async def test_broken_bodies_are_refused(talk: Any, body: bytes) -> None:
    alice, _, chat_id = talk
    headers = {"Content-Type": "application/json"}
    response = await alice.client.post(f"/api/chats/{chat_id}/messages", content=body, headers=headers)
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("chat_id", ["0", "-1", "x", "1.5", str(2**53), "9" * 40])
async def test_impossible_chat_ids_are_refused(people: Any, chat_id: str) -> None:
    alice = await people("alice")
    await alice.call("GET", f"/api/history/{chat_id}", 422)
    await alice.call("GET", f"/api/chats/{chat_id}", 422)
    await alice.call("POST", f"/api/chats/{chat_id}/read", 422, {"message_id": 1})


@pytest.mark.parametrize("message_id", [0, -1, "1", 1.5, True, None, 2**53, 10**30])
async def test_impossible_message_ids_are_refused(talk: Any, message_id: Any) -> None:
    alice, _, chat_id = talk
    await alice.call("POST", f"/api/chats/{chat_id}/read", 422, {"message_id": message_id})


async def test_a_message_is_read_once_the_other_has_read_it(talk: Any) -> None:
    alice, bob, chat_id = talk
    sent = [await alice.say(chat_id, str(number)) for number in range(3)]
    await bob.read(chat_id, sent[1]["id"])
    assert [message["is_read"] for message in await alice.history(chat_id)] == [True, True, False]
    await bob.read(chat_id, sent[0]["id"])
    assert [message["is_read"] for message in await bob.history(chat_id)] == [True, True, False]
    await bob.say(chat_id)
    assert [message["is_read"] for message in await alice.history(chat_id)] == [True, True, True, False]


async def test_a_group_message_is_read_once_everyone_has_read_it(people: Any) -> None:
    alice, bob, carol = [await people(name) for name in ("alice", "bob", "carol")]
    chat_id = await alice.group(bob, carol)
    sent = await alice.say(chat_id)
    await bob.read(chat_id, sent["id"])
    assert not (await alice.history(chat_id))[0]["is_read"]
    await carol.read(chat_id, sent["id"])
    assert (await alice.history(chat_id))[0]["is_read"]


async def test_a_message_of_another_chat_cannot_be_marked(people: Any) -> None:
    alice, bob = await people("alice"), await people("bob")
    here, there = await alice.group(bob), await alice.group(bob)
    elsewhere = await alice.say(there)
    await bob.call("POST", f"/api/chats/{here}/read", 404, {"message_id": elsewhere["id"]})


@pytest.fixture
async def ten(people: Any) -> tuple[Any, int, list[Any]]:
    """Alice, a group with ten messages among which people come and go, and the messages."""
    alice, bob, carol = [await people(name) for name in ("alice", "bob", "carol")]
    chat_id = await alice.group(bob)
    said = []
    for number in range(10):
        said.append(await alice.say(chat_id, str(number)))
        if number % 3 == 1:
            await alice.call("POST", f"/api/chats/{chat_id}/participants", 201, {"user_id": carol.id})
            await alice.call("DELETE", f"/api/chats/{chat_id}/participants/{carol.id}", 204)
    return alice, chat_id, said


async def _texts(who: Any, chat_id: int, **query: Any) -> str:
    return "".join(message["text"] for message in await who.history(chat_id, **query))


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ({}, "0123456789"),
        ({"limit": 3}, "012"),
        ({"limit": 3, "offset": 4}, "456"),
        ({"limit": 3, "offset": 8}, "89"),
        ({"limit": 3, "offset": 10}, ""),
        ({"offset": 2**53 - 1}, ""),
        ({"order": "desc"}, "9876543210"),
        ({"order": "desc", "limit": 3}, "987"),
        ({"order": "desc", "limit": 3, "offset": 4}, "543"),
        ({"order": "desc", "limit": 3, "offset": 8}, "10"),
        ({"order": "desc", "offset": 10}, ""),
        ({"order": "desc", "offset": 2**53 - 1}, ""),
    ],
)
async def test_history_pages_by_offset(ten: Any, query: Any, texts: str) -> None:
    alice, chat_id, _ = ten
    assert await _texts(alice, chat_id, **query) == texts


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ({"before": 5, "limit": 3}, "234"),
        ({"before": 5, "limit": 3, "order": "desc"}, "432"),
        ({"before": 1, "limit": 3}, "0"),
        ({"before": 0}, ""),
        ({"after": 5, "limit": 3}, "678"),
        ({"after": 5, "limit": 3, "order": "desc"}, "876"),
        ({"after": 9}, ""),
        ({"after": 2, "before": 7, "limit": 3}, "345"),
        ({"after": 2, "before": 7, "limit": 3, "order": "desc"}, "654"),
        ({"after": 7, "before": 2}, ""),
    ],
)
async def test_history_pages_by_position(ten: Any, query: Any, texts: str) -> None:
    alice, chat_id, said = ten
    query = dict(query)
    for name in ("before", "after"):
        if name in query:
            query[f"{name}_id"] = said[query.pop(name)]["id"]
    assert await _texts(alice, chat_id, **query) == texts


@pytest.mark.parametrize(
    ("around", "query", "texts"),
    [
        (5, {"limit": 4}, "3456"),
        (5, {"limit": 5}, "34567"),
        (5, {"limit": 1}, "5"),
        (5, {"limit": 4, "order": "desc"}, "6543"),
        (0, {"limit": 4}, "01"),
        (9, {"limit": 4}, "789"),
        (4, {"limit": 20}, "0123456789"),
    ],
)
async def test_history_shows_a_message_among_its_neighbours(ten: Any, around: int, query: Any, texts: str) -> None:
    alice, chat_id, said = ten
    assert await _texts(alice, chat_id, around_id=said[around]["id"], **query) == texts


async def test_around_what_is_not_in_the_chat_there_is_nothing(ten: Any, people: Any) -> None:
    alice, chat_id, said = ten
    elsewhere = await alice.say(await alice.group())
    stranger = await people("stranger")
    for who, message_id in ((alice, elsewhere["id"]), (alice, 2**53 - 1), (stranger, said[0]["id"])):
        await who.call("GET", f"/api/history/{chat_id}", 404, None, around_id=message_id)


async def test_positions_need_not_be_messages(ten: Any) -> None:
    alice, chat_id, _ = ten
    assert await _texts(alice, chat_id, before_id=2**53 - 1, limit=2) == "89"
    assert await _texts(alice, chat_id, after_id=0, limit=2) == "01"


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 201},
        {"limit": -1},
        {"limit": 10**9},
        {"limit": "x"},
        {"offset": -1},
        {"offset": 2**53},
        {"order": "random"},
        {"before_id": -1},
        {"after_id": 2**53},
        {"offset": 1, "before_id": 5},
        {"around_id": 0},
        {"around_id": 5, "offset": 1},
        {"around_id": 5, "before_id": 6},
        {"around_id": 5, "after_id": 4},
    ],
)
async def test_malformed_history_queries_are_refused(talk: Any, query: Any) -> None:
    alice, _, chat_id = talk
    await alice.call("GET", f"/api/history/{chat_id}", 422, None, **query)


async def test_ids_and_times_ascend_together(talk: Any) -> None:
    alice, bob, chat_id = talk
    await asyncio.gather(*((alice, bob)[number % 2].say(chat_id) for number in range(50)))
    messages = await alice.history(chat_id, limit=200)
    assert len(messages) == 50
    assert [m["id"] for m in messages] == sorted({m["id"] for m in messages})
    assert [m["timestamp"] for m in messages] == sorted(m["timestamp"] for m in messages)
    assert (await alice.chat(chat_id))["version"] == 51


class TestLimits:
    @pytest.fixture
    def tuned(self, settings: ChatSettings) -> ChatSettings:
        return settings.model_copy(update={"rate_limits": "on"})

    async def test_sixty_messages_at_once_pass_and_then_a_few_a_second(self, talk: Any) -> None:
        alice, bob, chat_id = talk
        body = [{"client_id": str(uuid4()), "text": "hi"} for _ in range(120)]
        calls = (alice.client.post(f"/api/chats/{chat_id}/messages", json=each) for each in body)
        answers = await asyncio.gather(*calls)
        passed = [answer for answer in answers if answer.status_code == 201]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert len(passed) + len(refused) == 120
        assert 60 <= len(passed) < 120
        assert {answer.headers["retry-after"] for answer in refused} == {"1"}
        await bob.say(chat_id)

    async def test_chats_are_created_thirty_at_once_and_then_ten_a_minute(self, people: Any) -> None:
        alice = await people("alice")
        for _ in range(30):
            await alice.group()
        await alice.call("POST", "/api/chats", 429, {"type": "group", "title": "T", "participant_ids": []})
        assert len((await alice.call("GET", "/api/chats", 200))["items"]) == 30
