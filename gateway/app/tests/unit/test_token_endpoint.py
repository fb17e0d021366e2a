"""Every way in which Keycloak's token endpoint fails."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import respx

from gateway_app.clients.token_endpoint import TokenEndpoint
from gateway_app.domain.errors import GrantRefused
from gateway_app.domain.logins import Login
from messenger_platform.errors import Unavailable

REALM_URL = "http://keycloak.test/realms/messenger"
ISSUER = "http://localhost:8080/realms/messenger"
TOKEN_URL = f"{REALM_URL}/protocol/openid-connect/token"
LOGOUT_URL = f"{REALM_URL}/protocol/openid-connect/logout"
GOOD: dict[str, Any] = {
    "access_token": "access",
    "expires_in": 300,
    "refresh_token": "refresh-2",
    "refresh_expires_in": 1800,
    "token_type": "Bearer",
    "id_token": "id",
    "not-before-policy": 0,
    "scope": "openid",
}


@pytest.fixture
async def endpoint() -> AsyncIterator[TokenEndpoint]:
    endpoint = TokenEndpoint(
        realm_url=REALM_URL,
        issuer=ISSUER,
        client_id="gateway",
        client_secret="hush",
        redirect_uri="http://localhost:8080/auth/callback",
        clock=lambda: 1000.0,
    )
    yield endpoint
    await endpoint.aclose()


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in GOOD.items() if name not in names}


def error(code: str) -> dict[str, str]:
    return {"error": code, "error_description": "Because."}


# The answer, and what becomes of the login or session: refused for good, or nobody knows and it stays.
FAILURES: dict[str, tuple[dict[str, Any], type[Exception]]] = {
    "invalid_grant": ({"status_code": 400, "json": error("invalid_grant")}, GrantRefused),
    "invalid_grant without a word": ({"status_code": 400, "json": {"error": "invalid_grant"}}, GrantRefused),
    "invalid_client": ({"status_code": 401, "json": error("invalid_client")}, Unavailable),
    "unauthorized_client": ({"status_code": 400, "json": error("unauthorized_client")}, Unavailable),
    "invalid_request": ({"status_code": 400, "json": error("invalid_request")}, Unavailable),
    "404": ({"status_code": 404, "json": error("Realm does not exist")}, Unavailable),
    "429": ({"status_code": 429, "text": "slow down"}, Unavailable),
    "500": ({"status_code": 500, "json": error("unknown_error")}, Unavailable),
    "500 that says invalid_grant": ({"status_code": 500, "json": error("invalid_grant")}, Unavailable),
    "503 while it starts": ({"status_code": 503, "text": "Request received during bootstrapping"}, Unavailable),
    "a page": ({"status_code": 200, "html": "<html>hotel login</html>"}, Unavailable),
    "nothing": ({"status_code": 200, "content": b""}, Unavailable),
    "a list": ({"status_code": 200, "json": [1]}, Unavailable),
    "null": ({"status_code": 200, "json": None}, Unavailable),
    "no bytes of text": ({"status_code": 200, "content": b"\xff\xfe{"}, Unavailable),
    "empty object": ({"status_code": 200, "json": {}}, Unavailable),
    "no access token": ({"status_code": 200, "json": without("access_token")}, Unavailable),
    "no refresh token": ({"status_code": 200, "json": without("refresh_token")}, Unavailable),
    "no expiry": ({"status_code": 200, "json": without("expires_in")}, Unavailable),
    "no expiry of the session": ({"status_code": 200, "json": without("refresh_expires_in")}, Unavailable),
    "expiry as text": ({"status_code": 200, "json": GOOD | {"expires_in": "soon"}}, Unavailable),
    "expired at birth": ({"status_code": 200, "json": GOOD | {"expires_in": 0}}, Unavailable),
    "empty access token": ({"status_code": 200, "json": GOOD | {"access_token": ""}}, Unavailable),
    "token is a number": ({"status_code": 200, "json": GOOD | {"refresh_token": 7}}, Unavailable),
}
FAULTS = [httpx.ConnectError, httpx.ConnectTimeout, httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError]


@pytest.mark.parametrize("name", FAILURES)
async def test_a_failed_refresh_is_refused_or_unknown(endpoint: TokenEndpoint, name: str) -> None:
    answer, expected = FAILURES[name]
    with respx.mock:
        route = respx.post(TOKEN_URL).respond(**answer)
        with pytest.raises(expected):
            await endpoint.refresh("refresh-1")
        # A refresh token is spent by the request: it is never tried twice.
        assert route.call_count == 1


@pytest.mark.parametrize("name", FAILURES)
async def test_a_failed_exchange_is_refused_or_unknown(endpoint: TokenEndpoint, name: str) -> None:
    answer, expected = FAILURES[name]
    with respx.mock:
        route = respx.post(TOKEN_URL).respond(**answer)
        with pytest.raises(expected):
            await endpoint.exchange("code", Login.begin("/", 0))
        assert route.call_count == 1


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_keycloak_that_is_away_is_unavailable(endpoint: TokenEndpoint, fault: type[Exception]) -> None:
    with respx.mock:
        respx.post(TOKEN_URL).mock(side_effect=fault)
        respx.post(LOGOUT_URL).mock(side_effect=fault)
        for call in (endpoint.refresh("r"), endpoint.exchange("c", Login.begin("/", 0)), endpoint.log_out("r")):
            with pytest.raises(Unavailable):
                await call


async def test_a_refresh_sends_the_token_once_and_reads_the_new_ones(endpoint: TokenEndpoint) -> None:
    with respx.mock:
        route = respx.post(TOKEN_URL).respond(json=GOOD)
        tokens = await endpoint.refresh("refresh-1")
    form = dict(parse_qsl(route.calls.last.request.content.decode()))
    assert form == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh-1",
        "client_id": "gateway",
        "client_secret": "hush",
        "scope": "openid",
    }
    assert (tokens.access_token, tokens.refresh_token) == ("access", "refresh-2")
    assert (tokens.access_expires_at.timestamp(), tokens.refresh_expires_at.timestamp()) == (1300.0, 2800.0)


async def test_a_code_is_exchanged_with_its_verifier(endpoint: TokenEndpoint) -> None:
    login = Login.begin("/", 0)
    address = httpx.URL(endpoint.address(login))
    assert str(address).startswith(f"{ISSUER}/protocol/openid-connect/auth?")
    asked = dict(address.params)
    assert asked.pop("code_challenge")
    assert asked == {
        "response_type": "code",
        "client_id": "gateway",
        "redirect_uri": "http://localhost:8080/auth/callback",
        "scope": "openid",
        "state": login.state,
        "nonce": login.nonce,
        "code_challenge_method": "S256",
    }
    with respx.mock:
        route = respx.post(TOKEN_URL).respond(json=GOOD)
        assert (await endpoint.exchange("the-code", login)).id_token == "id"
    form = dict(parse_qsl(route.calls.last.request.content.decode()))
    assert (form["code"], form["code_verifier"]) == ("the-code", login.verifier)
    assert form["redirect_uri"] == "http://localhost:8080/auth/callback"
    # Keycloak would not have it otherwise, but neither do we send what the page could have read.
    assert login.verifier not in str(address)


@pytest.mark.parametrize(("status", "fails"), [(204, False), (200, False), (400, False), (401, True), (500, True)])
async def test_a_logout_is_done_when_keycloak_says_so_or_knows_nothing(
    endpoint: TokenEndpoint, status: int, *, fails: bool
) -> None:
    with respx.mock:
        respx.post(LOGOUT_URL).respond(status)
        if fails:
            with pytest.raises(Unavailable):
                await endpoint.log_out("r")
        else:
            await endpoint.log_out("r")
