from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from typing import Any

import httpx
import pytest
import respx
from fastapi import FastAPI

from messenger_testing.postgres import committed_events
from user_service.main import create_app
from user_service.settings import UserSettings

Outside = Callable[[UserSettings], AbstractContextManager[respx.Router]]


@pytest.fixture
def outside(realm: Any) -> Outside:
    """Play what a service asks over HTTP: the throw-away realm's keys, and the gateway's list of ended sessions."""

    @contextmanager
    def play(settings: UserSettings) -> Iterator[respx.Router]:
        with respx.mock(assert_all_called=False) as mock:
            mock.get(settings.jwks_url).respond(json=realm.jwks)
            mock.get(f"{settings.gateway_url}/internal/ended-sessions").respond(json={"items": []})
            yield mock

    return play


@pytest.fixture
async def app(clean: None, settings: UserSettings, outside: Outside) -> AsyncIterator[FastAPI]:
    """Run the service as `serve` does, without limits, trusting the throw-away realm's keys."""
    app = create_app(settings.model_copy(update={"rate_limits": "off", "realm_poll_s": 0}))
    with outside(settings):
        async with app.router.lifespan_context(app):
            yield app


Client = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def client_of(realm: Any) -> Client:
    """Make a client of an application; for a username it brings that account's token."""

    @asynccontextmanager
    async def make(app: FastAPI, username: str | None = None, **claims: Any) -> AsyncIterator[httpx.AsyncClient]:
        headers = {"Authorization": f"Bearer {realm.token(username, **claims)}"} if username else {}
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://user", headers=headers) as client:
            yield client

    return make


@pytest.fixture
async def alice(app: FastAPI, client_of: Client) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app, "alice") as client:
        yield client


@pytest.fixture
async def bob(app: FastAPI, client_of: Client) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app, "bob") as client:
        yield client


@pytest.fixture
async def wal(clean: None, settings: UserSettings, realm: Any) -> AsyncIterator[Callable[[], Any]]:
    """Return the events about alice that were committed since the test began, as the relay would see them."""
    async with committed_events(settings, "user.profile") as committed:

        async def events() -> list[dict[str, Any]]:
            return [event for _, event in await committed()]

        yield events
