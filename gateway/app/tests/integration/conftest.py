"""The gateway app on the real PostgreSQL, as two processes of one deployment; Keycloak is played."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway_app.__main__ import MIGRATIONS
from gateway_app.main import create_app
from gateway_app.repositories.tables import SCHEMA, metadata
from gateway_app.settings import GatewaySettings, MigrationSettings
from messenger_testing.postgres import committed_events, schema_owner

PUBLIC_URL = "http://localhost:8080"
KEYCLOAK_URL = "http://keycloak.test"
ISSUER = f"{PUBLIC_URL}/realms/messenger"
_TRUNCATE = text(f"TRUNCATE {', '.join(table.fullname for table in metadata.sorted_tables)}")


@pytest.fixture(scope="session")
async def owner() -> AsyncIterator[AsyncEngine]:
    """Build the schema with Alembic and connect as the role that owns it."""
    async with schema_owner(MIGRATIONS, MigrationSettings().owner_url, SCHEMA) as engine:
        yield engine


@pytest.fixture
async def clean(owner: AsyncEngine) -> None:
    async with owner.begin() as connection:
        await connection.execute(_TRUNCATE)


@pytest.fixture
def settings() -> GatewaySettings:
    return GatewaySettings().model_copy(
        update={"public_url": PUBLIC_URL, "oidc_issuer": ISSUER, "keycloak_url": KEYCLOAK_URL}
    )


Start = Callable[..., Any]


@pytest.fixture
async def start(clean: None, settings: GatewaySettings, keycloak: Any) -> AsyncIterator[Start]:
    """Start a process of the gateway app; changed settings by name."""
    async with AsyncExitStack() as stack:

        async def make(**changes: Any) -> FastAPI:
            app = create_app(settings.model_copy(update=changes), with_jobs=False)
            await stack.enter_async_context(app.router.lifespan_context(app))
            return app

        yield make


@pytest.fixture
async def app(start: Start) -> FastAPI:
    process: FastAPI = await start()
    return process


class Browser:
    """A browser with its cookies; talks to any process of the deployment, as Envoy would let it."""

    def __init__(self, keycloak: Any, sub: str | None = None) -> None:
        self.keycloak = keycloak
        self.sub = sub or str(uuid.uuid4())
        self.sid = ""
        self.cookies = httpx.Cookies()

    async def call(self, app: FastAPI, method: str, path: str, **options: Any) -> httpx.Response:
        """Call as our own page does."""
        headers = {
            "Origin": PUBLIC_URL,
            "X-CSRF": "1",
            "X-Forwarded-For": "192.0.2.7",
            "User-Agent": "Firefox/140.0 Linux",
        }
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL, cookies=self.cookies) as http:
            answer = await http.request(method, path, headers=headers | options.pop("headers", {}), **options)
            self.cookies = http.cookies
        return answer

    async def log_in(self, app: FastAPI, sid: str | None = None) -> httpx.Response:
        """Log in; with `sid`, by Keycloak's own cookie into a login session that is there."""
        started = await self.call(app, "GET", "/auth/login")
        asked = httpx.URL(started.headers["location"]).params
        code = secrets.token_hex(8)
        self.sid = self.keycloak.begin(code, asked["nonce"], self.sub, sid)
        params = {"state": asked["state"], "code": code, "iss": ISSUER}
        return await self.call(app, "GET", "/auth/callback", params=params)

    async def refresh(self, app: FastAPI) -> httpx.Response:
        return await self.call(app, "POST", "/auth/refresh")

    def cookie(self, name: str) -> str | None:
        """Return a cookie."""
        return next((cookie.value for cookie in self.cookies.jar if cookie.name == name), None)


@pytest.fixture
def browser_of(keycloak: Any) -> Callable[..., Browser]:
    return lambda sub=None: Browser(keycloak, sub)


@pytest.fixture
def browser(browser_of: Callable[..., Browser]) -> Browser:
    return browser_of()


@pytest.fixture
async def wal(clean: None, settings: GatewaySettings) -> AsyncIterator[Callable[[], Any]]:
    """Return the events that were committed since the test began, as the relay would see them."""
    async with committed_events(settings, "session.ended") as committed:

        async def events() -> list[dict[str, Any]]:
            return [event for _, event in await committed()]

        yield events


@pytest.fixture
def rows(owner: AsyncEngine) -> Callable[[str], Any]:
    """Read the tables as their owner."""

    async def read(query: str) -> list[Any]:
        async with owner.connect() as connection:
            return list((await connection.execute(text(query))).mappings())

    return read


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the stack."""
    for item in items:
        if "gateway/app/tests/integration" in str(item.path):
            item.add_marker(pytest.mark.integration)
            item.add_marker(pytest.mark.enable_socket)
