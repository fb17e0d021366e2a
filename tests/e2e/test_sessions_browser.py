"""Sessions of browsers through the real gateway and the real Keycloak, and every way in which they end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import asyncpg
import httpx
import pytest

from gateway_app.domain.keyring import KeyRing, Sealed
from messenger_testing.browser import Browser
from messenger_testing.client import LiveClient
from messenger_testing.e2e import claims_of
from messenger_testing.login import LoginFailed, LoginPage, log_in
from messenger_testing.people import Person, RealmAdmin

AT_ONCE_S = 2.0
CLIENT = "gateway"
# One call to each service.
SERVICES = ("/api/chats", "/api/users/me")

Open = Callable[[], Awaitable[Browser]]


async def live(browser: Browser, stack: AsyncExitStack) -> LiveClient:
    return await stack.enter_async_context(await browser.live())


async def assert_closes(socket: LiveClient, reason: str) -> None:
    assert (await socket.wait_closed(AT_ONCE_S), socket.close_reason) == (4401, reason)


async def assert_ended(browser: Browser, reason: str) -> None:
    """Neither the access token nor a refresh is any good, and the browser is told why and cleaned."""
    for path in SERVICES:
        assert (await browser.get(path)).status_code == 401, path
    refused = await browser.change("POST", "/auth/refresh")
    assert (refused.status_code, refused.json()["reason"]) == (401, reason)
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["clear-site-data"] == '"cache", "storage"'
    assert browser.cookie("session") is None
    assert browser.cookie("access_token") is None


def sid_of(browser: Browser) -> str:
    return str(claims_of(browser.cookie("access_token") or "")["sid"])


async def test_the_list_tells_devices_apart_and_knows_native_clients(
    public_url: str, person: Person, logged_in: Open, stack: AsyncExitStack
) -> None:
    here, there = await logged_in(), await logged_in()
    await log_in(public_url, person.username, person.password)
    listed = (await here.get("/auth/sessions")).json()
    assert [(found["client"], found["current"]) for found in listed[:1]] == [(CLIENT, True)]
    assert sorted(found["device"] for found in listed) == ["Firefox on Linux", "Firefox on Linux", "messenger-cli"]
    assert {found["address"] for found in listed} == {"127.0.0.1"}
    assert listed[0].keys() == {"id", "device", "address", "client", "created_at", "last_used_at", "current"}
    assert [found["current"] for found in (await there.get("/auth/sessions")).json()] == [True, False, False]


async def test_ending_another_browser_ends_it_everywhere_at_once(
    logged_in: Open, person: Person, stack: AsyncExitStack
) -> None:
    here, there = await logged_in(), await logged_in()
    mine, theirs = await live(here, stack), await live(there, stack)
    other = next(found["id"] for found in (await here.get("/auth/sessions")).json() if not found["current"])
    assert (await here.change("DELETE", f"/auth/sessions/{other}")).status_code == 204
    await assert_closes(theirs, "revoked")
    await assert_ended(there, "revoked")
    assert await person.sids() == {sid_of(here)}
    await mine.send({"type": "ping"})
    await mine.wait_for(lambda frame: frame["type"] == "pong")
    assert (await here.change("POST", "/auth/refresh")).status_code == 200


async def test_ending_all_others_takes_native_clients_along(
    public_url: str, logged_in: Open, person: Person, stack: AsyncExitStack
) -> None:
    here, there = await logged_in(), await logged_in()
    page = await stack.enter_async_context(LoginPage(public_url))
    native = await page.log_in(person.username, person.password)
    theirs = await live(there, stack)
    socket = await stack.enter_async_context(await LiveClient.open(public_url, native.access_token))
    assert (await here.change("DELETE", "/auth/sessions?others=true")).status_code == 204
    await assert_closes(theirs, "revoked")
    await assert_closes(socket, "revoked")
    await assert_ended(there, "revoked")
    with pytest.raises(LoginFailed):
        await page.refresh(native.refresh_token)
    headers = {"Authorization": f"Bearer {native.access_token}"}
    async with httpx.AsyncClient(base_url=public_url, headers=headers) as http:
        for path in SERVICES:
            assert (await http.get(path)).status_code == 401, path
    assert await person.sids() == {sid_of(here)}
    assert len((await here.get("/auth/sessions")).json()) == 1


async def test_one_native_session_can_be_ended_from_a_browser(public_url: str, logged_in: Open, person: Person) -> None:
    here = await logged_in()
    await log_in(public_url, person.username, person.password)
    native = next(found for found in (await here.get("/auth/sessions")).json() if found["client"] == "messenger-cli")
    assert (await here.change("DELETE", f"/auth/sessions/{native['id']}")).status_code == 204
    assert await person.sids() == {sid_of(here)}


async def test_nobody_ends_sessions_of_others(logged_in: Open, admin: RealmAdmin, stack: AsyncExitStack) -> None:
    mine = await logged_in()
    stranger = await admin.new_person()
    try:
        theirs = await stack.enter_async_context(Browser(mine.public_url))
        await theirs.log_in(stranger.username, stranger.password)
        (listed,) = (await theirs.get("/auth/sessions")).json()
        for session_id in (listed["id"], sid_of(theirs), "no-such-session"):
            assert (await mine.change("DELETE", f"/auth/sessions/{session_id}")).status_code == 404
        assert (await theirs.change("POST", "/auth/refresh")).status_code == 200
    finally:
        await stranger.remove()


async def test_logout_ends_the_login_at_keycloak_too(logged_in: Open, person: Person, stack: AsyncExitStack) -> None:
    browser, other = await logged_in(), await logged_in()
    socket = await live(browser, stack)
    token = browser.cookie("access_token")
    answer = await browser.change("POST", "/auth/logout")
    assert answer.status_code == 204
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert browser.cookie("session") is None
    await assert_closes(socket, "logout")
    for path in SERVICES:
        stolen = await browser.get(path, headers={"Authorization": f"Bearer {token}"})
        assert stolen.status_code == 401, path
    assert await person.sids() == {sid_of(other)}
    # Keycloak asks for the password again: its own login has ended.
    with pytest.raises(LoginFailed):
        await browser.log_in(person.username, "wrong")
    assert (await other.change("POST", "/auth/refresh")).status_code == 200


async def test_six_logins_leave_five_and_the_oldest_is_gone(
    public_url: str, logged_in: Open, person: Person, stack: AsyncExitStack
) -> None:
    oldest = await logged_in()
    socket = await live(oldest, stack)
    await asyncio.sleep(1.1)  # Keycloak compares whole seconds.
    browsers = [await logged_in() for _ in range(2)]
    natives = [await log_in(public_url, person.username, person.password) for _ in range(2)]
    assert len(await person.sids()) == 5
    browsers.append(await logged_in())
    await assert_closes(socket, "evicted")
    await assert_ended(oldest, "evicted")
    assert len(await person.sids()) == 5
    assert {sid_of(browser) for browser in browsers} <= await person.sids()
    assert len((await browsers[0].get("/auth/sessions")).json()) == 5
    for browser in browsers:
        assert (await browser.change("POST", "/auth/refresh")).status_code == 200
    async with LoginPage(public_url) as page:
        for native in natives:
            await page.refresh(native.refresh_token)


async def test_an_administrators_logout_ends_browsers_and_native_clients(
    public_url: str, logged_in: Open, person: Person, stack: AsyncExitStack
) -> None:
    browser = await logged_in()
    native = await log_in(public_url, person.username, person.password)
    sockets = [await live(browser, stack)]
    sockets.append(await stack.enter_async_context(await LiveClient.open(public_url, native.access_token)))
    await person.log_out_everywhere()
    for socket in sockets:
        await assert_closes(socket, "revoked")
    await assert_ended(browser, "revoked")


async def test_a_disabled_account_is_out_at_once(logged_in: Open, person: Person, stack: AsyncExitStack) -> None:
    browser = await logged_in()
    socket = await live(browser, stack)
    await person.set_enabled(enabled=False)
    await assert_closes(socket, "revoked")
    await assert_ended(browser, "revoked")
    await person.set_enabled(enabled=True)
    # What was issued before stays dead; Keycloak's own login was not ended by that, so a new session needs no password.
    assert (await browser.change("POST", "/auth/refresh")).status_code == 401
    await browser.log_in(person.username, person.password)
    # Tokens tell their birth in whole seconds: one of the very second of the end is taken for an older one.
    async with asyncio.timeout(5):
        while {(await browser.get(path)).status_code for path in SERVICES} != {200}:
            assert (await browser.change("POST", "/auth/refresh")).status_code == 200
            await asyncio.sleep(0.2)


async def test_a_stolen_refresh_token_ends_the_session_of_thief_and_owner(
    logged_in: Open, person: Person, stack: AsyncExitStack, database: asyncpg.Connection[asyncpg.Record]
) -> None:
    browser = await logged_in()
    socket = await live(browser, stack)
    row = await database.fetchrow("SELECT * FROM gateway.session WHERE sid = $1", sid_of(browser))
    assert row is not None
    keys = KeyRing.parse(os.environ["SESSION_KEYS"])
    stolen = keys.open(Sealed(row["key_id"], row["refresh_token_enc"]), f"{row['id']} refresh token")
    assert (await browser.change("POST", "/auth/refresh")).status_code == 200
    assert (await spend(stolen)).json()["error"] == "invalid_grant"
    # The owner's next refresh finds the whole chain dead: nobody can say which of the two is the thief.
    refused = await browser.change("POST", "/auth/refresh")
    assert (refused.status_code, refused.json()["reason"]) == (401, "revoked")
    await assert_closes(socket, "revoked")
    # Keycloak still knows the browser, but lets it in under the ended session's id: the password is asked again.
    first = row["sid"]
    await browser.log_in(person.username, person.password)
    assert sid_of(browser) != first
    assert (await browser.get("/api/users/me")).status_code == 200


async def spend(refresh_token: str) -> httpx.Response:
    url = f"{os.environ['KEYCLOAK_URL']}/realms/messenger/protocol/openid-connect/token"
    form = {"client_id": "gateway", "client_secret": os.environ["GATEWAY_CLIENT_SECRET"]}
    async with httpx.AsyncClient() as http:
        return await http.post(url, data=form | {"grant_type": "refresh_token", "refresh_token": refresh_token})
