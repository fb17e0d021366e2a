"""A real Envoy in front of stand-ins, its tokens signed by a throw-away key."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

HERE = Path(__file__).parent
ENVOY = Path(sys.executable).with_name("envoy")
ISSUER = "http://localhost:8080/realms/messenger"
ORIGIN = "http://localhost:8080"


def _load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


render = _load("envoy_render", HERE.parents[1] / "envoy" / "render.py")
upstreams = _load("envoy_upstreams", HERE / "upstreams.py")
forge = _load("envoy_forge", HERE / "forge.py")


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running Envoy and its parts: gateway, user, chat-1, chat-2, realtime-1, realtime-2, keycloak."""

    port: int
    admin_port: int
    parts: dict[str, Any]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def raw(self, request: bytes, *, timeout_s: float = 5.0) -> bytes:
        """Send bytes as they are and return the head and what follows, until the end or a pause."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            return await asyncio.wait_for(reader.read(65536), timeout_s)
        finally:
            writer.close()


async def _until_ready(port: int, process: asyncio.subprocess.Process, *, keys: str) -> None:
    deadline = time.monotonic() + 20
    async with httpx.AsyncClient() as client:
        while time.monotonic() < deadline:
            assert process.returncode is None, "Envoy ended."
            try:
                if (await client.get(f"http://127.0.0.1:{port}/ready")).status_code == 200:
                    stats = (await client.get(f"http://127.0.0.1:{port}/stats?filter=jwks_fetch_success")).text
                    if stats.strip().endswith(f": {keys}"):
                        return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)
    raise AssertionError("Envoy is not ready after 20 s.")


@asynccontextmanager
async def running_gateway(
    folder: Path,
    jwks: dict[str, Any],
    *,
    without: str = "",
    rate_limits: dict[str, int] | None = None,
    **environment: str,
) -> AsyncIterator[Gateway]:
    """Start the stand-ins, except the one that is to be away, and Envoy; stop them all."""
    names = ("gateway", "user", "chat-1", "chat-2", "realtime-1", "realtime-2")
    parts = {name: upstreams.Upstream(name) for name in names}
    parts["keycloak"] = upstreams.Upstream("keycloak", jwks)
    gateway = Gateway(upstreams.free_port(), upstreams.free_port(), parts)
    configuration = render.render(
        {
            "PUBLIC_URL": ORIGIN,
            "PUBLIC_PORT": str(gateway.port),
            "ENVOY_ADMIN_PORT": str(gateway.admin_port),
            "GATEWAY_URL": parts["gateway"].url,
            "USER_URL": parts["user"].url,
            "CHAT_URLS": f"{parts['chat-1'].url},{parts['chat-2'].url}",
            "REALTIME_URLS": f"{parts['realtime-1'].url},{parts['realtime-2'].url}",
            "KEYCLOAK_URL": parts["keycloak"].url,
            "RATE_LIMITS": "off" if rate_limits is None else "on",
            **environment,
        },
        rate_limits or {},
    )
    path = folder / "envoy.yaml"
    path.write_text(configuration, encoding="utf-8")
    for name, part in parts.items():
        if name != without:
            await part.start()
    log = (folder / "envoy.log").open("wb")
    process = await asyncio.create_subprocess_exec(
        ENVOY,
        "-c",
        path,
        "--concurrency",
        "1",
        "--use-dynamic-base-id",
        "--log-level",
        "warning",
        stdout=log,
        stderr=log,
    )
    try:
        await _until_ready(gateway.admin_port, process, keys="0" if without == "keycloak" else "1")
        yield gateway
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        log.close()
        for part in parts.values():
            await part.stop()


@pytest.fixture(scope="session")
def start_gateway(forger: Any) -> Callable[..., AbstractAsyncContextManager[Gateway]]:
    """Start another gateway, with its own parts, by `start_gateway(folder, without=…, rate_limits=…)`."""
    return lambda folder, **options: running_gateway(folder, forger.jwks(), **options)


@pytest.fixture(scope="session")
def rendering() -> ModuleType:
    return render


@pytest.fixture(scope="session")
def forger() -> Any:
    return forge.Forger(rsa.generate_private_key(65537, 2048), ISSUER)


@pytest.fixture(scope="session")
def forgeries(forger: Any) -> dict[str, str]:
    return {name: make(forger) for name, make in forge.FORGERIES.items()}


@pytest.fixture
def token(forger: Any) -> str:
    return str(forger.sign())


@pytest.fixture
def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="session")
async def gateway(tmp_path_factory: pytest.TempPathFactory, forger: Any) -> AsyncIterator[Gateway]:
    async with running_gateway(tmp_path_factory.mktemp("envoy"), forger.jwks()) as running:
        yield running


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=gateway.url, timeout=10) as opened:
        yield opened
