"""What PostgreSQL encodes is what Python would have encoded: both ways to a page of history, compared."""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_service.repositories.pages import READ

TEXTS = (
    "plain",
    'quotes " and \\ backslashes \\u0041 \\n /',
    "lines\nand\r\ntabs\tand {'braces': [1, 2]},\n{",
    "".join(map(chr, range(1, 32))) + "\x7f\x80\x9f.",
    "Grüße, Привет, 你好, \u2028\u2029\ufeff\ufffe, \u0301e, \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "<script>%s {0} $1 'quoted' \"quoted\"</script>",
    "\U0001f600" * 4096,
)
ORDINARY = {"offset": 0}  # A parameter that only the route takes.


async def send(who: Any, chat_id: int, said: str, reply_to: Any = None) -> Any:
    body = {"client_id": str(uuid4()), "text": said, "reply_to_id": None if reply_to is None else reply_to["id"]}
    return await who.call("POST", f"/api/chats/{chat_id}/messages", 201, body)


async def edit(who: Any, message: Any, said: str) -> None:
    await who.call("PATCH", f"/api/chats/{message['chat_id']}/messages/{message['id']}", 200, {"text": said})


async def delete(who: Any, message: Any) -> None:
    await who.call("DELETE", f"/api/chats/{message['chat_id']}/messages/{message['id']}", 204)


@pytest.fixture
async def everything(people: Any) -> tuple[list[Any], int]:
    """Make a group in which everything has happened that a message can show; return who is in it, and its id."""
    alice, bob, carol = [await people(name) for name in ("alice", "bob", "carol")]
    chat_id = await alice.group(bob, carol)
    said = [await send(who, chat_id, words) for words, who in zip(TEXTS, itertools.cycle([alice, bob]))]
    replies = [await send(bob, chat_id, f"to {message['id']}", message) for message in said]
    for who in (alice, bob, carol):
        await who.read(chat_id, replies[2]["id"])
    await edit(alice, said[0], 'edited "so"')
    await edit(bob, replies[1], "an edited reply")
    await delete(alice, said[2])
    await delete(bob, replies[3])
    await delete(bob, said[1])
    await send(carol, chat_id, "to a deleted one's reply", replies[1])
    await alice.call("DELETE", f"/api/chats/{chat_id}/participants/{carol.id}", 204)
    await send(alice, chat_id, "the last")
    return [alice, bob], chat_id


async def both(who: Any, chat_id: int, query: dict[str, Any]) -> list[Any]:
    """Ask in both ways; returns the page on which they agree, to the byte but for spaces."""
    short = await who.client.get(f"/api/history/{chat_id}", params=query)
    # Beside a position an offset may only be 0, and the short way does not know it.
    long = await who.client.get(f"/api/history/{chat_id}", params=query | ORDINARY)
    assert (short.status_code, long.status_code) == (200, 200)
    assert short.headers["content-type"] == long.headers["content-type"] == "application/json"
    assert short.content.replace(b",\n", b",") == long.content
    page: list[Any] = json.loads(short.content)
    return page


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_both_ways_to_a_page_say_the_same(everything: Any, order: str) -> None:
    people, chat_id = everything
    for who in people:
        whole = await both(who, chat_id, {"limit": 200, "order": order})
        assert len(whole) == 2 * len(TEXTS) + 2
        ids = [message["id"] for message in whole]
        for before, after, limit in itertools.product((None, 0, ids[3], ids[8]), (None, 0, ids[5], ids[-1]), (1, 4)):
            positions = {"before_id": before, "after_id": after}
            given = {name: value for name, value in positions.items() if value is not None}
            await both(who, chat_id, {"limit": limit, "order": order, **given})


async def test_a_page_shows_what_has_become_of_its_messages(everything: Any) -> None:
    (alice, bob), chat_id = everything
    page = await both(alice, chat_id, {"limit": 200})
    said, replies = page[: len(TEXTS)], page[len(TEXTS) : 2 * len(TEXTS)]
    assert [message["text"] for message in said] == ['edited "so"', "", "", *TEXTS[3:]]
    assert [message["deleted"] for message in said[:3]] == [False, True, True]
    assert (
        [message["reply_to"] and message["reply_to"]["text"] for message in replies]
        == [
            'edited "so"',
            None,  # What it answers was deleted,
            None,
            None,  # it was deleted itself.
            TEXTS[4],
            TEXTS[5],
            TEXTS[6][:120],
        ]
    )
    assert [message["is_read"] for message in page] == [message["id"] <= replies[-1]["id"] for message in page]
    assert [m["id"] for m in page if "client_id" in m] == [m["id"] for m in page if m["sender_id"] == alice.id]
    assert "client_id" not in (await both(bob, chat_id, {"limit": 1}))[0]


