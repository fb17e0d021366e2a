"""What a client asks first, and what it chooses for itself."""

from __future__ import annotations

import httpx

from messenger_testing.client import Account
from messenger_testing.e2e import stack_setting
from messenger_testing.login import log_in
from messenger_testing.people import RealmAdmin


async def test_the_first_screen_is_one_answer(accounts: list[Account]) -> None:
    alice, bob, carol = accounts[:3]
    private = await alice.private_chat(bob)
    group = await alice.group("First", bob, carol)
    async with await carol.live() as live:
        said = (await live.say(group, "Good morning"))["message"]
    opening = (await alice.http.get("/api/bootstrap")).json()
    assert (opening["me"]["id"], opening["me"]["username"]) == (alice.id, "alice")
    assert opening["chats"][0]["id"] == group
    assert opening["chats"][0]["last_message"]["id"] == said["id"]
    assert [participant["user_id"] for participant in opening["chats"][0]["participants"]] == [alice.id]
    names = {person["id"]: person["username"] for person in opening["users"]}
    assert names.items() >= {(alice.id, "alice"), (carol.id, "carol")}
    if any(chat["id"] == private for chat in opening["chats"]):
        assert names[bob.id] == "bob"
    described = (await alice.http.get("/api/openapi.json")).json()["paths"]
    assert {"/api/bootstrap", "/api/chats/{chat_id}/settings"} <= described.keys()


async def test_a_newcomer_is_greeted_by_name_at_the_very_first_call(public_url: str) -> None:
    settings = stack_setting("KEYCLOAK_URL"), stack_setting("KEYCLOAK_ADMIN_PASSWORD")
    async with RealmAdmin(*settings) as admin:
        person = await admin.new_person()
        try:
            tokens = await log_in(public_url, person.username, person.password)
            headers = {"Authorization": f"Bearer {tokens.access_token}"}
            async with httpx.AsyncClient(base_url=public_url, headers=headers) as http:
                opening = (await http.get("/api/bootstrap")).json()
        finally:
            await person.remove()
    assert (opening["me"]["username"], opening["me"]["name"]) == (person.username, "Pat Example")
    assert (opening["chats"], opening["next_cursor"], opening["users"]) == ([], None, [opening["me"]])


async def test_a_muted_chat_is_muted_on_every_device_and_for_nobody_else(accounts: list[Account]) -> None:
    alice, bob = accounts[:2]
    group = await alice.group("Noisy", bob)
    async with await alice.live() as phone, await alice.live() as laptop, await bob.live() as other:
        response = await alice.http.patch(f"/api/chats/{group}/settings", json={"muted": True})
        assert (response.status_code, response.json()["muted"]) == (200, True)
        told = {"type": "chat_settings", "chat_id": group, "muted": True, "pinned": False}
        for device in (phone, laptop):
            await device.wait_for(lambda frame: frame == told)
        said = (await phone.say(group, "Bob sees this last"))["message"]
        await other.wait_for_message(said["id"])
        assert [frame for frame in other.frames if frame["type"] == "chat_settings"] == []


async def test_a_quote_leads_to_its_surroundings_and_readers_are_named(accounts: list[Account]) -> None:
    alice, bob, carol = accounts[:3]
    group = await alice.group("Seen", bob, carol)
    async with await alice.live() as live:
        said = [(await live.say(group, str(number)))["message"]["id"] for number in range(9)]
    page = await bob.history(group, around_id=said[4], limit=5)
    assert [message["text"] for message in page] == ["2", "3", "4", "5", "6"]
    assert (await bob.http.post(f"/api/chats/{group}/read", json={"message_id": said[4]})).status_code == 204
    seen = (await alice.http.get(f"/api/chats/{group}/messages/{said[4]}/seen")).json()
    assert ([reader["user_id"] for reader in seen["seen"]], seen["not_seen"]) == ([bob.id], [carol.id])
    assert (await accounts[3].http.get(f"/api/chats/{group}/messages/{said[4]}/seen")).status_code == 404
