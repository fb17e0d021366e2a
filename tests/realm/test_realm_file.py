"""What must hold for the committed realm, whoever edits it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

BROWSER_CLIENTS = {"gateway", "messenger-cli", "api-docs"}


@pytest.fixture
def clients(realm: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {client["clientId"]: client for client in realm["clients"]}


def test_only_known_clients_exist(clients: dict[str, Any]) -> None:
    assert set(clients) == BROWSER_CLIENTS | {"user-service", "gateway-sessions", "admin-cli"}


def test_keycloaks_own_way_to_send_passwords_is_shut(clients: dict[str, Any]) -> None:
    assert not clients["admin-cli"]["enabled"]


def test_no_secret_and_no_person_is_committed(realm: dict[str, Any], clients: dict[str, Any]) -> None:
    secrets = {client["secret"] for client in clients.values() if not client["publicClient"]}
    assert secrets == {
        "${GATEWAY_CLIENT_SECRET}", "${GATEWAY_SESSIONS_CLIENT_SECRET}", "${USER_SERVICE_CLIENT_SECRET}",
    }  # fmt: skip
    assert [user["username"] for user in realm["users"]] == [
        "service-account-user-service", "service-account-gateway-sessions",
    ]  # fmt: skip
    assert "credentials" not in json.dumps(realm["users"])


def test_people_log_in_by_code_and_pkce_only(clients: dict[str, Any]) -> None:
    for name, client in clients.items():
        assert client["standardFlowEnabled"] == (name in BROWSER_CLIENTS)
        assert not client["implicitFlowEnabled"]
        assert not client["directAccessGrantsEnabled"]
        assert not client["fullScopeAllowed"]
        if name in BROWSER_CLIENTS:
            assert client["attributes"]["pkce.code.challenge.method"] == "S256"
            assert "messenger-api" in client["defaultClientScopes"]
            assert "offline_access" not in client["defaultClientScopes"] + client["optionalClientScopes"]


def test_logins_return_to_exact_addresses(clients: dict[str, Any]) -> None:
    public = "${PUBLIC_URL:http://localhost:8080}"
    assert clients["gateway"]["redirectUris"] == [f"{public}/auth/callback"]
    assert clients["api-docs"]["redirectUris"] == [f"{public}/api/docs/oauth2-redirect"]
    assert clients["messenger-cli"]["redirectUris"] == ["http://127.0.0.1/callback"]


def test_every_login_is_told_to_the_gateway_when_it_ends(clients: dict[str, Any]) -> None:
    for name in BROWSER_CLIENTS:
        attributes = clients[name]["attributes"]
        assert attributes["backchannel.logout.url"].endswith("/auth/backchannel-logout")
        assert attributes["backchannel.logout.session.required"] == "true"


def test_every_flow_that_makes_sessions_ends_with_the_limit_of_five(realm: dict[str, Any]) -> None:
    limits = {config["alias"]: config["config"] for config in realm["authenticatorConfig"]}
    flows = {flow["alias"]: flow["authenticationExecutions"] for flow in realm["authenticationFlows"]}
    for flow in ("messenger forms", realm["directGrantFlow"], realm["resetCredentialsFlow"]):
        last = max(flows[flow], key=lambda execution: execution["priority"])
        assert last["authenticator"] == "user-session-limits"
        assert last["requirement"] == "REQUIRED"
        assert limits[last["authenticatorConfig"]] == {
            "behavior": "Terminate oldest session", "userRealmLimit": "5", "userClientLimit": "0",
        }  # fmt: skip


def test_tokens_are_short_and_signed_by_rs256_alone(realm: dict[str, Any]) -> None:
    keys = realm["components"]["org.keycloak.keys.KeyProvider"]
    assert [key["config"]["algorithm"] for key in keys if key["providerId"] == "rsa-generated"] == [["RS256"]]
    assert realm["defaultSignatureAlgorithm"] == "RS256"
    assert realm["accessTokenLifespan"] == 300
    assert realm["revokeRefreshToken"] is True
    assert realm["refreshTokenMaxReuse"] == 0
    assert realm["bruteForceProtected"] is True


def test_every_placeholder_is_a_setting(realm: dict[str, Any]) -> None:
    names = set(re.findall(r"\$\{([A-Z_]+)", json.dumps(realm)))
    assert names == {
        "PUBLIC_URL", "GATEWAY_URL", "GATEWAY_CLIENT_SECRET", "GATEWAY_SESSIONS_CLIENT_SECRET",
        "USER_SERVICE_CLIENT_SECRET",
    }  # fmt: skip
