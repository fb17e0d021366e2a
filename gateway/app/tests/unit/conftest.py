"""Unit tests of the gateway app: no sockets, the services played by respx."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import respx
from pytest_socket import disable_socket, enable_socket

from gateway_app.main import create_app
from gateway_app.settings import GatewaySettings

SECRETS = {
    "INTERNAL_SECRET": "secret",
    "GATEWAY_RUNTIME_PASSWORD": "secret",
    "GATEWAY_CLIENT_SECRET": "secret",
    "GATEWAY_SESSIONS_CLIENT_SECRET": "secret",
    "RABBITMQ_GATEWAY_PASSWORD": "secret",
    "SESSION_KEYS": "k1:" + "A" * 43 + "=",
}


class Clock:
    """A clock that a test sets; in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def offline() -> Iterator[None]:
    """No unit test talks to the outside; the event loop's own socket pair is local."""
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def services() -> Iterator[respx.MockRouter]:
    """Play the services; a request that no route expects fails the test."""
    with respx.mock(assert_all_called=False) as router:
        yield router


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


@pytest.fixture
async def client(services: respx.MockRouter, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """Call the application, assembled as in life, with the defaults of the settings."""
    for name in ("USER_URL", "CHAT_URLS", "REALTIME_URLS", "RELAY_URLS", "KEYCLOAK_MANAGEMENT_PORT", "OIDC_ISSUER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    app = create_app(GatewaySettings(), with_jobs=False)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://gateway") as opened,
    ):
        yield opened
