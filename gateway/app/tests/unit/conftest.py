"""Unit tests of the gateway app: no sockets, the services played by respx."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import respx

from gateway_app.main import create_app
from gateway_app.settings import GatewaySettings
from messenger_testing.offline import offline

__all__ = ["offline"]


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
def web_root(tmp_path: Path) -> Path:
    """Lay out what a build of the web client looks like."""
    files = {
        "index.html": b"<!doctype html><title>Messenger</title>",
        "sw.js": b"self.addEventListener('fetch', () => {});",
        "manifest.webmanifest": b"{}",
        "icon.svg": b"<svg/>",
        "icon-192.png": b"\x89PNG",
        "assets/index-e1ox6OIe.js": b"console.log(1);" * 40,
    }
    for name, content in files.items():
        path = tmp_path / "web" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    script = tmp_path / "web" / "assets" / "index-e1ox6OIe.js"
    script.with_suffix(".js.gz").write_bytes(gzip.compress(script.read_bytes()))
    script.with_suffix(".js.br").write_bytes(b"brotli")
    return tmp_path / "web"


@pytest.fixture
async def client(
    services: respx.MockRouter, monkeypatch: pytest.MonkeyPatch, test_secrets: dict[str, str], web_root: Path
) -> AsyncIterator[httpx.AsyncClient]:
    """Call the application, assembled as in life, with the defaults of the settings."""
    for name in ("USER_URL", "CHAT_URLS", "REALTIME_URLS", "RELAY_URLS", "KEYCLOAK_MANAGEMENT_PORT", "OIDC_ISSUER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in test_secrets.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("WEB_ROOT", str(web_root))
    app = create_app(GatewaySettings(), with_jobs=False)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://gateway") as opened,
    ):
        yield opened
