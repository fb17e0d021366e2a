"""Fixtures over the running test stack: logged-in demo accounts, people of one test, and the processes by name."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import httpx
import pytest

from messenger_infra.programs import SERVICES, expected
from messenger_infra.settings import stack_of_tests
from messenger_infra.supervision import Supervisor
from messenger_testing.browser import Browser
from messenger_testing.client import Account
from messenger_testing.login import Tokens, log_in
from messenger_testing.people import Person, RealmAdmin

PEOPLE = ("alice", "bob", "carol", "dave", "erin")
FRESH_S = 120.0
BACK_S = 90.0
"""When to give up on a part that starts: on a busy machine a JVM takes more than half a minute."""


def stack_setting(name: str) -> str:
    """Return a setting of the test stack; skips nothing: without a stack the tests cannot run, and say so."""
    if name not in os.environ:
        pytest.fail(f"{name} is not set: run these tests with `make test` or `make test-only`", pytrace=False)
    return os.environ[name]


def claims_of(token: str) -> dict[str, Any]:
    """Read the claims of a token, unverified."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


class People:
    """The demo accounts, logged in once through Keycloak's page and again when their token gets old."""

    def __init__(self, public_url: str) -> None:
        self.public_url = public_url
        self._tokens: dict[str, Tokens] = {}

    async def token(self, username: str) -> str:
        """Return an access token that is good for two more minutes."""
        known = self._tokens.get(username)
        if known is None or claims_of(known.access_token)["exp"] - time.time() < FRESH_S:
            known = self._tokens[username] = await log_in(self.public_url, username, f"{username}-demo")
        return known.access_token

    async def account(self, username: str) -> Account:
        """Return a logged-in account."""
        return await Account(self.public_url, username, await self.token(username)).start()


class Processes:
    """The processes of the test stack, to be killed and awaited."""

    def __init__(self, public_url: str) -> None:
        stack = stack_of_tests()
        self._supervisor = Supervisor(stack)
        self._services = [program for program in expected(stack) if program.tier == SERVICES]
        self._public_url = public_url

    def kill(self, name: str) -> None:
        """Kill -9; the supervisor starts it again."""
        self._supervisor.signal(name, signal.SIGKILL)

    def signal(self, name: str, number: int) -> None:
        """Send a signal."""
        self._supervisor.signal(name, number)

    def stop(self, name: str) -> None:
        """Stop a process until `start`."""
        self._supervisor.stop([name])

    def start(self, name: str) -> None:
        """Start a stopped process."""
        self._supervisor.start(name)

    async def restart(self, name: str) -> None:
        """Stop, start, and wait until everything is healthy."""
        await asyncio.to_thread(self.stop, name)
        self.start(name)
        await self.healthy()

    async def healthy(self) -> None:
        """Wait until every process says that it is ready, and the gateway says so of every part.

        The gateway alone speaks of a moment ago, and is content with one process of each kind.
        """
        async with asyncio.timeout(BACK_S):
            for program in self._services:
                while not await asyncio.to_thread(program.is_healthy):  # noqa: ASYNC110 - another process.
                    await asyncio.sleep(0.1)
        await self._health(httpx.codes.OK)

    async def ailing(self) -> None:
        """Wait until the gateway says that some part is not ready."""
        await self._health(httpx.codes.SERVICE_UNAVAILABLE)

    async def _health(self, wanted: int) -> None:
        async with asyncio.timeout(BACK_S), httpx.AsyncClient(timeout=5) as http:
            while True:
                try:
                    if (await http.get(f"{self._public_url}/healthz")).status_code == wanted:
                        return
                except httpx.HTTPError:
                    pass  # The gateway itself may be what is coming back.
                await asyncio.sleep(0.1)


@pytest.fixture(scope="session")
def public_url() -> str:
    """Where the test stack's gateway listens."""
    return stack_setting("PUBLIC_URL")


@pytest.fixture(scope="session")
async def people(public_url: str) -> People:
    """Return the demo accounts."""
    return People(public_url)


@pytest.fixture
async def accounts(people: People) -> AsyncIterator[list[Account]]:
    """Return alice, bob, carol, dave and erin, logged in."""
    opened = [await people.account(username) for username in PEOPLE]
    yield opened
    for account in opened:
        await account.aclose()


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """Close what a test opens."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def admin() -> AsyncIterator[RealmAdmin]:
    """Return the realm's administrator."""
    async with RealmAdmin(stack_setting("KEYCLOAK_URL"), stack_setting("KEYCLOAK_ADMIN_PASSWORD")) as admin:
        yield admin


@pytest.fixture
async def person(admin: RealmAdmin) -> AsyncIterator[Person]:
    """Make somebody for one test."""
    person = await admin.new_person()
    yield person
    await person.remove()


@pytest.fixture
def logged_in(public_url: str, person: Person, stack: AsyncExitStack) -> Callable[[], Awaitable[Browser]]:
    """Return a new browser in which the person is logged in."""

    async def open_browser() -> Browser:
        browser = await stack.enter_async_context(Browser(public_url))
        await browser.log_in(person.username, person.password)
        return browser

    return open_browser


@pytest.fixture
async def processes(public_url: str) -> AsyncIterator[Processes]:
    """Give access to the stack's processes; afterwards all are healthy again."""
    handle = Processes(public_url)
    await handle.healthy()
    yield handle
    await handle.healthy()


@pytest.fixture
async def database() -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """Look into the database as its owner of everything."""
    connection = await asyncpg.connect(
        host=stack_setting("POSTGRES_HOST"),
        port=int(stack_setting("POSTGRES_PORT")),
        user="postgres",
        password=stack_setting("POSTGRES_SUPERUSER_PASSWORD"),
        database=stack_of_tests().env["POSTGRES_DB"],  # Not the one of integration tests, which is in the environment.
    )
    yield connection
    await connection.close()
