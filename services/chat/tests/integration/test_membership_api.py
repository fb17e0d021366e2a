"""Who comes, who goes, and what that does to what has been read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


@pytest.fixture
async def four(people: Any) -> list[Any]:
    return [await people(name) for name in ("alice", "bob", "carol", "dave")]


async def test_a_participant_is_added_once(four: Any) -> None:
    alice, bob, carol, _ = four
    chat_id = await alice.group(bob)
    path, body = f"/api/chats/{chat_id}/participants", {"user_id": carol.id}
    chat = await alice.call("POST", path, 201, body)
    assert (chat["participant_count"], chat["version"]) == (3, 2)
    assert await alice.call("POST", path, 200, body) == chat
    assert (await carol.chat(chat_id))["version"] == 2


async def test_ten_who_add_the_same_person_at_once_add_them_once(four: Any) -> None:
    alice, bob, carol, _ = four
    chat_id = await alice.group(bob)
    calls = [alice.client.post(f"/api/chats/{chat_id}/participants", json={"user_id": carol.id}) for _ in range(10)]
    answers = await asyncio.gather(*calls)
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert (await alice.chat(chat_id))["version"] == 2


async def test_who_has_left_sees_nothing_any_more(four: Any) -> None:
    alice, bob, _, _ = four
    chat_id = await alice.group(bob)
    message = await alice.say(chat_id)
    await bob.call("DELETE", f"/api/chats/{chat_id}/participants/{bob.id}", 204)
    await bob.call("GET", f"/api/chats/{chat_id}", 404)
    await bob.call("GET", f"/api/history/{chat_id}", 404)
    await bob.say(chat_id, expected=404)
    await bob.call("POST", f"/api/chats/{chat_id}/read", 404, {"message_id": message["id"]})
    assert (await bob.call("GET", "/api/chats", 200))["items"] == []


async def test_everyone_may_leave_even_the_creator_and_the_last(four: Any) -> None:
    alice, bob, _, _ = four
    chat_id = await alice.group(bob)
    await alice.call("DELETE", f"/api/chats/{chat_id}/participants/{alice.id}", 204)
    assert (await bob.chat(chat_id))["creator_id"] == alice.id
    await bob.call("DELETE", f"/api/chats/{chat_id}/participants/{bob.id}", 204)
    await bob.call("GET", f"/api/chats/{chat_id}", 404)


async def test_admins_are_appointed_by_the_creator_and_add_and_remove(four: Any) -> None:
    alice, bob, carol, dave = four
    chat_id = await alice.group(bob, carol)
    people = f"/api/chats/{chat_id}/participants"
    await bob.call("POST", people, 403, {"user_id": dave.id})
    await bob.call("PUT", f"{people}/{bob.id}", 403, {"role": "admin"})
    await alice.call("PUT", f"{people}/{bob.id}", 200, {"role": "admin"})
    await bob.call("POST", people, 201, {"user_id": dave.id})
    await bob.call("DELETE", f"{people}/{carol.id}", 204)
    await bob.call("DELETE", f"{people}/{alice.id}", 403)
    await dave.call("DELETE", f"{people}/{bob.id}", 403)
    chat = await alice.call("PUT", f"{people}/{bob.id}", 200, {"role": "member"})
    assert chat["version"] == 5
    assert await alice.call("PUT", f"{people}/{bob.id}", 200, {"role": "member"}) == chat
    await bob.call("DELETE", f"{people}/{dave.id}", 403)


@pytest.mark.parametrize("role", ["creator", "owner", "", None, 1])
async def test_there_are_no_other_roles_to_give(four: Any, role: Any) -> None:
    alice, bob, _, _ = four
    chat_id = await alice.group(bob)
    await alice.call("PUT", f"/api/chats/{chat_id}/participants/{bob.id}", 422, {"role": role})


async def test_the_creator_stays_the_creator(four: Any) -> None:
    alice, bob, _, _ = four
    chat_id = await alice.group(bob)
    await alice.call("PUT", f"/api/chats/{chat_id}/participants/{alice.id}", 403, {"role": "member"})


async def test_a_group_is_renamed_by_its_creator(four: Any) -> None:
    alice, bob, carol, _ = four
    chat_id = await alice.group(bob)
    chat = await alice.call("PATCH", f"/api/chats/{chat_id}", 200, {"title": " New "})
    assert (chat["title"], chat["version"]) == ("New", 2)
    await bob.call("PATCH", f"/api/chats/{chat_id}", 403, {"title": "Mine"})
    await carol.call("PATCH", f"/api/chats/{chat_id}", 404, {"title": "Mine"})
    await alice.call("PATCH", f"/api/chats/{chat_id}", 422, {"title": " "})


async def test_a_private_chat_stays_as_it_is(four: Any) -> None:
    alice, bob, carol, _ = four
    chat_id = await alice.private(bob)
    people = f"/api/chats/{chat_id}/participants"
    await alice.call("POST", people, 403, {"user_id": carol.id})
    await alice.call("DELETE", f"{people}/{bob.id}", 403)
    await alice.call("DELETE", f"{people}/{alice.id}", 403)
    await alice.call("PUT", f"{people}/{bob.id}", 403, {"role": "admin"})
    await alice.call("PATCH", f"/api/chats/{chat_id}", 403, {"title": "T"})


async def test_nobody_is_added_who_does_not_exist_and_nobody_removed_who_is_not_there(four: Any) -> None:
    alice, bob, carol, _ = four
    chat_id = await alice.group(bob)
    await alice.call("POST", f"/api/chats/{chat_id}/participants", 404, {"user_id": 10**9})
    await alice.call("DELETE", f"/api/chats/{chat_id}/participants/{carol.id}", 404)
    await bob.call("DELETE", f"/api/chats/{chat_id}/participants/{carol.id}", 404)


async def test_whoever_joins_starts_at_the_end_and_holds_nobody_back(four: Any) -> None:
    alice, bob, carol, _ = four
    chat_id = await alice.group(bob)
    message = await alice.say(chat_id)
    await alice.call("POST", f"/api/chats/{chat_id}/participants", 201, {"user_id": carol.id})
    chat = await carol.chat(chat_id)
    assert (chat["unread_count"], chat["version"]) == (0, 3)
    assert [m["id"] for m in await carol.history(chat_id)] == [message["id"]]
    assert not (await alice.history(chat_id))[0]["is_read"]
    await bob.read(chat_id, message["id"])
    assert (await alice.history(chat_id))[0]["is_read"]


async def test_the_last_unread_participant_leaving_makes_a_message_read(four: Any, wal: Any) -> None:
    alice, bob, carol, _ = four
    chat_id = await alice.group(bob, carol)
    message = await alice.say(chat_id)
    await bob.read(chat_id, message["id"])
    await alice.call("DELETE", f"/api/chats/{chat_id}/participants/{carol.id}", 204)
    assert (await alice.history(chat_id))[0]["is_read"]
    key, kind, data = (await wal())[-1]
    assert (key, kind) == ("chat.membership", "ParticipantLeft")
    assert (data["is_read_up_to"], data["is_read_authors"]) == (message["id"], [alice.id])
    assert (data["user_id"], data["participants"], data["version"]) == (carol.id, [alice.id, bob.id], 3)


async def test_what_someone_wrote_alone_is_read_when_the_second_comes(four: Any, wal: Any) -> None:
    alice, bob, _, _ = four
    chat_id = await alice.group()
    message = await alice.say(chat_id)
    assert not (await alice.history(chat_id))[0]["is_read"]
    await alice.call("POST", f"/api/chats/{chat_id}/participants", 201, {"user_id": bob.id})
    assert (await alice.history(chat_id))[0]["is_read"]
    _, kind, data = (await wal())[-1]
    assert (kind, data["is_read_up_to"], data["is_read_authors"]) == ("ParticipantJoined", message["id"], [alice.id])


async def test_all_events_of_a_chats_life_in_their_order(four: Any, wal: Any) -> None:
    alice, bob, carol, _ = four
    chat_id = await alice.group(bob)
    await alice.say(chat_id, "one")
    await alice.call("POST", f"/api/chats/{chat_id}/participants", 201, {"user_id": carol.id})
    await carol.say(chat_id, "two")
    await alice.call("PATCH", f"/api/chats/{chat_id}", 200, {"title": "New"})
    events = await wal()
    assert [(key, kind, data.get("version")) for key, kind, data in events] == [
        ("chat.membership", "ChatCreated", 1),
        ("chat.message", "MessageSent", 2),
        ("chat.membership", "ParticipantJoined", 3),
        ("chat.message", "MessageSent", 4),
        ("chat.membership", "ChatChanged", 5),
    ]
    created, sent, joined, sent_to_three, changed = (data for _, _, data in events)
    assert created["participants"] == [alice.id, bob.id]
    assert created["chat"]["unread_count"] == 0
    assert (sent["members_version"], sent_to_three["members_version"]) == (1, 3)
    assert "to" not in sent
    assert joined["chat"]["last_message"]["text"] == "one"
    assert (changed["chat"]["title"], changed["participants"]) == ("New", [alice.id, bob.id, carol.id])
    assert "unread_count" not in changed["chat"]


async def test_an_author_who_has_left_is_told_nothing_of_who_reads(four: Any, wal: Any) -> None:
    alice, bob, carol, _ = four
    chat_id = await alice.group(bob, carol)
    await alice.say(chat_id)
    last = await bob.say(chat_id)
    await bob.call("DELETE", f"/api/chats/{chat_id}/participants/{bob.id}", 204)
    await carol.read(chat_id, last["id"])
    _, kind, data = (await wal())[-1]
    assert (kind, data["user_id"], data["authors"]) == ("MessageRead", carol.id, [alice.id])


async def test_a_full_group_takes_nobody_more(four: Any, engine: AsyncEngine) -> None:
    alice, bob, carol, _ = four
    chat_id = await alice.group(bob)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE chat SET participant_count = 10000"))
    await alice.call("POST", f"/api/chats/{chat_id}/participants", 422, {"user_id": carol.id})
    await alice.call("POST", f"/api/chats/{chat_id}/participants", 200, {"user_id": bob.id})
