"""Chats over HTTP: creating, listing, showing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def test_a_private_chat_is_created_once_and_then_found_by_both(people: Any) -> None:
    alice, bob = await people("alice"), await people("bob")
    chat = await alice.call("POST", "/api/chats", 201, {"type": "private", "user_id": bob.id})
    assert await alice.call("POST", "/api/chats", 200, {"type": "private", "user_id": bob.id}) == chat
    of_bob = await bob.call("POST", "/api/chats", 200, {"type": "private", "user_id": alice.id})
    assert of_bob["id"] == chat["id"]
    assert chat | {"id": 0, "created_at": "", "updated_at": ""} == {
        "id": 0,
        "type": "private",
        "title": None,
        "creator_id": alice.id,
        "participants": [
            {"user_id": alice.id, "role": "creator", "last_read_message_id": 0},
            {"user_id": bob.id, "role": "member", "last_read_message_id": 0},
        ],
        "participant_count": 2,
        "last_message": None,
        "unread_count": 0,
        "version": 1,
        "read_by_all_up_to": 0,
        "read_up_to": 0,
        "muted": False,
        "pinned": False,
        "created_at": "",
        "updated_at": "",
    }


async def test_forty_who_open_the_same_private_chat_at_once_get_one(people: Any) -> None:
    alice, bob = await people("alice"), await people("bob")
    calls = [
        who.client.post("/api/chats", json={"type": "private", "user_id": whom.id})
        for who, whom in [(alice, bob), (bob, alice)] * 20
    ]
    answers = await asyncio.gather(*calls)
    assert sorted(answer.status_code for answer in answers) == [200] * 39 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_a_group_counts_everyone_once(people: Any) -> None:
    alice, bob, carol = [await people(name) for name in ("alice", "bob", "carol")]
    body = {"type": "group", "title": "  Weekend ", "participant_ids": [bob.id, carol.id, bob.id, alice.id]}
    chat = await alice.call("POST", "/api/chats", 201, body)
    assert (chat["title"], chat["participant_count"]) == ("Weekend", 3)
    roles = {participant["user_id"]: participant["role"] for participant in chat["participants"]}
    assert roles == {alice.id: "creator", bob.id: "member", carol.id: "member"}


@pytest.mark.parametrize(
    "body",
    [
        {"type": "private", "user_id": 10**9},
        {"type": "group", "title": "T", "participant_ids": [1, 10**9]},
        {"type": "private", "user_id": 2**53 - 1},
    ],
)
async def test_unknown_people_are_not_found(people: Any, body: Any) -> None:
    alice = await people("alice")
    await alice.call("POST", "/api/chats", 404, body)
    assert (await alice.call("GET", "/api/chats", 200))["items"] == []


async def test_one_invented_id_costs_one_question(people: Any) -> None:
    alice = await people("alice")
    body = {"type": "group", "title": "T", "participant_ids": list(range(10**6, 10**6 + 500))}
    await alice.call("POST", "/api/chats", 404, body)
    assert len(people.asked_about) == 1


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"type": "secret", "user_id": 2},
        {"type": "private"},
        {"type": "private", "user_id": 1},
        {"type": "private", "user_id": "2"},
        {"type": "private", "user_id": 2.5},
        {"type": "private", "user_id": True},
        {"type": "private", "user_id": 0},
        {"type": "private", "user_id": -1},
        {"type": "private", "user_id": 2**53},
        {"type": "private", "user_id": 10**40},
        {"type": "private", "user_id": 2, "creator_id": 2},
        {"type": "private", "user_id": 2, "title": "T"},
        {"type": "group", "participant_ids": [2]},
        {"type": "group", "title": " ", "participant_ids": [2]},
        {"type": "group", "title": "t" * 129, "participant_ids": [2]},
        {"type": "group", "title": "a\0b", "participant_ids": [2]},
        {"type": "group", "title": 7, "participant_ids": [2]},
        {"type": "group", "title": "T", "participant_ids": 2},
        {"type": "group", "title": "T", "participant_ids": [2], "version": 9},
        {"type": "group", "title": "T", "participant_ids": list(range(2, 10_002))},
    ],
)
async def test_malformed_chats_are_refused(people: Any, body: Any) -> None:
    alice = await people("alice")
    await people("bob")
    await alice.call("POST", "/api/chats", 422, body)


async def test_an_unpaired_surrogate_in_a_title_is_refused(people: Any) -> None:
    alice = await people("alice")
    body = b'{"type":"group","title":"a\\ud83d","participant_ids":[]}'
    response = await alice.client.post("/api/chats", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 422


async def test_the_list_is_newest_activity_first_and_pages_without_gap_or_repetition(people: Any) -> None:
    alice, bob = await people("alice"), await people("bob")
    chats = [await alice.group(bob, title=str(number)) for number in range(7)]
    await bob.say(chats[2])
    expected = [chats[2], *reversed(chats[:2] + chats[3:])]
    seen: list[int] = []
    cursor = None
    while True:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = await alice.call("GET", "/api/chats", 200, None, **query)
        seen += [chat["id"] for chat in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == expected


async def test_an_exactly_full_page_is_the_last(people: Any) -> None:
    alice = await people("alice")
    for _ in range(3):
        await alice.group()
    page = await alice.call("GET", "/api/chats", 200, None, limit=3)
    assert (len(page["items"]), page["next_cursor"]) == (3, None)


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 201}, {"limit": -1}, {"limit": "x"}, {"cursor": "nonsense"}])
async def test_malformed_list_queries_are_refused(people: Any, query: Any) -> None:
    alice = await people("alice")
    await alice.call("GET", "/api/chats", 422, None, **query)


async def test_a_chat_shows_last_message_unread_count_and_marks(people: Any) -> None:
    alice, bob = await people("alice"), await people("bob")
    chat_id = await alice.private(bob)
    first = await alice.say(chat_id, "one")
    last = await alice.say(chat_id, "two")
    await bob.read(chat_id, first["id"])
    of_bob, of_alice = await bob.chat(chat_id), await alice.chat(chat_id)
    assert (of_bob["unread_count"], of_alice["unread_count"]) == (1, 0)
    assert of_bob["version"] == of_alice["version"] == 3
    assert of_alice["last_message"] == last
    assert of_bob["last_message"] == {key: value for key, value in last.items() if key != "client_id"}
    marks = {participant["user_id"]: participant["last_read_message_id"] for participant in of_bob["participants"]}
    assert marks == {alice.id: last["id"], bob.id: first["id"]}
    assert of_bob["read_by_all_up_to"] == first["id"]
    assert (of_bob["read_up_to"], of_alice["read_up_to"]) == (first["id"], last["id"])
    assert (await bob.call("GET", "/api/chats", 200))["items"] == [of_bob]


async def test_lists_show_at_most_200_participants_and_always_the_viewer(people: Any, engine: AsyncEngine) -> None:
    alice, bob = await people("alice"), await people("bob")
    chat_id = await alice.group(bob)
    async with engine.begin() as connection:
        statement = (
            "INSERT INTO participant (chat_id, user_id, role, joined_seq) "
            "SELECT :chat_id, 1000 + n, 'member', 0 FROM generate_series(1, 300) n"
        )
        await connection.execute(text(statement), {"chat_id": chat_id})
        await connection.execute(text("UPDATE chat SET participant_count = 302"))
    (listed,) = (await bob.call("GET", "/api/chats", 200))["items"]
    assert (len(listed["participants"]), listed["participant_count"]) == (200, 302)
    assert listed["participants"][0]["user_id"] == bob.id
    assert len((await bob.chat(chat_id))["participants"]) == 302


async def test_query_budgets_hold_however_many_chats_there_are(
    people: Any, engine: AsyncEngine, query_budget: Any
) -> None:
    alice, bob = await people("alice"), await people("bob")
    chats = [await alice.group(bob) for _ in range(12)]
    for chat_id in chats:
        await bob.say(chat_id)
    with query_budget(engine, 2):
        assert len((await alice.call("GET", "/api/chats", 200))["items"]) == 12
    with query_budget(engine, 2):
        await alice.chat(chats[0])
    with query_budget(engine, 1):
        await alice.history(chats[0], offset=0)  # Without an offset pages are read past the engine: see test_pages.
    with query_budget(engine, 1):
        await alice.call("GET", "/api/history/999999", 404, None, offset=0)


async def test_creation_is_limited_per_person_but_opening_is_not(people: Any) -> None:
    alice, bob = await people("alice"), await people("bob")
    chat_id = await alice.private(bob)
    for _ in range(40):
        chat = await alice.call("POST", "/api/chats", 200, {"type": "private", "user_id": bob.id})
        assert chat["id"] == chat_id


async def test_the_openapi_document_names_every_error(people: Any) -> None:
    document = (await people.client().get("/openapi.json")).json()
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len(operations) == 15
    for operation in operations:
        assert {"401", "422", "503"} <= operation["responses"].keys()
        assert operation["security"]
        assert operation["summary"]
        assert operation["description"]


@pytest.mark.parametrize("path", ["/internal/link", "/docs", "/redoc", "/api/chats/1/nonsense"])
async def test_there_is_nothing_else(people: Any, path: str) -> None:
    alice = await people("alice")
    await alice.call("GET", path, 404)
