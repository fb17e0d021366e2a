"""What the gateway app answers, assembled as in life."""

from __future__ import annotations

import re

import httpx
import pytest
import respx

ADDRESSES = {
    "keycloak": "http://127.0.0.1:9000/health/ready",
    "user": "http://127.0.0.1:8110/readyz",
    "chat-1": "http://127.0.0.1:8120/readyz",
    "relay-1": "http://127.0.0.1:8160/readyz",
    "relay-2": "http://127.0.0.1:8161/readyz",
    "realtime-1": "http://127.0.0.1:8140/readyz",
}


async def test_all_parts_ready_is_200(client: httpx.AsyncClient, services: respx.MockRouter) -> None:
    for url in ADDRESSES.values():
        services.get(url).respond(200)
    response = await client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "ready", "parts": dict.fromkeys(ADDRESSES, True)}


async def test_a_part_away_is_a_problem_that_names_it(client: httpx.AsyncClient, services: respx.MockRouter) -> None:
    for part, url in ADDRESSES.items():
        services.get(url).respond(503 if part in {"chat-1", "keycloak"} else 200)
    response = await client.get("/healthz")
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["retry-after"] == "1"
    problem = response.json()
    assert (problem["title"], problem["status"]) == ("Service Unavailable", 503)
    assert problem["detail"] == "Not ready: keycloak, chat-1."
    assert problem["parts"] == {part: part not in {"chat-1", "keycloak"} for part in ADDRESSES}


async def test_merged_document_needs_all_services(client: httpx.AsyncClient, services: respx.MockRouter) -> None:
    user = services.get("http://127.0.0.1:8110/openapi.json").respond(503)
    services.get("http://127.0.0.1:8120/openapi.json").respond(200, json={"paths": {"/api/chats": {}}})
    response = await client.get("/api/openapi.json")
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    user.respond(200, json={"paths": {"/api/users": {}}})
    document = (await client.get("/api/openapi.json")).json()
    assert list(document["paths"]) == [
        "/api/users", "/api/chats", "/healthz", "/auth/login", "/auth/callback", "/auth/refresh", "/auth/logout",
        "/auth/sessions", "/auth/sessions/{session_id}",
    ]  # fmt: skip
    assert document["paths"]["/healthz"]["get"]["security"] == []


@pytest.mark.parametrize("path", ["/api/docs", "/api/docs/oauth2-redirect"])
async def test_pages_load_only_our_own_files_and_run_nothing_inline(client: httpx.AsyncClient, path: str) -> None:
    page = await client.get(path)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"<script(?![^>]*src=)|<style| style=| on\w+=", page.text)
    for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert address.startswith("/")
        if address.startswith("/api/docs/assets/"):
            assert (await client.get(address)).status_code == 200


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("swagger-ui-bundle.js", "text/javascript"),
        ("swagger-ui.css", "text/css"),
        ("docs.js", "text/javascript"),
        ("icon.svg", "image/svg+xml"),
    ],
)
async def test_assets_are_cached_under_their_types(client: httpx.AsyncClient, name: str, media_type: str) -> None:
    response = await client.get(f"/api/docs/assets/{name}")
    assert response.headers["content-type"].startswith(media_type)
    assert response.headers["cache-control"] == "public, max-age=3600"
    assert len(response.content) > 50


@pytest.mark.parametrize("name", ["index.html", "__init__.py", "..%2fmain.py", "%2e%2e/main.py", "nothing.js"])
async def test_no_other_file_is_served(client: httpx.AsyncClient, name: str) -> None:
    response = await client.get(f"/api/docs/assets/{name}")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


async def test_swagger_logs_in_with_pkce_and_no_secret(client: httpx.AsyncClient) -> None:
    script = (await client.get("/api/docs/assets/docs.js")).text
    assert "usePkceWithAuthorizationCodeGrant: true" in script
    assert 'clientId: "api-docs"' in script
    assert "ecret:" not in script
