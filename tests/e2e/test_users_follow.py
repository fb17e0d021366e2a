"""Users follow Keycloak: what happens to an account in the realm reaches the API within seconds."""

from __future__ import annotations

import asyncio
import html
import re
import secrets
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from keycloak import KeycloakAdmin

from messenger_testing.client import Account
from messenger_testing.e2e import People, Processes, stack_setting
from messenger_testing.login import CLIENT_ID, REDIRECT_URI, LoginPage, Tokens, log_in

pytestmark = pytest.mark.e2e

WITHIN_S = 3.0
# Between two attempts to reach Keycloak.
MAX_BACK_OFF_S = 5.0
HANGS_S = 6.0
PASSWORD = "Correct-horse-9-battery"
FORM = re.compile(r'<form[^>]*action="([^"]+)"')

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


class Visitor(LoginPage):
    """A person before Keycloak's pages, without any administrator."""

    async def fill_in(self, page: str, fields: dict[str, str], **more: str) -> None:
        """Open one of the pages that a client may send people to, fill its form in and come back to the client."""
        params = {
            "client_id": CLIENT_ID,
            "redirect_uri": REDIRECT_URI,
            "response_type": "code",
            "scope": "openid",
            "code_challenge": "A" * 43,
            "code_challenge_method": "S256",
        }
        opened = await self._browser.get(f"{self._realm}/{page}", params=params | more, follow_redirects=True)
        form = FORM.search(opened.text)
        assert form is not None, opened.text
        answer = await self._browser.post(html.unescape(form[1]), data=fields)
        while answer.is_redirect and not answer.headers["location"].startswith(REDIRECT_URI):
            answer = await self._browser.get(answer.headers["location"])
        assert answer.is_redirect, answer.text


async def test_what_people_do_themselves_is_followed(console: RealmConsole, alice: Account) -> None:
    """They register and change their profile on Keycloak's pages, and never call us."""
    username = f"follow-{secrets.token_hex(6)}"
    fields = {"username": username, "email": f"{username}@example.com", "firstName": "Own", "lastName": "Doing"}
    passwords = {"password": PASSWORD, "password-confirm": PASSWORD}
    async with Visitor(alice.public_url) as visitor:
        await visitor.fill_in("registrations", fields | passwords)
        console.made.append(str(await console.admin.a_get_user_id(username)))
        (person,) = await seen(lambda: find(alice, username))
        assert person["name"] == "Own Doing"
        await visitor.fill_in("auth", fields | {"firstName": "Changed"}, kc_action="UPDATE_PROFILE")

    async def renamed() -> bool:
        return bool((await profile(alice, person["id"]))["name"] == "Changed Doing")

    assert await seen(renamed)


async def test_changes_while_the_user_service_is_dead_are_followed_when_it_is_back(
    console: RealmConsole, alice: Account, processes: Processes
) -> None:
    kept, kept_name = await console.create()
    gone, gone_name = await console.create()
    (person,) = await seen(lambda: find(alice, kept_name))
    (leaving,) = await seen(lambda: find(alice, gone_name))
    await asyncio.to_thread(processes.stop, "user")
    try:
        await console.change(kept, firstName="Meanwhile")
        await console.delete(gone)
        _, new_name = await console.create()
    finally:
        processes.start("user")
    await processes.healthy()

    async def caught_up() -> bool:
        names = [(await profile(alice, user["id"]))["name"] for user in (person, leaving)]
        return names == [f"Meanwhile {kept_name.title()}", "Deleted account"] and len(await find(alice, new_name)) == 1

    assert await seen(caught_up)


async def test_while_keycloak_hangs_the_service_answers_and_it_catches_up_afterwards(
    console: RealmConsole, alice: Account, processes: Processes
) -> None:
    sub, username = await console.create()
    (person,) = await seen(lambda: find(alice, username))
    processes.signal("keycloak", signal.SIGSTOP)
    try:
        # Longer than a question may take, so that at least one fails.
        began = time.monotonic()
        while time.monotonic() - began < HANGS_S:
            assert (await profile(alice, person["id"]))["username"] == username
            await asyncio.sleep(0.2)
        async with httpx.AsyncClient(base_url=stack_setting("USER_URL"), timeout=3) as http:
            assert (await http.get("/readyz")).status_code == 200
    finally:
        processes.signal("keycloak", signal.SIGCONT)
    await console.change(sub, firstName="Afterwards")

    async def caught_up() -> bool:
        return bool((await profile(alice, person["id"]))["name"] == f"Afterwards {username.title()}")

    assert await seen(caught_up, within_s=WITHIN_S + MAX_BACK_OFF_S)


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
