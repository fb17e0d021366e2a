"""The ends of sessions on the real database: every session ends once, and is told once."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gateway_app.services.keep_in_step import KeepInStep
from messenger_platform.events import Position

Browser = Any
Keycloak = Any
Events = Callable[[], Awaitable[list[dict[str, Any]]]]
Rows = Callable[[str], Awaitable[list[Any]]]
INTERNAL = "/internal/ended-sessions"


async def post_logout_token(app: FastAPI, token: str, **options: Any) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as http:
        return await http.post("/auth/backchannel-logout", **({"data": {"logout_token": token}} | options))


def summary(events: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(event["type"], event["data"]["sid"], event["data"]["reason"]) for event in events]


async def test_a_refused_refresh_token_ends_the_session_and_says_so(
    app: FastAPI, browser: Browser, keycloak: Keycloak, wal: Events
) -> None:
    await browser.log_in(app)
    session = browser.cookie("session")
    keycloak.end(browser.sid)
    for _ in range(2):
        browser.cookies.set("session", session, "localhost.local", "/auth")
        answer = await browser.refresh(app)
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
    answer = await browser.refresh(app)
    assert [response.status_code for response in ended] == [200]
    assert (answer.status_code, answer.json()["reason"]) == (401, "revoked")
    assert await rows("SELECT * FROM gateway.session") == []


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
    assert (await browser.refresh(app)).status_code == 401
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
    await browsers[0].refresh(app)
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
    assert (await browser.refresh(app)).json()["reason"] == "revoked"


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
    assert [(await one.refresh(app)).status_code for one in browsers] == [401, 401]
    assert (await stranger.refresh(app)).status_code == 200


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
    assert (await gone.refresh(app)).status_code == 401
    assert (await kept.refresh(app)).status_code == 200


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
    assert (await browser.refresh(app)).json()["reason"] == "expired"
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
    assert (await browser.refresh(app)).json()["reason"] == "revoked"
    # Enabled again and logged in: the same message, delivered once more, must not end the new session.
    await browser.log_in(app)
    await end_account(position, [browser.sub])
    assert (await browser.refresh(app)).status_code == 200
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
