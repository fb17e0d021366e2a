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


class FakeClients:
    """A Keycloak that gives a service account's client the scope `service_account` whenever it is updated."""

    def __init__(self, clients: list[dict[str, Any]]) -> None:
        self.kept = {client["clientId"]: {**client, "id": client["clientId"]} for client in clients}

    async def a_get_clients(self) -> list[dict[str, Any]]:
        return list(self.kept.values())

    async def a_get_client_id(self, name: str) -> str:
        return name

    async def a_update_client(self, name: str, client: dict[str, Any]) -> None:
        # An update leaves the scopes of a client as they are, whatever it says of them.
        scopes = self.kept[name].get("defaultClientScopes", [])
        added = ["service_account"] if client.get("serviceAccountsEnabled") else []
        self.kept[name] = {**client, "defaultClientScopes": [*scopes, *added]}

    async def a_get_client_default_client_scopes(self, name: str) -> list[dict[str, str]]:
        return [{"id": scope, "name": scope} for scope in self.kept[name]["defaultClientScopes"]]

    async def a_delete_client_default_client_scope(self, name: str, scope: str) -> None:
        self.kept[name]["defaultClientScopes"].remove(scope)


async def test_a_secret_that_changes_is_reported_once(provisioning: ModuleType, realm: dict[str, Any]) -> None:
    keycloak = FakeClients(realm["clients"])
    changed = {**realm, "clients": [{**client, "secret": "new"} for client in realm["clients"]]}
    provisioner = provisioning.Provisioner(keycloak, changed)
    assert await provisioner.clients() == [f"client {client['clientId']}: secret" for client in realm["clients"]]
    assert await provisioner.clients() == []
    assert keycloak.kept["user-service"]["defaultClientScopes"] == ["basic", "roles"]


def test_missing_setting_ends_with_an_error(
    provisioning: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GATEWAY_CLIENT_SECRET", raising=False)
    assert provisioning.main() == 1
    assert "GATEWAY_CLIENT_SECRET is not set" in capsys.readouterr().err


MAIL = {"KEYCLOAK_ADMIN_PASSWORD": "a", "SMTP_HOST": "smtp.example.org", "SMTP_FROM": "us@example.org"}
LOGIN = {"SMTP_USER": "us", "SMTP_PASSWORD": "first"}


class FakeRealm:
    """A Keycloak that keeps one realm and hides the password of its mail server."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {"attributes": {"own": "kept"}}

    async def a_get_realm(self, _name: str) -> dict[str, Any]:
        server = self.kept.get("smtpServer", {})
        hidden = {"password": "*" * 10} if "password" in server else {}
        return {**self.kept, "smtpServer": {**server, **hidden}}

    async def a_update_realm(self, _name: str, changes: dict[str, Any]) -> None:
        self.kept.update(changes)


def test_without_a_mail_server_nobody_is_promised_a_letter(provisioning: ModuleType, realm: dict[str, Any]) -> None:
    assert provisioning.with_mail(realm, {"SMTP_HOST": "", "SMTP_FROM": "us@example.org"}) is realm
    assert (realm["resetPasswordAllowed"], realm["verifyEmail"]) == (False, False)


def test_mail_server_without_a_sender_is_refused(provisioning: ModuleType, realm: dict[str, Any]) -> None:
    with pytest.raises(provisioning.UnsetVariableError, match="SMTP_FROM"):
        provisioning.with_mail(realm, {"SMTP_HOST": "smtp.example.org"})


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, {"port": "587", "starttls": "true", "auth": "false"}),
        ({"SMTP_PORT": "25", "SMTP_STARTTLS": "false"}, {"port": "25", "starttls": "false", "auth": "false"}),
        (LOGIN, {"port": "587", "starttls": "true", "auth": "true", "user": "us", "password": "first"}),
    ],
)
def test_mail_server_is_that_of_the_environment(
    provisioning: ModuleType, realm: dict[str, Any], environment: dict[str, str], expected: dict[str, str]
) -> None:
    changed = provisioning.with_mail(realm, MAIL | environment)
    always = {"host": "smtp.example.org", "from": "us@example.org", "fromDisplayName": "Messenger"}
    assert changed["smtpServer"] == always | expected
    assert changed["resetPasswordAllowed"] is changed["verifyEmail"] is True


async def test_mail_server_is_written_once_and_again_when_its_password_changes(
    provisioning: ModuleType, realm: dict[str, Any]
) -> None:
    keycloak = FakeRealm()

    async def provision(environment: dict[str, str]) -> list[str]:
        reports: list[str] = await provisioning.Provisioner(
            keycloak, provisioning.with_mail(realm, environment)
        ).settings()
        return reports

    assert "smtpServer" in (await provision(MAIL | LOGIN))[0]
    assert await provision(MAIL | LOGIN) == []
    assert await provision(MAIL | LOGIN | {"SMTP_PASSWORD": "second"}) != []
    assert keycloak.kept["smtpServer"]["password"] == "second"
    assert keycloak.kept["attributes"]["own"] == "kept"
    assert "second" not in json.dumps(keycloak.kept["attributes"])
    assert await provision({}) != []
    assert (keycloak.kept["resetPasswordAllowed"], keycloak.kept["verifyEmail"]) == (False, False)
