"""What must not be read by whoever reads logs: it is sent through everything, marked, and then looked for."""

from __future__ import annotations

import asyncio
import secrets
import traceback
import uuid
from pathlib import Path

import asyncpg
import httpx
import pytest
from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from messenger_infra.settings import stack_of_tests
from messenger_platform.database import create_engine
from messenger_testing.browser import Browser
from messenger_testing.client import Account
from messenger_testing.login import LoginFailed, LoginPage
from messenger_testing.people import Person, RealmAdmin


class Written:
    """What the stack's processes write into their logs from now on."""

    def __init__(self) -> None:
        self._logs = stack_of_tests().folder / "log"
        self._starts = {path: path.stat().st_size for path in self._logs.glob("*.log")}

    def since(self) -> dict[str, bytes]:
        """Return it by the name of the log."""
        return {path.name: self._tail(path) for path in self._logs.glob("*.log")}

    def _tail(self, path: Path) -> bytes:
        with path.open("rb") as log:
            # A log that was rotated meanwhile is read whole.
            start = self._starts.get(path, 0)
            log.seek(start if start <= path.stat().st_size else 0)
            return log.read()

    async def until(self, name: str, wanted: bytes) -> None:
        """Wait until a log tells of something."""
        async with asyncio.timeout(20):
            while wanted not in self.since()[name]:  # noqa: ASYNC110 - a file tells nobody that it grew.
                await asyncio.sleep(0.05)


async def _by_token(public_url: str, person: Person) -> dict[str, str]:
    """Log in natively, talk, and make mistakes; return everything that is secret."""
    said = {
        name: f"marked-{name}-{secrets.token_hex(12)}" for name in ("text", "edit", "title", "query", "frame", "bad")
    }
    async with LoginPage(public_url) as page:
        tokens = await page.log_in(person.username, person.password)
        spent = tokens.refresh_token
        tokens = await page.refresh(spent)
        with pytest.raises(LoginFailed):
            await page.refresh(spent + "x")
    account = await Account(public_url, person.username, tokens.access_token).start()
    chat_id = await account.group(said["title"])
    path = f"/api/chats/{chat_id}/messages"
    sent = await account.http.post(path, json={"client_id": str(uuid.uuid4()), "text": said["text"]})
    await account.http.patch(f"{path}/{sent.json()['id']}", json={"text": said["edit"]})
    await account.http.get("/api/users", params={"query": said["query"], "access_token": tokens.access_token})
    await account.http.post(path, json={"client_id": sent.json()["client_id"], "text": said["bad"]})
    await account.http.post(path, json={"client_id": "no", "text": said["bad"] + "\0", "extra": said["bad"]})
    await account.http.post(
        path, content=f'{{"text": "{said["bad"]}'.encode(), headers={"Content-Type": "application/json"}
    )
    live = await account.live()
    await live.say(chat_id, said["frame"])
    await live.send_raw(f'{{"type": "send", "text": "{said["bad"]}", "token": "{tokens.access_token}"}}')
    await live.send({"type": "auth", "token": tokens.access_token + said["bad"]})
    await live.sync({})
    await account.aclose()
    with pytest.raises(InvalidStatus):
        async with connect(f"{public_url.replace('http', 'ws', 1)}/ws?token={tokens.access_token}", proxy=None):
            pass
    return {
        **said,
        "access token": tokens.access_token,
        "refresh token": tokens.refresh_token,
        "spent refresh token": spent,
        "ID token": tokens.id_token,
        "password": person.password,
    }


async def _by_cookie(public_url: str, person: Person) -> dict[str, str]:
    """Log in as browsers do, refresh, be refused, log out; return everything that is secret."""
    async with Browser(public_url) as browser:
        await browser.log_in(person.username, person.password)
        first = browser.cookie("access_token")
        await browser.change("POST", "/auth/refresh")
        session, second = browser.cookie("session"), browser.cookie("access_token")
        await browser.get("/api/users/me")
        await browser.change("POST", "/auth/logout", Origin="http://evil.example")
        await browser.get("/auth/callback", params={"state": "unknown", "code": "marked-code-of-a-login"})
        keycloak = {
            cookie.name: cookie.value for cookie in browser.http.cookies.jar if cookie.name.startswith("KEYCLOAK_")
        }
        await browser.change("POST", "/auth/logout")
        assert first
        assert second
        assert session
    return {
        "first access cookie": first,
        "second access cookie": second,
        "session cookie": session,
        "code": "marked-code-of-a-login",
        **{name: value for name, value in keycloak.items() if value},
    }


async def test_no_log_holds_a_token_a_cookie_a_password_or_what_people_say(
    public_url: str, person: Person, admin: RealmAdmin
) -> None:
    written = Written()
    hidden = await _by_token(public_url, person) | await _by_cookie(public_url, person)
    mark = f"/marked-{uuid.uuid4().hex}"
    async with httpx.AsyncClient(base_url=public_url) as http:
        # Envoy writes its log in order, every ten seconds or 64 KiB: what came before the mark is in it, soon.
        await asyncio.gather(*(http.get(f"{mark}/{'x' * 2000}") for _ in range(60)))
    await written.until("envoy.log", mark.encode())
    logs = written.since()
    found = {(name, what) for name, log in logs.items() for what, value in hidden.items() if value.encode() in log}
    # A part of a token is enough to know it by; its head is the same in all of them.
    signatures = {what: value.rpartition(".")[2][:40] for what, value in hidden.items() if value.count(".") == 2}
    found |= {(name, what) for name, log in logs.items() for what, value in signatures.items() if value.encode() in log}
    assert found == set()
    assert not [name for name, log in logs.items() if b"Bearer ey" in log or b"authorization:" in log.lower()]


async def test_a_slow_statement_is_logged_without_what_it_was_given(
    database: asyncpg.Connection[asyncpg.Record],
) -> None:
    written, mark = Written(), secrets.token_hex(12)
    await database.fetch(f"SELECT pg_sleep(1.1), $1::text AS slow_{mark}", "said-by-somebody")
    await written.until("postgres.log", mark.encode())
    # Details follow their statement: once the next one is there, they are as well.
    await database.fetch(f"SELECT pg_sleep(1.1) AS next_{mark}")
    await written.until("postgres.log", f"next_{mark}".encode())
    assert b"said-by-somebody" not in written.since()["postgres.log"]


async def test_an_error_of_the_database_is_logged_without_what_it_was_given() -> None:
    env, said = stack_of_tests().env, secrets.token_hex(12)
    engine = create_engine(
        URL.create(
            "postgresql+asyncpg",
            "postgres",
            env["POSTGRES_SUPERUSER_PASSWORD"],
            env["POSTGRES_HOST"],
            int(env["POSTGRES_PORT"]),
            env["POSTGRES_DB"],
        ),
        application_name="tests",
    )
    with pytest.raises(DBAPIError) as caught:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1 / length(substr(:text, 1, 0))"), {"text": said})
    await engine.dispose()
    assert "division by zero" in str(caught.value)
    assert said not in "".join(traceback.format_exception(caught.value))
