"""Unit tests of the gateway app: no sockets, the services played by respx."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import respx
from pytest_socket import disable_socket, enable_socket

from gateway_app.main import create_app
from gateway_app.settings import GatewaySettings


@pytest.fixture(autouse=True)
def offline() -> Iterator[None]:
    """No unit test talks to the outside; the event loop's own socket pair is local."""
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()


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
async def client(
    services: respx.MockRouter, monkeypatch: pytest.MonkeyPatch, test_secrets: dict[str, str]
) -> AsyncIterator[httpx.AsyncClient]:
    """Call the application, assembled as in life, with the defaults of the settings."""
    for name in ("USER_URL", "CHAT_URLS", "REALTIME_URLS", "RELAY_URLS", "KEYCLOAK_MANAGEMENT_PORT", "OIDC_ISSUER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in test_secrets.items():
        monkeypatch.setenv(name, value)
    app = create_app(GatewaySettings(), with_jobs=False)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://gateway") as opened,
    ):
        yield opened
