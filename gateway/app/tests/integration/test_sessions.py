"""Sessions on the real database: refreshed once, ended once, told once."""

from __future__ import annotations

import asyncio
import base64
import secrets
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from gateway_app.services.keep_in_step import KeepInStep
from messenger_platform.events import Position

Browser = Any
Keycloak = Any
Start = Callable[..., Awaitable[FastAPI]]
Events = Callable[[], Awaitable[list[dict[str, Any]]]]
Rows = Callable[[str], Awaitable[list[Any]]]
INTERNAL = "/internal/ended-sessions"


def key(name: str) -> str:
    return f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


async def refresh(browser: Browser, app: FastAPI) -> httpx.Response:
    answer: httpx.Response = await browser.call(app, "POST", "/auth/refresh")
    return answer


async def post_logout_token(app: FastAPI, token: str, **options: Any) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as http:
        return await http.post("/auth/backchannel-logout", **({"data": {"logout_token": token}} | options))


def summary(events: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(event["type"], event["data"]["sid"], event["data"]["reason"]) for event in events]


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
    assert (await refresh(browser, processes[1])).status_code == 200


async def test_each_refresh_that_shows_the_newest_token_gets_a_newer_one(
    app: FastAPI, browser: Browser, keycloak: Keycloak
) -> None:
    await browser.log_in(app)
    seen = {browser.cookie("access_token")}
    for count in range(1, 4):
        assert (await refresh(browser, app)).json().keys() == {"expires_in"}
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
    call = asyncio.create_task(refresh(browser, app))
    await asked.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    answer.set()
    assert (await refresh(browser, app)).status_code == 200


async def test_keycloak_away_is_503_and_the_session_stays(
    app: FastAPI, browser: Browser, keycloak: Keycloak, wal: Events
) -> None:
    await browser.log_in(app)
    keycloak.away = True
    answer = await refresh(browser, app)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert browser.cookie("session") is not None
    keycloak.away = False
    assert (await refresh(browser, app)).status_code == 200
    assert await wal() == []


async def test_a_refused_refresh_token_ends_the_session_and_says_so(
    app: FastAPI, browser: Browser, keycloak: Keycloak, wal: Events
) -> None:
    await browser.log_in(app)
    session = browser.cookie("session")
    keycloak.end(browser.sid)
    for _ in range(2):
        browser.cookies.set("session", session, "localhost.local", "/auth")
        answer = await refresh(browser, app)
        assert (answer.status_code, answer.json()["reason"]) == (401, "revoked")
        assert answer.headers["clear-site-data"] == '"cache", "storage"'
        assert answer.headers["cache-control"] == "no-store"
        assert browser.cookie("session") is None
    assert summary(await wal()) == [("SessionEnded", browser.sid, "revoked")]


async def test_an_end_during_a_refresh_wins(app: FastAPI, browser: Browser, keycloak: Keycloak, rows: Rows) -> None:
    await browser.log_in(app)
    ended: list[httpx.Response] = []

    async def end() -> None:
        # Keycloak tells of the end while it works on the refresh, and waits for our answer.
        token = keycloak.sign(keycloak.logout_claims(sid=browser.sid, sub=browser.sub), typ="logout+jwt")
        async with asyncio.timeout(2):
            ended.append(await post_logout_token(app, token))

    keycloak.before_refresh = end
    answer = await refresh(browser, app)
    assert [response.status_code for response in ended] == [200]
    assert (answer.status_code, answer.json()["reason"]) == (401, "revoked")
    assert await rows("SELECT * FROM gateway.session") == []


async def test_keys_are_rotated_without_a_logout(start: Start, browser: Browser, rows: Rows) -> None:
    old, new = key("old"), key("new")
    before = await start(session_keys=secret(old))
    await browser.log_in(before)
    both = await start(session_keys=secret(f"{new},{old}"))
    assert (await refresh(browser, both)).status_code == 200
    assert [row["key_id"] for row in await rows("SELECT key_id FROM gateway.session")] == ["new"]
    after = await start(session_keys=secret(new))
    assert (await refresh(browser, after)).status_code == 200
    # Whoever still had the removed key's tokens must log in again.
    answer = await refresh(browser, before)
    assert (answer.status_code, answer.json()["reason"]) == (401, "expired")


def secret(value: str) -> Any:
    return SecretStr(value)


async def test_logout_ends_here_and_at_keycloak_and_is_told_once(
    app: FastAPI, browser: Browser, keycloak: Keycloak, wal: Events
) -> None:
    await browser.log_in(app)
    answer = await browser.call(app, "POST", "/auth/logout")
    assert answer.status_code == 204
    assert keycloak.subs == {}
    token = keycloak.sign(keycloak.logout_claims(sid=browser.sid, sub=browser.sub), typ="logout+jwt")
    assert (await post_logout_token(app, token)).status_code == 200
    assert summary(await wal()) == [("SessionEnded", browser.sid, "logout")]
    assert (await browser.call(app, "POST", "/auth/logout")).status_code == 204


