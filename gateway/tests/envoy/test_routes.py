"""The allow-list: which request reaches which part, and which reaches none."""

from __future__ import annotations

import httpx
import pytest

pytestmark = pytest.mark.enable_socket

NEEDS_TOKEN = [
    "/api/users",
    "/api/users/me",
    "/api/chats",
    "/api/chats/1/messages",
    "/api/history/1",
    "/api/nothing",
    "/ws",
]


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/api/users", "user"),
        ("/api/users/me", "user"),
        ("/api/users?query=ali&limit=20", "user"),
        ("/api/bootstrap", "chat"),
        ("/api/chats", "chat"),
        ("/api/chats/1/participants/2", "chat"),
        ("/api/history/1?limit=10", "chat"),
        ("/api/openapi.json", "gateway"),
        ("/api/docs", "gateway"),
        ("/api/docs/oauth2-redirect", "gateway"),
        ("/auth/login", "gateway"),
        ("/auth/sessions/3", "gateway"),
        ("/healthz", "gateway"),
        ("/", "gateway"),
        ("/new", "gateway"),
        ("/c/12", "gateway"),
        ("/c/12/m/400", "gateway"),
        ("/settings", "gateway"),
        ("/settings/sessions", "gateway"),
        ("/join/token", "gateway"),
        ("/assets/index-e1ox6OIe.js", "gateway"),
        ("/sw.js", "gateway"),
        ("/manifest.webmanifest", "gateway"),
        ("/icon.svg", "gateway"),
        ("/realms/messenger", "keycloak"),
        ("/realms/messenger/.well-known/openid-configuration", "keycloak"),
        ("/realms/messenger/protocol/openid-connect/auth", "keycloak"),
        ("/resources/abc12/login/messenger/css/messenger.css", "keycloak"),
    ],
)
async def test_each_address_reaches_its_part(
    client: httpx.AsyncClient, bearer: dict[str, str], path: str, part: str
) -> None:
    response = await client.get(path, headers=bearer)
    assert response.status_code == 200
    assert response.json()["service"].startswith(part)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path",
    [
        "/admin",
        "/admin/",
        "/admin/messenger/console/",
        "/admin/realms/messenger/users",
        "/realms",
        "/realms/master",
        "/realms/master/protocol/openid-connect/token",
        "/realms/messengerx/account",
        "/realms/messenger/clients-registrations/openid-connect",
        "/realms/messenger/protocol/saml",
        "/realms/messenger/protocol/saml/descriptor",
        "/realms/messenger/../master/account",
        "/realms/messenger/%2e%2e/master/account",
        "/realms/messenger/protocol;a=b/saml",
        "/realms/messenger/..;/master/account",
        "/realms/messenger/protocol/%73aml",
        "/realms//messenger//protocol//saml",
        "/resources/../admin/",
        "/resources/%2e%2e/admin/",
        "/.vite/manifest.json",
        "/chats",
        "/newer",
        "/metrics",
        "/health",
        "/health/ready",
        "/q/metrics",
        "/readyz",
        "/internal/link",
        "/auth/backchannel-logout",
        "/api",
        "/index.html",
        "/healthz/x",
        "/wsx",
        "/WS",
    ],
)
async def test_everything_else_does_not_exist(
    client: httpx.AsyncClient, bearer: dict[str, str], method: str, path: str
) -> None:
    # httpx would normalise the path before it is sent.
    request = client.build_request(method, "/", headers=bearer)
    request.url = request.url.copy_with(raw_path=path.encode())
    response = await client.send(request)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is nothing at this address.",
        "code": "not_found",
    }


@pytest.mark.parametrize("path", ["/realms/messenger%2f..%2fmaster", "/realms%5cmaster", "/%2fadmin"])
async def test_escaped_slashes_are_refused(client: httpx.AsyncClient, path: str) -> None:
    request = client.build_request("GET", "/")
    request.url = request.url.copy_with(raw_path=path.encode())
    response = await client.send(request)
    assert response.status_code == 400
    assert response.json()["title"] == "Bad Request"


@pytest.mark.parametrize("path", NEEDS_TOKEN)
async def test_api_and_websocket_need_a_token(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.headers["cache-control"] == "no-store"
    assert response.json() == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "A bearer token is needed.",
        "code": "unauthorized",
    }


async def test_unknown_api_address_is_404_with_a_token(client: httpx.AsyncClient, bearer: dict[str, str]) -> None:
    assert (await client.get("/api/nothing", headers=bearer)).status_code == 404


async def test_ws_without_upgrade_is_426(client: httpx.AsyncClient, bearer: dict[str, str]) -> None:
    response = await client.get("/ws", headers=bearer)
    assert response.status_code == 426
    assert response.json()["title"] == "Upgrade Required"


async def test_other_upgrades_are_refused(client: httpx.AsyncClient, bearer: dict[str, str]) -> None:
    response = await client.get("/api/users", headers={**bearer, "Connection": "Upgrade", "Upgrade": "websocket"})
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"


async def test_an_offer_of_http2_is_ignored(client: httpx.AsyncClient, bearer: dict[str, str]) -> None:
    headers = {**bearer, "Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABk"}
    assert (await client.get("/api/users", headers=headers)).status_code == 200


@pytest.mark.parametrize("path", ["/api/users", "/auth/sessions"])
async def test_private_answers_are_never_stored(client: httpx.AsyncClient, bearer: dict[str, str], path: str) -> None:
    assert (await client.get(path, headers=bearer)).headers["cache-control"] == "no-store"


async def test_servers_do_not_introduce_themselves(client: httpx.AsyncClient, bearer: dict[str, str]) -> None:
    for headers in (bearer, {}):
        response = await client.get("/api/users", headers=headers)
        assert response.headers["server"] == "messenger"
        assert not {"x-powered-by", "x-envoy-upstream-service-time", "via"} & set(response.headers)
