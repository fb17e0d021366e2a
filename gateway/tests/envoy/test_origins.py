"""A page of another origin can neither open a WebSocket nor change anything, whatever else it brings."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

pytestmark = pytest.mark.enable_socket

OURS = "http://localhost:8080"
FOREIGN = [
    "null",
    "",
    "http://evil.example",
    "https://localhost:8080",
    "http://localhost",
    "http://localhost:8081",
    "http://localhost:80800",
    "http://localhost:8080.evil.example",
    "http://localhost:8080@evil.example",
    "http://sub.localhost:8080",
    "http://evillocalhost:8080",
    "http://localhost:8080/",
    "http://127.0.0.1:8080",
    "HTTP://LOCALHOST:8080",
]


async def _handshake(gateway: Any, headers: dict[str, str]) -> int:
    try:
        async with connect(f"ws://127.0.0.1:{gateway.port}/ws", additional_headers=headers, proxy=None) as socket:
            assert await socket.recv() in {"realtime-1", "realtime-2"}
            await socket.send("x" * 40_000)
            assert await socket.recv() == "x" * 40_000
    except InvalidStatus as refused:
        body = refused.response.body or b""
        assert b'"title"' in body
        return refused.response.status_code
    return 101


@pytest.mark.parametrize("origin", FOREIGN)
async def test_foreign_origin_is_403_whatever_it_brings(
    gateway: Any, bearer: dict[str, str], token: str, origin: str
) -> None:
    for credentials in ({}, bearer, {"Cookie": f"access_token={token}"}, {"Authorization": "Bearer bad"}):
        assert await _handshake(gateway, {**credentials, "Origin": origin}) == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer {token}"}, 101),
        ({"Authorization": "Bearer {token}", "Origin": OURS}, 101),
        ({"Cookie": "access_token={token}", "Origin": OURS}, 101),
        ({"Cookie": "access_token={token}"}, 403),
        ({"Cookie": "access_token={token}", "Authorization": "Bearer {token}"}, 403),
        ({"Cookie": "theme=dark", "Authorization": "Bearer {token}"}, 101),
        ({"Origin": OURS}, 401),
        ({}, 401),
        ({"Authorization": "Bearer bad"}, 401),
        ({"Cookie": "access_token=bad", "Origin": OURS}, 401),
        ({"Cookie": "access_token=bad"}, 403),
    ],
)
async def test_handshake(gateway: Any, token: str, headers: dict[str, str], status: int) -> None:
    filled = {name: value.format(token=token) for name, value in headers.items()}
    assert await _handshake(gateway, filled) == status


async def test_two_origins_are_no_origin_of_ours(gateway: Any, token: str) -> None:
    answer = await gateway.raw(
        b"GET /ws HTTP/1.1\r\nHost: localhost:8080\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Origin: http://localhost:8080\r\nOrigin: http://evil.example\r\n"
        b"Authorization: Bearer " + token.encode() + b"\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/api/chats", "/api/users/me", "/auth/logout", "/auth/sessions"])
async def test_changes_from_a_foreign_origin_are_403(
    client: httpx.AsyncClient, bearer: dict[str, str], token: str, method: str, path: str
) -> None:
    cookie = {"Cookie": f"access_token={token}; session=s"}
    for headers in (
        {**cookie, "Origin": "http://evil.example"},
        {**cookie, "Origin": "null"},
        {**bearer, "Origin": "http://localhost:8080.evil.example"},
        cookie,
    ):
        response = await client.request(method, path, headers=headers)
        assert response.status_code == 403
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["title"] == "Forbidden"
    for headers in ({**cookie, "Origin": OURS}, bearer if path.startswith("/api") else {}):
        assert (await client.request(method, path, headers=headers)).status_code == 200


async def test_reading_with_a_cookie_needs_no_origin(client: httpx.AsyncClient, token: str) -> None:
    assert (await client.get("/api/chats", headers={"Cookie": f"access_token={token}"})).status_code == 200


async def test_keycloak_minds_its_own_forms(client: httpx.AsyncClient) -> None:
    path = "/realms/messenger/login-actions/authenticate"
    assert (await client.post(path, headers={"Origin": "null", "Cookie": "AUTH_SESSION_ID=1"})).status_code == 200
