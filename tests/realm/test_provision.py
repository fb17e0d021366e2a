"""The pure parts of provisioning, and its refusals."""

from __future__ import annotations

import base64
import hashlib
import json
from types import ModuleType
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("text", "environment", "expected"),
    [
        ("${A}", {"A": "1"}, "1"),
        ("${A:http://localhost:8080}/x", {}, "http://localhost:8080/x"),
        ("${A:http://localhost:8080}/x", {"A": "http://a"}, "http://a/x"),
        ("${A:1}${B:2}", {"A": "3"}, "32"),
        ("${A:}", {}, ""),
        ("${A:default}", {"A": ""}, "default"),
        ("${username}", {}, "${username}"),
        (
            ["${A:1}", {"k": "${A:1}", "n": 5, "b": True, "x": None}],
            {},
            ["1", {"k": "1", "n": 5, "b": True, "x": None}],
        ),
    ],
)
def test_placeholders_are_resolved(
    provisioning: ModuleType, text: Any, environment: dict[str, str], expected: Any
) -> None:
    assert provisioning.resolve(text, environment) == expected


@pytest.mark.parametrize("environment", [{}, {"A": ""}])
def test_unset_variable_without_default_is_an_error(provisioning: ModuleType, environment: dict[str, str]) -> None:
    with pytest.raises(provisioning.UnsetVariableError, match="A is not set"):
        provisioning.resolve({"secret": "${A}"}, environment)


@pytest.mark.parametrize(
    ("wanted", "actual", "expected"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, {}),
        ({"a": 1}, {"a": 2}, {"a": 1}),
        ({"a": 1}, {}, {"a": 1}),
        ({"a": ["x", "y"]}, {"a": ["y", "x"]}, {}),
        ({"a": ["x"]}, {"a": ["y", "x"]}, {"a": ["x"]}),
        ({"a": {"k": "v"}}, {"a": {"k": "v", "more": 1}}, {}),
        ({"a": {"k": "v"}}, {"a": {"k": "w"}}, {"a": {"k": "v"}}),
        ({"a": {"k": "v"}}, {"a": None}, {"a": {"k": "v"}}),
        ({"a": False}, {"a": True}, {"a": False}),
    ],
)
def test_only_what_differs_is_changed(
    provisioning: ModuleType, wanted: dict[str, Any], actual: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert provisioning.differences(wanted, actual) == expected


def test_realm_settings_carry_no_flows_clients_keys_or_users(provisioning: ModuleType, realm: dict[str, Any]) -> None:
    settings = provisioning.realm_settings(realm)
    assert settings["accessTokenLifespan"] == 300
    assert settings["loginTheme"] == "messenger"
    assert settings["attributes"] == {"adminEventsExpiration": "604800"}
    assert not {"clients", "users", "components", "authenticationFlows", "roles", "defaultRoles"} & set(settings)


def test_passwords_are_handed_over_hashed(provisioning: ModuleType) -> None:
    credential = provisioning.password_credential("alice-demo")
    assert "alice-demo" not in json.dumps(credential)
    how, what = json.loads(credential["credentialData"]), json.loads(credential["secretData"])
    salt = base64.b64decode(what["salt"])
    expected = hashlib.pbkdf2_hmac("sha512", b"alice-demo", salt, how["hashIterations"])
    assert base64.b64decode(what["value"]) == expected
    assert provisioning.password_credential("alice-demo") != credential


def test_demo_accounts_are_those_of_the_contract(provisioning: ModuleType) -> None:
    passwords = {account.username: account.password for account in provisioning.DEMO_ACCOUNTS}
    people = ("alice", "bob", "carol", "dave", "erin")
    assert passwords == {**{name: f"{name}-demo" for name in people}, "admin-demo": "admin-demo"}
    assert [account.username for account in provisioning.DEMO_ACCOUNTS if account.manages_realm] == ["admin-demo"]


class FakeAdmin:
    """A Keycloak whose clients have these secrets."""

    def __init__(self, *secrets: str) -> None:
        self._secrets = secrets

    async def a_get_clients(self) -> list[dict[str, str]]:
        return [{"clientId": f"c{n}", "secret": secret} for n, secret in enumerate(self._secrets)] + [
            {"clientId": "public"}
        ]


async def test_literally_imported_secret_is_refused(provisioning: ModuleType, realm: dict[str, Any]) -> None:
    await provisioning.Provisioner(FakeAdmin("s3cret", "other"), realm).check_secrets()
    with pytest.raises(provisioning.LiteralSecretError, match="c1"):
        await provisioning.Provisioner(FakeAdmin("s3cret", "${GATEWAY_CLIENT_SECRET}"), realm).check_secrets()


def test_missing_setting_ends_with_an_error(
    provisioning: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GATEWAY_CLIENT_SECRET", raising=False)
    assert provisioning.main() == 1
    assert "GATEWAY_CLIENT_SECRET is not set" in capsys.readouterr().err
