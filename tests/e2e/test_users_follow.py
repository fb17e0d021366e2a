"""Users follow Keycloak: what happens to an account in the realm reaches the API within seconds."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from keycloak import KeycloakAdmin

from messenger_testing.client import Account
from messenger_testing.e2e import People, stack_setting
from messenger_testing.login import Tokens, log_in

pytestmark = pytest.mark.e2e

WITHIN_S = 3.0
PASSWORD = "Correct-horse-9-battery"

Profile = dict[str, Any]


class RealmConsole:
    """What an administrator does in the realm console, over the same API; accounts made here are removed afterwards."""

    def __init__(self, admin: KeycloakAdmin) -> None:
        self.admin = admin
        self.made: list[str] = []

    async def create(self, **more: Any) -> tuple[str, str]:
        """Create an account; return its subject and its username."""
        username = f"follow-{secrets.token_hex(6)}"
        user = {
            "username": username,
            "email": f"{username}@example.com",
            "emailVerified": True,
            "firstName": "Fola",
            "lastName": username.title(),
            "enabled": True,
            "credentials": [{"type": "password", "value": PASSWORD, "temporary": False}],
        }
        sub = await self.admin.a_create_user(user | more)
        self.made.append(sub)
        return sub, username

    async def change(self, sub: str, **fields: Any) -> None:
        """Change fields of an account, the others stay."""
        await self.admin.a_update_user(sub, await self.admin.a_get_user(sub) | fields)

    async def delete(self, sub: str) -> None:
        """Delete an account."""
        await self.admin.a_delete_user(sub)
        self.made.remove(sub)


@pytest.fixture
async def console() -> AsyncIterator[RealmConsole]:
    opened = RealmConsole(
        KeycloakAdmin(
            server_url=stack_setting("KEYCLOAK_URL"),
            username="admin",
            password=stack_setting("KEYCLOAK_ADMIN_PASSWORD"),
            realm_name="messenger",
            user_realm_name="master",
            timeout=30,
        )
    )
    yield opened
    for sub in list(opened.made):
        await opened.delete(sub)
    await opened.admin.connection.aclose()
    await opened.admin.connection.keycloak_openid.connection.aclose()


@pytest.fixture
async def alice(people: People) -> AsyncIterator[Account]:
    account = await people.account("alice")
    yield account
    await account.aclose()


async def seen(look: Callable[[], Awaitable[Any]], within_s: float = WITHIN_S) -> Any:
    """Look until there is something to see, and return it; print how long it took."""
    started = time.monotonic()
    async with asyncio.timeout(within_s):
        while not (found := await look()):  # noqa: ASYNC110 - over HTTP there is no event to await.
            await asyncio.sleep(0.02)
    print(f"seen after {time.monotonic() - started:.2f} s")  # noqa: T201 - the figure that is reported.
    return found


async def find(asking: Account, text: str) -> list[Profile]:
    """Search people."""
    response = await asking.http.get("/api/users", params={"query": text})
    response.raise_for_status()
    people: list[Profile] = response.json()
    return people


async def profile(asking: Account, user_id: int) -> Profile:
    """Look a person up by id."""
    response = await asking.http.get(f"/api/users/{user_id}")
    response.raise_for_status()
    person: Profile = response.json()
    return person


async def status_of_me(alice: Account, tokens: Tokens) -> int:
    """Return how the user service answers a token, asked directly: the gateway's deny-list stands in front of it."""
    async with httpx.AsyncClient(base_url=stack_setting("USER_URL"), timeout=5) as http:
        headers = {"Authorization": f"Bearer {tokens.access_token}"}
        return (await http.get("/api/users/me", headers=headers)).status_code


async def test_an_account_that_is_created_in_the_console_can_be_found_at_once(
    console: RealmConsole, alice: Account
) -> None:
    _, username = await console.create()
    (person,) = await seen(lambda: find(alice, username))
    assert person == {"id": person["id"], "username": username, "name": f"Fola {username.title()}"}
    # The owner's first call meets the same account.
    tokens = await log_in(alice.public_url, username, PASSWORD)
    owner = Account(alice.public_url, username, tokens.access_token)
    me = (await owner.http.get("/api/users/me")).json()
    await owner.aclose()
    assert (me["id"], me["name"], me["email"]) == (person["id"], person["name"], f"{username}@example.com")
    assert "user" in me["roles"]


async def test_a_new_name_is_seen_and_an_older_token_does_not_undo_it(console: RealmConsole, alice: Account) -> None:
    sub, username = await console.create()
    (person,) = await seen(lambda: find(alice, username))
    old = await log_in(alice.public_url, username, PASSWORD)
    await asyncio.sleep(1)  # Tokens tell their time in whole seconds.
    await console.change(sub, firstName="Renamed", email=f"new-{username}@example.com")

    async def renamed() -> bool:
        return str((await profile(alice, person["id"]))["name"]).startswith("Renamed ")

    assert await seen(renamed)
    assert await status_of_me(alice, old) == 200
    assert await renamed()
    assert [found["id"] for found in await find(alice, username)] == [person["id"]]
    assert await find(alice, f"fola {username}") == []


async def test_a_disabled_account_is_refused_until_it_is_enabled_again(console: RealmConsole, alice: Account) -> None:
    sub, username = await console.create()
    (person,) = await seen(lambda: find(alice, username))
    tokens = await log_in(alice.public_url, username, PASSWORD)
    assert await status_of_me(alice, tokens) == 200
    await console.change(sub, enabled=False)

    async def refused() -> bool:
        return await status_of_me(alice, tokens) == 401

    assert await seen(refused)
    assert (await profile(alice, person["id"]))["username"] == username
    await console.change(sub, enabled=True)

    async def let_in() -> bool:
        return await status_of_me(alice, await log_in(alice.public_url, username, PASSWORD)) == 200

    assert await seen(let_in)


async def test_a_deleted_account_leaves_its_messages_and_no_name(console: RealmConsole, alice: Account) -> None:
    sub, username = await console.create()
    tokens = await log_in(alice.public_url, username, PASSWORD)
    owner = await Account(alice.public_url, username, tokens.access_token).start()
    chat_id = await owner.private_chat(alice)
    body = {"client_id": f"{sub[:-1]}0", "text": "I was here."}
    assert (await owner.http.post(f"/api/chats/{chat_id}/messages", json=body)).status_code == 201
    await owner.aclose()
    await console.delete(sub)

    async def gone() -> bool:
        return bool((await profile(alice, owner.id))["name"] == "Deleted account")

    assert await seen(gone)
    assert await profile(alice, owner.id) == {
        "id": owner.id,
        "username": f"deleted-{owner.id}",
        "name": "Deleted account",
    }
    assert await find(alice, username) == []
    assert owner.id not in [person["id"] for person in await find(alice, "deleted")]
    (message,) = await alice.history(chat_id)
    assert (message["sender_id"], message["text"]) == (owner.id, "I was here.")
    # Its token is good for some minutes yet, by its signature.
    assert await status_of_me(alice, tokens) == 401
    assert await gone()
