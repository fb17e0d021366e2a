"""Sessions on the real database: stored, refreshed once, their keys rotated."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Awaitable, Callable
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

Browser = Any
Keycloak = Any
Start = Callable[..., Awaitable[FastAPI]]
Events = Callable[[], Awaitable[list[dict[str, Any]]]]
Rows = Callable[[str], Awaitable[list[Any]]]


def key(name: str) -> str:
    return f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


async def test_a_login_is_stored_without_anything_that_could_be_used(
    app: FastAPI, browser: Browser, keycloak: Keycloak, rows: Rows
) -> None:
    answer = await browser.log_in(app)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    (row,) = await rows("SELECT *, host(ip) AS address FROM gateway.session")
    assert (str(row["sub"]), row["sid"], row["key_id"]) == (browser.sub, browser.sid, "k1")
    assert (row["address"], row["user_agent"]) == ("192.0.2.7", "Firefox/140.0 Linux")
    stored = b"".join(bytes(value) for value in row.values() if isinstance(value, bytes))
    (refresh_token,) = keycloak.good
    for secret in (browser.cookie("session"), browser.cookie("access_token"), refresh_token):
        assert secret.encode() not in stored


async def test_fifty_refreshes_in_two_processes_ask_keycloak_once(
    start: Start, browser: Browser, keycloak: Keycloak
) -> None:
    processes = [await start(), await start()]
    await browser.log_in(processes[0])
    first = browser.cookie("access_token")
    headers = {
        "Origin": "http://localhost:8080",
        "X-CSRF": "1",
        "Cookie": f"session={browser.cookie('session')}; access_token={first}",
    }

    async def one(app: FastAPI) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost:8080") as http:
            return await http.post("/auth/refresh", headers=headers)

    answers = await asyncio.gather(*(one(processes[number % 2]) for number in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    tokens = {SimpleCookie(answer.headers["set-cookie"])["access_token"].value for answer in answers}
    assert len(tokens) == 1
    assert tokens != {first}
    assert keycloak.calls("refresh_token") == 1
    assert (await browser.refresh(processes[1])).status_code == 200


async def test_each_refresh_that_shows_the_newest_token_gets_a_newer_one(
    app: FastAPI, browser: Browser, keycloak: Keycloak
) -> None:
    await browser.log_in(app)
    seen = {browser.cookie("access_token")}
    for count in range(1, 4):
        assert (await browser.refresh(app)).json().keys() == {"expires_in"}
        seen.add(browser.cookie("access_token"))
        assert keycloak.calls("refresh_token") == count
    assert len(seen) == 4


async def test_a_caller_that_goes_away_does_not_lose_the_session(
    app: FastAPI, browser: Browser, keycloak: Keycloak
) -> None:
    await browser.log_in(app)
    asked, answer = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        asked.set()
        await answer.wait()

    keycloak.before_refresh = hold
    call = asyncio.create_task(browser.refresh(app))
    await asked.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    answer.set()
    assert (await browser.refresh(app)).status_code == 200


async def test_keycloak_away_is_503_and_the_session_stays(
    app: FastAPI, browser: Browser, keycloak: Keycloak, wal: Events
) -> None:
    await browser.log_in(app)
    keycloak.away = True
    answer = await browser.refresh(app)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert browser.cookie("session") is not None
    keycloak.away = False
    assert (await browser.refresh(app)).status_code == 200
    assert await wal() == []


async def test_keys_are_rotated_without_a_logout(start: Start, browser: Browser, rows: Rows) -> None:
    old, new = key("old"), key("new")
    before = await start(session_keys=secret(old))
    await browser.log_in(before)
    both = await start(session_keys=secret(f"{new},{old}"))
    assert (await browser.refresh(both)).status_code == 200
    assert [row["key_id"] for row in await rows("SELECT key_id FROM gateway.session")] == ["new"]
    after = await start(session_keys=secret(new))
    assert (await browser.refresh(after)).status_code == 200
    # Whoever still had the removed key's tokens must log in again.
    answer = await browser.refresh(before)
    assert (answer.status_code, answer.json()["reason"]) == (401, "expired")


def secret(value: str) -> Any:
    return SecretStr(value)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-CSRF": "1"}, 200),
        ({"X-CSRF": "0"}, 403),
        ({"X-CSRF": ""}, 403),
        ({"Origin": "http://localhost:8081"}, 403),
        ({"Origin": "https://localhost:8080"}, 403),
        ({"Origin": "http://localhost:8080.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
    ],
    ids=str,
)
async def test_changes_need_the_header_and_our_own_origin(
    app: FastAPI, browser: Browser, headers: dict[str, str], status: int
) -> None:
    await browser.log_in(app)
    assert (await browser.call(app, "POST", "/auth/refresh", headers=headers)).status_code == status


async def test_a_service_with_its_database_is_ready(app: FastAPI, browser: Browser) -> None:
    assert (await browser.call(app, "GET", "/readyz")).json() == {"status": "ready", "parts": {"database": True}}


async def test_a_database_that_is_away_is_503(start: Start, browser: Browser, unused_tcp_port: int) -> None:
    app = await start(postgres_port=unused_tcp_port)
    browser.cookies.set("session", "x", "localhost.local", "/auth")
    assert (await browser.refresh(app)).status_code == 503
    assert (await browser.call(app, "GET", "/readyz")).status_code == 503
    assert (await browser.log_in(app)).headers["location"] == "/?login_error=unavailable"
