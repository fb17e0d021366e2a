"""Logins of browsers through the real gateway and the real Keycloak, and what another site cannot do with them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from http.cookies import SimpleCookie

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from messenger_testing.browser import Browser
from messenger_testing.client import LiveClient
from messenger_testing.login import LoginFailed
from messenger_testing.people import Person

Open = Callable[[], Awaitable[Browser]]


async def test_login_by_the_real_page_gives_cookies_that_work_and_no_script_can_read(
    public_url: str, person: Person, stack: AsyncExitStack
) -> None:
    browser = await stack.enter_async_context(Browser(public_url))
    answer = await browser.log_in(person.username, person.password, return_to="/chats/1?tab=2#end")
    assert (answer.status_code, answer.headers["location"]) == (303, "/chats/1?tab=2#end")
    assert answer.headers["cache-control"] == "no-store"
    cookies = SimpleCookie()
    for line in answer.headers.get_list("set-cookie"):
        cookies.load(line)
    for name, path in (("access_token", "/"), ("session", "/auth")):
        flags = cookies[name]
        assert (flags["path"], flags["httponly"], flags["samesite"], flags["domain"]) == (path, True, "lax", "")
        # http://localhost has no TLS: Secure would be a promise that nobody keeps.
        assert not flags["secure"]
    assert 280 < int(cookies["access_token"]["max-age"]) <= 300
    assert len(cookies["session"].value) >= 43
    me = await browser.get("/api/users/me")
    assert (me.status_code, me.json()["username"]) == (200, person.username)
    assert me.headers["cache-control"] == "no-store"
    socket = await stack.enter_async_context(await browser.live())
    assert socket.user_id == me.json()["id"]


async def test_a_socket_by_cookie_needs_our_own_origin(public_url: str, logged_in: Open) -> None:
    browser = await logged_in()
    cookie = f"access_token={browser.cookie('access_token')}"
    for headers in ({}, {"Origin": "http://evil.example"}, {"Origin": f"{public_url}.evil.example"}):
        with pytest.raises(InvalidStatus) as refusal:
            await LiveClient.open(public_url, None, Cookie=cookie, **headers)
        assert refusal.value.response.status_code == 403


async def test_refresh_gives_a_new_token_in_the_cookie_and_never_in_the_body(logged_in: Open) -> None:
    browser = await logged_in()
    first, session = browser.cookie("access_token"), browser.cookie("session")
    answer = await browser.change("POST", "/auth/refresh")
    assert answer.status_code == 200
    assert answer.json().keys() == {"expires_in"}
    assert 280 < answer.json()["expires_in"] <= 300
    assert answer.headers["cache-control"] == "no-store"
    assert browser.cookie("access_token") not in {first, None}
    assert browser.cookie("session") == session
    assert (await browser.get("/api/users/me")).status_code == 200


async def test_fifty_refreshes_at_once_give_one_new_token(logged_in: Open, person: Person) -> None:
    browser = await logged_in()
    first = browser.cookie("access_token")
    headers = {"Cookie": f"session={browser.cookie('session')}; access_token={first}"}
    async with httpx.AsyncClient(base_url=browser.public_url, timeout=30) as tabs:
        headers |= {"Origin": browser.public_url, "X-CSRF": "1"}
        answers = await asyncio.gather(*(tabs.post("/auth/refresh", headers=headers) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    tokens = {SimpleCookie(answer.headers["set-cookie"])["access_token"].value for answer in answers}
    assert len(tokens) == 1
    assert tokens != {first}
    # A refresh token spent twice would have killed the login at Keycloak.
    assert (await browser.change("POST", "/auth/refresh")).status_code == 200


async def test_two_logins_may_be_on_their_way_in_one_browser(
    public_url: str, person: Person, stack: AsyncExitStack
) -> None:
    browser = await stack.enter_async_context(Browser(public_url))
    first = await browser.get("/auth/login", params={"return_to": "/first"})
    second = await browser.get("/auth/login", params={"return_to": "/second"})
    answers = [await browser.finish(first, person.username, person.password)]
    answers.append(await browser.finish(second, person.username, person.password))
    assert [answer.headers["location"] for answer in answers] == ["/first", "/second"]
    # One browser has one session, however often it logged in.
    assert len((await browser.get("/auth/sessions")).json()) == 1
    assert (await browser.change("POST", "/auth/refresh")).status_code == 200


async def test_a_login_cannot_be_planted_in_another_browser(
    public_url: str, person: Person, stack: AsyncExitStack
) -> None:
    attacker = await stack.enter_async_context(Browser(public_url))
    answer = await attacker.get("/auth/login")
    held: list[str] = []

    async def hold(request: httpx.Request) -> None:
        if request.url.path == "/auth/callback":
            held.append(str(request.url))
            raise LoginFailed("held")

    attacker.http.event_hooks["request"] = [hold]
    with pytest.raises(LoginFailed, match="held"):
        await attacker.finish(answer, person.username, person.password)
    victim = await stack.enter_async_context(Browser(public_url))
    planted = await victim.get(held[0])
    assert planted.status_code == 400
    assert victim.cookie("session") is None


async def test_an_error_of_keycloak_leads_back_with_its_code(public_url: str, stack: AsyncExitStack) -> None:
    browser = await stack.enter_async_context(Browser(public_url))
    started = await browser.get("/auth/login", params={"return_to": "/chats?x=1#top"})
    assert started.status_code == 303
    state = httpx.URL(started.headers["location"]).params["state"]
    params = {"state": state, "error": "access_denied", "iss": f"{public_url}/realms/messenger"}
    answer = await browser.get("/auth/callback", params=params)
    assert (answer.status_code, answer.headers["location"]) == (303, "/chats?x=1&login_error=access_denied#top")
    assert (await browser.get("/auth/callback", params=params)).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"X-CSRF": ""},
        {"X-CSRF": "0"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/auth/logout"), ("POST", "/auth/refresh"), ("DELETE", "/auth/sessions?others=true")],
)
async def test_another_site_cannot_act_for_a_visitor(
    headers: dict[str, str], method: str, path: str, logged_in: Open
) -> None:
    browser = await logged_in()
    assert (await browser.change(method, path, **headers)).status_code == 403
    assert (await browser.get("/api/users/me")).status_code == 200


@pytest.mark.parametrize("path", ["/auth/backchannel-logout", "/auth/Backchannel-logout/", "/internal/ended-sessions"])
async def test_what_only_parts_of_the_system_call_is_not_public(public_url: str, path: str) -> None:
    async with httpx.AsyncClient(base_url=public_url) as http:
        for method in ("GET", "POST"):
            assert (await http.request(method, path)).status_code in {404, 405}