async def test_both_ways_agree_on_someone_who_is_alone(people: Any) -> None:
    alice, bob = await people("alice"), await people("bob")
    chat_id = await alice.group(bob)
    await bob.say(chat_id)
    mine = await alice.say(chat_id)
    await bob.read(chat_id, mine["id"])
    assert [message["is_read"] for message in await both(alice, chat_id, {})] == [True, True]
    await bob.call("DELETE", f"/api/chats/{chat_id}/participants/{bob.id}", 204)
    assert [message["is_read"] for message in await both(alice, chat_id, {})] == [True, False]


async def test_both_ways_agree_on_a_chat_without_messages(people: Any) -> None:
    alice, bob = await people("alice"), await people("bob")
    assert await both(alice, await alice.private(bob), {}) == []


async def test_both_ways_agree_on_whole_seconds(people: Any, owner: AsyncEngine) -> None:
    alice, bob = await people("alice"), await people("bob")
    chat_id = await alice.private(bob)
    await alice.say(chat_id)
    for moment in ("2026-11-22T01:02:03Z", "2026-11-22T01:02:03.500000Z", "1999-12-31T23:59:59.000001Z"):
        async with owner.begin() as connection:
            await connection.execute(text(f"UPDATE message SET created_at = '{moment}', edited_at = '{moment}'"))  # noqa: S608 - ours.
        (message,) = await both(bob, chat_id, {})
        assert (message["timestamp"], message["edited_at"]) == (moment, moment)


async def test_nobody_but_participants_reads_a_page(everything: Any, people: Any) -> None:
    (alice, _), chat_id = everything
    stranger = await people("mallory")
    for query in ({}, {"before_id": 2**53 - 1}, {"order": "desc", "after_id": 1}):
        for given in (query, query | ORDINARY):
            missing = await stranger.call("GET", f"/api/history/{chat_id}", 404, None, **given)
            assert missing == await stranger.call("GET", f"/api/history/{chat_id + 1000}", 404, None, **given)
            assert missing["code"] == "not_found"
    anonymous = people.client()
    assert (await anonymous.get(f"/api/history/{chat_id}")).status_code == 401
    await alice.call("GET", f"/api/history/{chat_id}", 422, None, limit=201)


async def test_pages_of_many_who_ask_at_once_are_not_mixed_up(people: Any) -> None:
    everyone = [await people(f"person{number}") for number in range(6)]
    chats = []
    for number, who in enumerate(everyone):
        chats.append(await who.group(everyone[number - 1], title=str(number)))
        for part in range(5):
            await who.say(chats[-1], f"{number}.{part}")

    async def ask(who: int, chat: int, order: str, limit: int) -> None:
        answer = await everyone[who].client.get(f"/api/history/{chats[chat]}", params={"order": order, "limit": limit})
        if who not in {chat, (chat - 1) % len(everyone)}:
            assert answer.status_code == 404
            return
        texts = [f"{chat}.{part}" for part in range(5)]
        asked = texts[:limit] if order == "asc" else texts[::-1][:limit]
        assert [message["text"] for message in answer.json()] == asked
        assert [message["sender_id"] for message in answer.json()] == [everyone[chat].id] * len(asked)

    await asyncio.gather(*(ask(*asked) for asked in itertools.product(range(6), range(6), ("asc", "desc"), (1, 3, 5))))


async def test_pages_that_are_asked_for_together_are_read_in_few_statements(everything: Any, people: Any) -> None:
    (alice, bob), chat_id = everything
    await alice.history(chat_id)
    sent: list[str] = []
    ((_, driver),) = people.app.state.wiring.read_page._pages._idle
    driver.add_query_logger(lambda record: sent.append(record.query))
    await asyncio.gather(*(who.history(chat_id, limit=1 + number) for number in range(12) for who in (alice, bob)))
    await asyncio.sleep(0)
    assert set(sent) == {READ}
    assert len(sent) < 12
