"""Unit tests of the terminal client: no sockets, the server played by respx or by a socket of our own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import respx

from messenger_terminal.oidc import OIDCClient
from messenger_terminal.session import Session
from messenger_terminal.store import Login, LoginStore
from messenger_testing.offline import offline

__all__ = ["offline"]

SERVER = "https://chat.example"
REALM = f"{SERVER}/realms/messenger"


@pytest.fixture
def server() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        router.get(f"{REALM}/.well-known/openid-configuration").respond(
            json={
                "issuer": REALM,
                "token_endpoint": f"{REALM}/token",
                "device_authorization_endpoint": f"{REALM}/device",
                "end_session_endpoint": f"{REALM}/logout",
            }
        )
        yield router


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client() as client:
        yield client


@pytest.fixture
def oidc(http: httpx.Client) -> OIDCClient:
    return OIDCClient(SERVER, http)


@pytest.fixture
def store(tmp_path: Path) -> LoginStore:
    return LoginStore(folder=tmp_path / "state")


@pytest.fixture
def session(store: LoginStore, oidc: OIDCClient) -> Session:
    """Return a session whose access token is good for long."""
    store.save(Login(SERVER, "messenger-cli", 2e10, "access-1", "refresh-1"))
    return Session(store, oidc)
