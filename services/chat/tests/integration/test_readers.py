"""Who has seen a message, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def _seen(who: Any, chat_id: int, message: Any, expected: int = 200) -> Any:
    return await who.call("GET", f"/api/chats/{chat_id}/messages/{message['id']}/seen", expected)


@pytest.fixture
async def scene(people: Any) -> tuple[list[Any], int]:
    cast = [await people(name) for name in ("alice", "bob", "carol", "dave")]
    return cast, await cast[0].group(*cast[1:])


async def test_readers_are_listed_newest_first_with_the_rest(scene: Any) -> None:
    (alice, bob, carol, dave), chat_id = scene
    message = await alice.say(chat_id)
    nobody = {"count": 0, "seen": [], "not_seen": [bob.id, carol.id, dave.id]}
    assert await _seen(alice, chat_id, message) == nobody
    await bob.read(chat_id, message["id"])
    await carol.say(chat_id, "To answer is to read.")
    seen = await _seen(alice, chat_id, message)
    assert (seen["count"], seen["not_seen"]) == (2, [dave.id])
    assert [reader["user_id"] for reader in seen["seen"]] == [carol.id, bob.id]
    times = [datetime.fromisoformat(reader["at"]) for reader in seen["seen"]]
    assert datetime.now(UTC) - timedelta(seconds=30) < times[1] < times[0] < datetime.now(UTC) + timedelta(seconds=1)
    assert await _seen(dave, chat_id, message) == seen


async def test_the_first_reading_counts_and_later_ones_do_not(scene: Any) -> None:
    (alice, bob, _, _), chat_id = scene
    first = await alice.say(chat_id)
    await bob.read(chat_id, first["id"])
    before = await _seen(alice, chat_id, first)
    second = await alice.say(chat_id)
    await bob.read(chat_id, second["id"])
    assert await _seen(alice, chat_id, first) == before
    assert (await _seen(alice, chat_id, second))["count"] == 1


async def test_who_came_later_has_it_from_then_on_and_who_left_is_not_listed(scene: Any, people: Any) -> None:
    (alice, bob, carol, dave), chat_id = scene
    message = await alice.say(chat_id)
    await bob.read(chat_id, message["id"])
    base = f"/api/chats/{chat_id}/participants"
    await alice.call("DELETE", f"{base}/{dave.id}", 204)
    erin = await people("erin")
    await alice.call("POST", base, 201, {"user_id": erin.id})
    seen = await _seen(alice, chat_id, message)
    assert ([reader["user_id"] for reader in seen["seen"]], seen["not_seen"]) == ([erin.id, bob.id], [carol.id])
    await alice.call("DELETE", f"{base}/{bob.id}", 204)
    await alice.call("POST", base, 201, {"user_id": bob.id})
    again = await _seen(alice, chat_id, message)
    assert again["seen"] == seen["seen"], "what was read in an earlier stay stays read"


async def test_in_large_groups_only_the_number_is_told(scene: Any, engine: AsyncEngine) -> None:
    (alice, bob, _, _), chat_id = scene
    message = await alice.say(chat_id)
    await bob.read(chat_id, message["id"])
    for extra, named in ((96, True), (97, False)):
        async with engine.begin() as connection:
            await connection.execute(
                text(
                    "INSERT INTO participant (chat_id, user_id, role, joined_seq) "
                    "SELECT :chat_id, 1000 + n, 'member', 1 FROM generate_series(1, :extra) n ON CONFLICT DO NOTHING"
                ),
                {"chat_id": chat_id, "extra": extra},
            )
            await connection.execute(text("UPDATE chat SET participant_count = 4 + :extra"), {"extra": extra})
        seen = await _seen(alice, chat_id, message)
        assert seen["count"] == 1
        assert (seen["seen"] is not None, seen["not_seen"] is not None) == (named, named)


async def test_messages_of_other_chats_and_none_are_not_found(scene: Any, people: Any) -> None:
    (alice, bob, _, _), chat_id = scene
    message = await alice.say(chat_id)
    elsewhere = await alice.say(await alice.group(bob))
    stranger = await people("stranger")
    await _seen(alice, chat_id, elsewhere, 404)
    await _seen(alice, chat_id, {"id": 2**53 - 1}, 404)
    await _seen(alice, chat_id, {"id": 0}, 422)
    await _seen(stranger, chat_id, message, 404)
