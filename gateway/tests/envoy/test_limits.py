"""What is too long, too slow or too much, and what a client says about itself."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.enable_socket

LIMIT = 64 * 1024


@pytest.mark.parametrize("path", ["/api/chats", "/auth/logout", "/realms/messenger/protocol/openid-connect/token"])
async def test_body_of_64_kib_passes_and_a_longer_one_is_413(
    client: httpx.AsyncClient, bearer: dict[str, str], path: str
) -> None:
    response = await client.post(path, content=b"x" * LIMIT, headers=bearer)
    assert response.status_code == 200
    assert response.json()["length"] == LIMIT

    async def chunks() -> Any:
        for _ in range(5):
            yield b"x" * (LIMIT // 4)

    for content in (b"x" * (LIMIT + 1), b"x" * (4 * LIMIT), chunks()):
        response = await client.post(path, content=content, headers=bearer)
        assert response.status_code == 413
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["title"] == "Content Too Large"


async def test_headers_beyond_64_kib_are_431(gateway: Any, client: httpx.AsyncClient, bearer: dict[str, str]) -> None:
    assert (await client.get("/api/users", headers={**bearer, "X-Long": "x" * 40_000})).status_code == 200
    for headers in (
        b"X-Long: " + b"x" * 70_000 + b"\r\n",
        b"".join(b"X-%d: 1\r\n" % number for number in range(200)),
    ):
        answer = await gateway.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n" + headers + b"\r\n")
        assert answer.startswith(b"HTTP/1.1 431 ")
        assert b"application/problem+json" in answer
        assert b'"status":431' in answer


async def test_slow_headers_end_after_five_seconds(gateway: Any) -> None:
    started = time.monotonic()
    answer = await gateway.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", timeout_s=10)
    assert 4 < time.monotonic() - started < 8
    assert answer == b"" or answer.startswith(b"HTTP/1.1 408 ")


async def test_slow_body_ends_after_fifteen_seconds_and_reaches_nobody(gateway: Any, token: str) -> None:
    before = len(gateway.parts["chat-1"].calls) + len(gateway.parts["chat-2"].calls)
    started = time.monotonic()
    answer = await gateway.raw(
        b"POST /api/chats HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nAuthorization: Bearer "
        + token.encode()
        + b"\r\n\r\n{",
        timeout_s=20,
    )
    assert 13 < time.monotonic() - started < 18
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in answer
    assert len(gateway.parts["chat-1"].calls) + len(gateway.parts["chat-2"].calls) == before


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
        b"NONSENSE\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_malformed_requests_are_400_and_the_gateway_lives(
    gateway: Any, client: httpx.AsyncClient, request_line: bytes
) -> None:
    assert (await gateway.raw(request_line)).startswith(b"HTTP/1.1 400 ")
    assert (await client.get("/")).status_code == 200


async def test_what_a_client_says_about_itself_is_dropped(client: httpx.AsyncClient, bearer: dict[str, str]) -> None:
    response = await client.get(
        "/api/users",
        headers={
            **bearer,
            "Host": "evil.example",
            "X-User-Id": "1",
            "x-user-anything": "1",
            "X_User_Id": "1",
            "X-Forwarded-For": "203.0.113.9",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "evil.example",
            "X-Forwarded-Port": "1",
            "X-Forwarded-Prefix": "/admin",
            "X-Forwarded-User": "root",
            "Forwarded": "for=203.0.113.9",
            "X-Real-IP": "203.0.113.9",
            "X-Envoy-Upstream-Rq-Timeout-Ms": "1",
            "X-Envoy-Original-Path": "/admin",
            "X-Original-URL": "/admin",
            "X-Request-Id": "mine",
        },
    )
    headers = response.json()["headers"]
    forwarded = {name: value for name, value in headers.items() if name.startswith("x-")}
    request_id = forwarded.pop("x-request-id")
    assert request_id == [response.headers["x-request-id"]]
    assert request_id != ["mine"]
    assert forwarded == {
        "x-forwarded-for": ["127.0.0.1"],
        "x-forwarded-proto": ["http"],
        "x-forwarded-host": ["localhost:8080"],
        "x-forwarded-port": ["8080"],
    }
    assert "forwarded" not in headers
    assert "x_user_id" not in headers
    assert headers["authorization"] == [bearer["Authorization"]]


async def test_too_many_requests_are_429_with_retry_after(
    tmp_path: Path, start_gateway: Any, bearer: dict[str, str]
) -> None:
    limits = {"per_second": 1, "burst": 40, "logins_per_second": 1, "login_burst": 5}
    async with (
        start_gateway(tmp_path, rate_limits=limits) as gateway,
        httpx.AsyncClient(base_url=gateway.url) as client,
    ):
        login = "/realms/messenger/login-actions/authenticate"
        guesses = [await client.post(login) for _ in range(15)]
        others = [await client.get("/api/users", headers=bearer) for _ in range(60)]
    for responses, burst in ((guesses, 5), (others, 25)):
        assert {response.status_code for response in responses[:burst]} == {200}
        refused = responses[-1]
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "1"
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["title"] == "Too Many Requests"
