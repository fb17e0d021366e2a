"""The first screen in one answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def _announce(engine: AsyncEngine, *people: Any) -> None:
    async with engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO known_user (id, sub, username, name) VALUES (:id, :sub, :username, :name)"),
            [{"id": p.id, "sub": p.username, "username": p.username, "name": p.username.title()} for p in people],
        )


async def test_a_new_account_that_nobody_has_announced_is_greeted_by_name(people: Any) -> None:
    alice = await people("alice")
    opening = await alice.call("GET", "/api/bootstrap", 200)
    me = {"id": alice.id, "username": f"user{alice.id}", "name": f"User {alice.id}"}
    assert abs(datetime.fromisoformat(opening.pop("server_time")) - datetime.now(UTC)) < timedelta(seconds=10)
    assert opening == {"me": me, "chats": [], "next_cursor": None, "users": [me]}


async def test_without_the_user_service_the_token_names_the_caller_and_the_chats_are_there(
    people: Any, monkeypatch: Any
) -> None:
    alice, bob = await people("alice"), await people("bob")
    chat_id = await alice.private(bob)
    monkeypatch.setattr(people.users_route, "side_effect", httpx.ConnectError("away"))
    opening = await alice.call("GET", "/api/bootstrap", 200)
    assert (opening["me"]["id"], opening["me"]["username"]) == (alice.id, "alice")
    assert [chat["id"] for chat in opening["chats"]] == [chat_id]
    assert opening["users"] == [opening["me"]]


async def test_everyone_named_in_the_chats_is_named(people: Any, engine: AsyncEngine) -> None:
    alice, bob, carol, dave = [await people(name) for name in ("alice", "bob", "carol", "dave")]
    await _announce(engine, alice, bob, carol)
    private, group = await alice.private(bob), await alice.group(carol, dave)
    said = await carol.say(group, "hi")
    opening = await alice.call("GET", "/api/bootstrap", 200)
    assert [chat["id"] for chat in opening["chats"]] == [group, private]
    shown, pair = opening["chats"]
    assert [participant["user_id"] for participant in shown["participants"]] == [alice.id]
    assert (shown["participant_count"], shown["last_message"]["id"], shown["unread_count"]) == (3, said["id"], 1)
    assert [participant["user_id"] for participant in pair["participants"]] == [alice.id, bob.id]
    assert opening["users"] == [
        {"id": person.id, "username": person.username, "name": person.username.title()}
        for person in (alice, bob, carol)
    ]


async def test_the_thirty_newest_come_and_the_pinned_ones_and_the_cursor_goes_on(
    people: Any, engine: AsyncEngine, query_budget: Any
) -> None:
    alice = await people("alice")
    await _announce(engine, alice)
    chats = [await alice.group(title=str(number)) for number in range(35)]
    for number in (1, 20):
        await alice.call("PATCH", f"/api/chats/{chats[number]}/settings", 200, {"pinned": True})
    with query_budget(engine, 3):
        opening = await alice.call("GET", "/api/bootstrap", 200)
    assert [chat["id"] for chat in opening["chats"]] == [*reversed(chats[5:]), chats[1]]
    assert [chat["id"] for chat in opening["chats"] if chat["pinned"]] == [chats[20], chats[1]]
    rest = await alice.call("GET", "/api/chats", 200, None, cursor=opening["next_cursor"])
    assert [chat["id"] for chat in rest["items"]] == [*reversed(chats[:5])]


async def test_an_exactly_full_list_has_no_cursor(people: Any) -> None:
    alice = await people("alice")
    for _ in range(30):
        await alice.group()
    opening = await alice.call("GET", "/api/bootstrap", 200)
    assert (len(opening["chats"]), opening["next_cursor"]) == (30, None)


async def test_thirty_chats_fit_in_thirty_kilobytes(people: Any) -> None:
    alice, bob = await people("alice"), await people("bob")
    for number in range(30):
        chat_id = await alice.group(bob, title=f"A group of two, number {number}")
        await bob.say(chat_id, "A message of quite an ordinary length, as people write them all day long.")
    answer = await alice.client.get("/api/bootstrap")
    assert len(answer.content) < 30_000
