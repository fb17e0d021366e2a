"""Parts that are away: their clients get 503 at once, and are served again soon after the part is back."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

pytestmark = pytest.mark.enable_socket


async def _seconds_until(
    client: httpx.AsyncClient, method: str, path: str, headers: dict[str, str], status: int
) -> float:
    started = time.monotonic()
    while (await client.request(method, path, headers=headers)).status_code != status:
        assert time.monotonic() - started < 10
    return time.monotonic() - started


async def test_a_part_that_is_away_is_503_and_comes_back_within_two_seconds(
    tmp_path: Path, start_gateway: Any, bearer: dict[str, str]
) -> None:
    async with (
        start_gateway(tmp_path) as gateway,
        httpx.AsyncClient(base_url=gateway.url, timeout=10) as client,
    ):
        await client.get("/api/users", headers=bearer)
        await gateway.parts["user"].stop()
        for method in ("GET", "POST"):
            started = time.monotonic()
            response = await client.request(method, "/api/users", headers=bearer)
            assert time.monotonic() - started < 2
            assert response.status_code == 503
            assert response.headers["retry-after"] == "1"
            assert response.headers["content-type"] == "application/problem+json"
            assert response.json()["title"] == "Service Unavailable"
        await gateway.parts["user"].start()
        assert await _seconds_until(client, "GET", "/api/users", bearer, 200) < 2


async def test_one_of_two_processes_may_die_and_return_unnoticed(
    tmp_path: Path, start_gateway: Any, bearer: dict[str, str]
) -> None:
    async with (
        start_gateway(tmp_path) as gateway,
        httpx.AsyncClient(base_url=gateway.url, timeout=10) as client,
    ):

        async def served_by(count: int) -> set[str]:
            responses = [await client.post("/api/chats", headers=bearer) for _ in range(count)]
            assert {response.status_code for response in responses} == {200}
            return {response.json()["service"] for response in responses}

        async def connected_to() -> str:
            address = f"ws://127.0.0.1:{gateway.port}/ws"
            async with connect(address, additional_headers=bearer, proxy=None) as socket:
                return str(await socket.recv())

        assert await served_by(40) == {"chat-1", "chat-2"}
        await gateway.parts["chat-1"].stop()
        await gateway.parts["realtime-2"].stop()
        assert await served_by(40) == {"chat-2"}
        assert {await connected_to() for _ in range(10)} == {"realtime-1"}
        await gateway.parts["chat-1"].start()
        await gateway.parts["realtime-2"].start()
        back = time.monotonic()
        while await served_by(10) != {"chat-1", "chat-2"} or {await connected_to() for _ in range(6)} == {"realtime-1"}:
            assert time.monotonic() - back < 3


async def test_posts_are_never_repeated_after_they_began(
    gateway: Any, client: httpx.AsyncClient, bearer: dict[str, str]
) -> None:
    before = len(gateway.parts["user"].calls)
    response = await client.post("/api/users/break", headers=bearer)
    assert response.status_code == 503
    assert len(gateway.parts["user"].calls) == before + 1
    response = await client.get("/api/users/break", headers=bearer)
    assert response.status_code == 503
    assert len(gateway.parts["user"].calls) == before + 4  # The first try and two more.


async def test_tokens_are_503_until_keycloak_has_been_seen_and_pass_while_it_is_away(
    tmp_path: Path, start_gateway: Any, bearer: dict[str, str]
) -> None:
    async with (
        start_gateway(tmp_path, without="keycloak") as gateway,
        httpx.AsyncClient(base_url=gateway.url, timeout=10) as client,
    ):
        response = await client.get("/api/users", headers=bearer)
        assert response.status_code == 503
        assert response.headers["retry-after"] == "1"
        assert (await client.get("/api/users")).status_code == 401
        await gateway.parts["keycloak"].start()
        assert await _seconds_until(client, "GET", "/api/users", bearer, 200) < 4
        await gateway.parts["keycloak"].stop()
        assert (await client.get("/api/users", headers=bearer)).status_code == 200
        assert (await client.get("/realms/messenger")).status_code == 503
        await gateway.parts["keycloak"].start()