async def test_a_logout_that_keycloak_missed_is_made_up_for(
    app: FastAPI, browser: Browser, keycloak: Keycloak, rows: Rows
) -> None:
    await browser.log_in(app)
    keycloak.away = True
    assert (await browser.call(app, "POST", "/auth/logout")).status_code == 204
    assert browser.sid in keycloak.subs
    keycloak.away = False
    await app.state.wiring.keep_in_step.once()
    assert keycloak.subs == {}
    assert [row["refresh_token_enc"] for row in await rows("SELECT * FROM gateway.closed_session")] == [None]


async def test_a_login_session_whose_end_was_told_does_not_come_back(
    app: FastAPI, browser: Browser, keycloak: Keycloak, rows: Rows
) -> None:
    await browser.log_in(app)
    keycloak.good.clear()  # The refresh token was used by somebody else; Keycloak's own session and cookie live on.
    assert (await refresh(browser, app)).status_code == 401
    answer = await browser.log_in(app, sid=browser.sid)
    assert (answer.status_code, answer.headers["location"]) == (303, "/auth/login?return_to=%2F")
    assert keycloak.subs == {}
    assert await rows("SELECT * FROM gateway.session") == []
    assert (await browser.log_in(app)).headers["location"] == "/"


async def test_a_browser_that_logs_in_again_has_one_session(
    app: FastAPI, browser: Browser, keycloak: Keycloak, wal: Events, rows: Rows
) -> None:
    await browser.log_in(app)
    first = browser.sid
    await browser.log_in(app, sid=first)
    browser.cookies.clear()  # Only ours: Keycloak's cookie lets the browser in again.
    await browser.log_in(app, sid=first)
    assert [row["sid"] for row in await rows("SELECT sid FROM gateway.session")] == [first]
    assert await wal() == []
    await browser.log_in(app)
    assert [row["sid"] for row in await rows("SELECT sid FROM gateway.session")] == [browser.sid]
    assert summary(await wal()) == [("SessionEnded", first, "logout")]
    assert set(keycloak.subs) == {browser.sid}


async def test_the_table_keeps_five_of_a_user_by_last_use(
    app: FastAPI, browser_of: Callable[..., Browser], keycloak: Keycloak, wal: Events, rows: Rows
) -> None:
    sub = str(uuid.uuid4())
    browsers = [browser_of(sub) for _ in range(5)]
    for one in browsers:
        await one.log_in(app)
    await refresh(browsers[0], app)
    late = [browser_of(sub) for _ in range(3)]
    await asyncio.gather(*(one.log_in(app) for one in late))
    assert len(await rows("SELECT * FROM gateway.session")) == 5
    assert {event[1:] for event in summary(await wal())} == {(one.sid, "evicted") for one in browsers[1:4]}
    assert set(keycloak.subs) == {one.sid for one in (browsers[0], browsers[4], *late)}


async def test_a_logout_token_is_accepted_once(app: FastAPI, browser: Browser, keycloak: Keycloak, wal: Events) -> None:
    await browser.log_in(app)
    token = keycloak.sign(keycloak.logout_claims(sid=browser.sid, sub=browser.sub), typ="logout+jwt")
    first = await post_logout_token(app, token)
    assert (first.status_code, first.headers["cache-control"]) == (200, "no-store")
    again = await post_logout_token(app, token)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_request")
    assert summary(await wal()) == [("SessionEnded", browser.sid, "revoked")]
    assert (await refresh(browser, app)).json()["reason"] == "revoked"


async def test_the_end_of_a_session_that_we_never_saw_is_told_too(
    app: FastAPI, keycloak: Keycloak, wal: Events
) -> None:
    claims = keycloak.logout_claims(aud="messenger-cli")
    assert (await post_logout_token(app, keycloak.sign(claims, typ="logout+jwt"))).status_code == 200
    (event,) = await wal()
    assert (event["type"], event["source"], event["subject"]) == ("SessionEnded", "gateway", claims["sid"])
    assert (event["data"]["sid"], event["data"]["sub"]) == (claims["sid"], claims["sub"])
    assert event["data"]["reason"] == "revoked"


