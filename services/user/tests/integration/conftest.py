from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
import respx
from fastapi import FastAPI
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from user_service.main import create_app
from user_service.settings import UserSettings

_MESSAGE = re.compile(r"^message: transactional: 1 prefix: (\S+), sz: \d+ content:(.*)$", re.DOTALL)


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


class RelaySettings(BaseSettings):
    """The one role that may read the WAL."""

    chat_relay_password: SecretStr


@pytest.fixture
async def wal(clean: None, settings: UserSettings, realm: Any) -> AsyncIterator[Callable[[], Any]]:
    """Return the events about alice that were committed since the test began, as the relay would see them."""
    connection = await asyncpg.connect(
        host=settings.postgres_host,
        port=settings.postgres_port,
        database=settings.postgres_db,
        user="chat_relay",
        password=RelaySettings().chat_relay_password.get_secret_value(),
    )
    slot = f"user_tests_{uuid4().hex}"
    # A temporary slot goes with its connection, whatever becomes of the test.
    await connection.execute("SELECT pg_create_logical_replication_slot($1, 'test_decoding', true)", slot)

    async def events() -> list[dict[str, Any]]:
        rows = await connection.fetch("SELECT data FROM pg_logical_slot_peek_changes($1, NULL, NULL)", slot)
        messages = [match for row in rows if (match := _MESSAGE.match(row["data"]))]
        return [
            event for message in messages if message[1] == "messenger.user.profile" for event in json.loads(message[2])
        ]

    yield events
    await connection.close()
