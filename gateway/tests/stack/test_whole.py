"""The gateway in front of the running test stack."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

WEB = Path(__file__).parents[3] / "services" / "web"

pytestmark = [pytest.mark.e2e, pytest.mark.enable_socket]

CONTRACT = {
    ("get", "/api/users/me"),
    ("get", "/api/users"),
    ("get", "/api/users/{user_id}"),
    ("post", "/api/chats"),
    ("get", "/api/chats"),
    ("get", "/api/chats/{chat_id}"),
    ("post", "/api/chats/{chat_id}/participants"),
    ("delete", "/api/chats/{chat_id}/participants/{user_id}"),
    ("post", "/api/chats/{chat_id}/messages"),
    ("post", "/api/chats/{chat_id}/read"),
    ("get", "/api/history/{chat_id}"),
    ("get", "/healthz"),
}

OPEN = {
    ("get", "/healthz"),
    ("get", "/auth/login"),
    ("get", "/auth/callback"),
    ("post", "/auth/refresh"),
    ("post", "/auth/logout"),
    ("get", "/auth/sessions"),
    ("delete", "/auth/sessions"),
    ("delete", "/auth/sessions/{session_id}"),
}


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=os.environ["PUBLIC_URL"], timeout=20) as client:
        yield client


async def test_all_parts_are_ready_and_named(http: httpx.AsyncClient) -> None:
    response = await http.get("/healthz")
    assert response.status_code == 200
    assert response.json()["status"] == "ready"
    parts = set(response.json()["parts"])
    assert {"keycloak", "user", "chat-1", "chat-2", "relay-1", "relay-2", "realtime-1", "realtime-2"} <= parts


async def test_the_whole_contract_is_described_and_every_description_is_behind_a_token(http: httpx.AsyncClient) -> None:
    document = (await http.get("/api/openapi.json")).json()
    described = {
        (method, path) for path, item in document["paths"].items() for method in item if method != "parameters"
    }
    assert described >= CONTRACT
    # Open ones say so; browsers' own calls take cookies instead (tests/e2e/test_sessions_browser.py).
    behind_a_token = {(method, path) for method, path in described if "security" not in document["paths"][path][method]}
    assert described - behind_a_token == OPEN
    for method, path in behind_a_token:
        response = await http.request(method, path.replace("{chat_id}", "1").replace("{user_id}", "1"))
        assert response.status_code == 401, (method, path)
        assert response.headers["content-type"] == "application/problem+json"


async def test_the_web_client_was_built_against_this_very_api(http: httpx.AsyncClient) -> None:
    said = (await http.get("/api/openapi.json")).text.replace(os.environ["PUBLIC_URL"], "http://localhost:8080")
    kept = json.loads((WEB / "openapi.json").read_text())
    assert json.loads(said) == kept, "bring it up to date: cd services/web && PUBLIC_URL=… npm run api"


async def test_the_described_login_is_keycloaks(http: httpx.AsyncClient) -> None:
    document = (await http.get("/api/openapi.json")).json()
    flow = document["components"]["securitySchemes"]["keycloak"]["flows"]["authorizationCode"]
    discovery = (await http.get("/realms/messenger/.well-known/openid-configuration")).json()
    assert flow["authorizationUrl"] == discovery["authorization_endpoint"]
    assert flow["tokenUrl"] == discovery["token_endpoint"]
    assert "S256" in discovery["code_challenge_methods_supported"]


@pytest.mark.parametrize("path", ["/internal/link", "/readyz", "/openapi.json", "/docs", "/redoc"])
async def test_what_services_say_to_each_other_is_not_outside(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 404
