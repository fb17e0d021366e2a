"""Muting and pinning: for oneself, told to one's own connections, at most ten pins however they race."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest


@pytest.fixture
async def talk(people: Any) -> tuple[Any, Any, int]:
    alice, bob = await people("alice"), await people("bob")
    return alice, bob, await alice.private(bob)


async def _choose(who: Any, chat_id: int, expected: int = 200, **chosen: Any) -> Any:
    return await who.call("PATCH", f"/api/chats/{chat_id}/settings", expected, chosen)


async def test_what_one_chooses_only_oneself_sees(talk: Any) -> None:
    alice, bob, chat_id = talk
    chat = await _choose(alice, chat_id, muted=True)
    assert (chat["muted"], chat["pinned"], chat["version"]) == (True, False, 1)
    assert await alice.chat(chat_id) == chat
    assert (await alice.call("GET", "/api/chats", 200))["items"] == [chat]
    of_bob = await bob.chat(chat_id)
    assert (of_bob["muted"], of_bob["pinned"]) == (False, False)
    chat = await _choose(alice, chat_id, pinned=True)
    assert (chat["muted"], chat["pinned"]) == (True, True)
    chat = await _choose(alice, chat_id, muted=False, pinned=False)
    assert (chat["muted"], chat["pinned"]) == (False, False)


async def test_only_what_changes_is_told(talk: Any, wal: Any) -> None:
    alice, _, chat_id = talk
    for chosen in ({"muted": True}, {"muted": True}, {}, {"pinned": None}, {"pinned": True, "muted": True}):
        await _choose(alice, chat_id, **chosen)
    told = {"chat_id": chat_id, "user_id": alice.id, "muted": True}
    assert [event for event in await wal() if event[0] == "chat.settings"] == [
        ("chat.settings", "ChatSettingsChanged", {**told, "pinned": pinned}) for pinned in (False, True)
    ]


@pytest.mark.parametrize("body", [None, [], {"muted": 1}, {"pinned": "true"}, {"muted": True, "archived": True}])
async def test_malformed_settings_are_refused(talk: Any, body: Any) -> None:
    alice, _, chat_id = talk
    await alice.call("PATCH", f"/api/chats/{chat_id}/settings", 422, body)


async def test_at_most_ten_are_pinned_however_many_are_tried_at_once(people: Any) -> None:
    alice = await people("alice")
    chats = [await alice.group() for _ in range(14)]
    calls = [alice.client.patch(f"/api/chats/{chat_id}/settings", json={"pinned": True}) for chat_id in chats]
    answers = await asyncio.gather(*calls)
    assert sorted(answer.status_code for answer in answers) == [200] * 10 + [409] * 4
    pinned = [chat["id"] for chat in (await alice.call("GET", "/api/chats", 200))["items"] if chat["pinned"]]
    assert len(pinned) == 10
    await _choose(alice, pinned[0], pinned=True)
    await _choose(alice, pinned[0], pinned=False)
    await _choose(alice, next(chat for chat in chats if chat not in pinned), pinned=True)