async def test_a_logout_token_without_sid_ends_all_sessions_of_its_subject(
    app: FastAPI, browser_of: Callable[..., Browser], keycloak: Keycloak, wal: Events
) -> None:
    sub = str(uuid.uuid4())
    browsers = [browser_of(sub), browser_of(sub)]
    stranger = browser_of()
    for one in (*browsers, stranger):
        await one.log_in(app)
    token = keycloak.sign(keycloak.logout_claims(sid=None, sub=sub), typ="logout+jwt")
    assert (await post_logout_token(app, token)).status_code == 200
    (event,) = await wal()
    assert (event["data"]["sid"], event["data"]["sub"], event["subject"]) == (None, sub, sub)
    assert [(await refresh(one, app)).status_code for one in browsers] == [401, 401]
    assert (await refresh(stranger, app)).status_code == 200


@pytest.mark.parametrize(
    "options",
    [
        {"data": {}},
        {"data": {"logout_token": ["a", "b"]}},
        {"data": {"logout_token": "x" * 40_000}},
        {"data": {}, "content": b"\xff\xff"},
        {"data": {}, "json": {"logout_token": "x"}},
        {"data": {}, "content": b"logout_token=x", "headers": {"Content-Type": "text/plain"}},
    ],
    ids=range(6),
)
async def test_a_body_that_is_no_form_with_one_token_is_refused(app: FastAPI, options: dict[str, Any]) -> None:
    if not options["data"]:
        options = {**options, "data": None}
    assert (await post_logout_token(app, "", **options)).status_code == 400


async def test_what_keycloak_ended_without_a_word_is_noticed(
    app: FastAPI, browser_of: Callable[..., Browser], keycloak: Keycloak, wal: Events
) -> None:
    kept, gone = browser_of(), browser_of()
    for one in (kept, gone):
        await one.log_in(app)
    keycloak.end(gone.sid)
    later = datetime.now(UTC).timestamp() + 120
    job = step(app, later)
    await job.once()
    assert summary(await wal()) == [("SessionEnded", gone.sid, "revoked")]
    assert (await refresh(gone, app)).status_code == 401
    assert (await refresh(kept, app)).status_code == 200


def step(app: FastAPI, now: float) -> KeepInStep:
    usual = app.state.wiring.keep_in_step
    return KeepInStep(usual._sessions, usual._realm, usual._log_out, clock=lambda: now)


async def test_expired_sessions_leave_and_old_ends_are_forgotten(
    app: FastAPI, browser: Browser, keycloak: Keycloak, wal: Events, rows: Rows
) -> None:
    await browser.log_in(app)
    expiry = datetime.now(UTC) + timedelta(days=14, seconds=5)
    await step(app, expiry.timestamp()).once()
    assert summary(await wal()) == [("SessionEnded", browser.sid, "expired")]
    assert await rows("SELECT * FROM gateway.session") == []
    assert (await refresh(browser, app)).json()["reason"] == "expired"
    await step(app, (expiry + timedelta(hours=1)).timestamp()).once()
    for table in ("closed_session", "ended_session", "seen_logout_token"):
        assert await rows(f"SELECT * FROM gateway.{table}") == []  # noqa: S608 - constants.


async def test_a_disabled_account_loses_its_sessions_once(
    app: FastAPI, browser: Browser, keycloak: Keycloak, wal: Events
) -> None:
    await browser.log_in(app)
    end_account = app.state.wiring.end_account
    position = Position.at("1.1.1", 100, 0)
    await end_account(position, [browser.sub])
    assert (await refresh(browser, app)).json()["reason"] == "revoked"
    # Enabled again and logged in: the same message, delivered once more, must not end the new session.
    await browser.log_in(app)
    await end_account(position, [browser.sub])
    assert (await refresh(browser, app)).status_code == 200
    assert [(event["data"]["sid"], event["data"]["sub"]) for event in await wal()] == [(None, browser.sub)]


async def test_parts_of_the_system_read_what_they_missed_and_nobody_else(app: FastAPI, browser: Browser) -> None:
    await browser.log_in(app)
    await browser.call(app, "POST", "/auth/logout")
    for authorization in ("", "Internal", "Internal wrong", "Bearer x", "Internal é"):
        answer = await browser.call(app, "GET", INTERNAL, headers={"Authorization": authorization.encode()})
        assert answer.status_code == 403
    authorization = f"Internal {app.state.wiring.internal_secret}"
    (item,) = (await browser.call(app, "GET", INTERNAL, headers={"Authorization": authorization})).json()["items"]
    assert (item["sid"], item["sub"], item["reason"]) == (browser.sid, browser.sub, "logout")
    assert datetime.fromisoformat(item["ended_at"]).tzinfo is not None


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
    assert (await refresh(browser, app)).status_code == 503
    assert (await browser.call(app, "GET", "/readyz")).status_code == 503
    assert (await browser.log_in(app)).headers["location"] == "/?login_error=unavailable"
