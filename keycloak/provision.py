# noqa: INP001 - a script, run by its path.
"""Bring a running Keycloak in step with `realm/messenger-realm.json` and the environment; harmless to repeat.

Keycloak imports the realm once and never again (`--import-realm` skips an existing realm). What the environment may
change afterwards (secrets, addresses) and what a release may change (settings, clients) is brought over here. Demo
accounts are made only with `DEMO=true`; accounts that exist are left as they are. Authentication flows, client scopes
and keys of an existing realm are not touched: changing those is a migration with its own script.

Environment: KEYCLOAK_URL, KEYCLOAK_ADMIN_PASSWORD (bootstrap admin of the realm master), KEYCLOAK_ADMIN_USER (`admin`),
DEMO (`true` or not), the variables that the realm file names, and for e-mail SMTP_HOST, SMTP_PORT, SMTP_FROM,
SMTP_USER, SMTP_PASSWORD, SMTP_STARTTLS (`false` or not).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import re
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keycloak import KeycloakAdmin
from keycloak.exceptions import KeycloakError

REALM = "messenger"
REALM_FILE = Path(__file__).parent / "realm" / "messenger-realm.json"
# Keycloak's own message keys, such as ${username}, are lower case and stay as they are.
PLACEHOLDER = re.compile(r"\$\{([A-Z][A-Z0-9_]*)(?::([^}]*))?\}")
HASH_ITERATIONS = 210_000
MASK = "*" * 10  # What Keycloak shows for a password it has.

Document = dict[str, Any]


class UnsetVariableError(Exception):
    """The realm file names a variable without a default and the environment does not have it."""


class LiteralSecretError(Exception):
    """A client's secret is the text of a placeholder, which anyone can read in the realm file."""


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account of `DEMO=true`; its password is the user name with `-demo`, the administrator's is the user name."""

    username: str
    first_name: str
    last_name: str
    realm_role: str = "user"
    password_suffix: str = "-demo"  # noqa: S105 - the contract publishes it.
    manages_realm: bool = False

    @property
    def password(self) -> str:
        """The published password."""
        return self.username + self.password_suffix


DEMO_ACCOUNTS = (
    DemoAccount("alice", "Alice", "Liddell"),
    DemoAccount("bob", "Bob", "Builder"),
    DemoAccount("carol", "Carol", "Danvers"),
    DemoAccount("dave", "Dave", "Bowman"),
    DemoAccount("erin", "Erin", "Brockovich"),
    DemoAccount("admin-demo", "Ada", "Admin", realm_role="admin", password_suffix="", manages_realm=True),
)


def resolve(node: Any, environment: Mapping[str, str]) -> Any:
    """Replace `${VARIABLE:default}` as Keycloak's import does; raises `UnsetVariableError` where that keeps them."""
    if isinstance(node, dict):
        return {key: resolve(value, environment) for key, value in node.items()}
    if isinstance(node, list):
        return [resolve(value, environment) for value in node]
    if not isinstance(node, str):
        return node

    def value_of(match: re.Match[str]) -> str:
        name, default = match.groups()
        value = environment.get(name) or default
        if value is None:
            raise UnsetVariableError(f"{name} is not set.")
        return value

    return PLACEHOLDER.sub(value_of, node)


def differences(wanted: Document, actual: Document) -> Document:
    """Return the members of `wanted` that `actual` lacks or has otherwise; lists count as sets, objects by member."""
    return {key: value for key, value in wanted.items() if not _agrees(value, actual.get(key))}


def _agrees(wanted: Any, actual: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(actual, dict) and not differences(wanted, actual)
    if isinstance(wanted, list):
        return isinstance(actual, list) and {json.dumps(item) for item in wanted} == {
            json.dumps(item) for item in actual
        }
    return bool(wanted == actual)


def realm_settings(realm: Document) -> Document:
    """Return the realm's plain settings: those that an update may carry without roles, flows, clients or keys."""
    # Its flag is consumed by the import and not stored.
    attributes = {
        key: value for key, value in realm.get("attributes", {}).items() if key != "CreateDefaultClientScopes"
    }
    plain = {
        key: value
        for key, value in realm.items()
        if isinstance(value, str | int) or (isinstance(value, list) and all(isinstance(item, str) for item in value))
    }
    plain.pop("defaultRoles", None)  # An import-only spelling of the composite role default-roles-messenger.
    mail = {"smtpServer": realm["smtpServer"]} if "smtpServer" in realm else {}
    return {**plain, **mail, "attributes": attributes}


def with_mail(realm: Document, environment: Mapping[str, str]) -> Document:
    """Return the realm with what a mail server allows: new passwords by e-mail, and confirmed addresses.

    Without SMTP_HOST that is nothing. Keycloak never shows the password again, so its digest is kept beside it, to
    notice a change; the digest is keyed, because a password that people choose could be guessed from a plain one.
    """
    if not environment.get("SMTP_HOST"):
        return realm
    if not environment.get("SMTP_FROM"):
        raise UnsetVariableError("SMTP_HOST is set, SMTP_FROM is not.")
    user, password = environment.get("SMTP_USER", ""), environment.get("SMTP_PASSWORD", "")
    server = {
        "host": environment["SMTP_HOST"],
        "port": environment.get("SMTP_PORT") or "587",
        "from": environment["SMTP_FROM"],
        "fromDisplayName": realm["displayName"],
        "starttls": str(environment.get("SMTP_STARTTLS", "").lower() != "false").lower(),
        "auth": str(bool(user)).lower(),
    }
    if user:
        server |= {"user": user, "password": password}
    digest = hmac.new(environment["KEYCLOAK_ADMIN_PASSWORD"].encode(), password.encode(), hashlib.sha256).hexdigest()
    return {
        **realm,
        "resetPasswordAllowed": True,
        "verifyEmail": True,
        "smtpServer": server,
        "attributes": {**realm.get("attributes", {}), "smtpPasswordDigest": digest},
    }


def password_credential(password: str) -> Document:
    """Return a credential that is already hashed; Keycloak hashes it anew, by its own settings, at the first login.

    The realm's password policy judges clear text only. It forbids a password that equals the user name, which the
    contract's `admin-demo` has, and should go on forbidding it for everyone else.
    """
    salt = secrets.token_bytes(16)
    value = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, HASH_ITERATIONS)
    return {
        "type": "password",
        "credentialData": json.dumps({"algorithm": "pbkdf2-sha512", "hashIterations": HASH_ITERATIONS}),
        "secretData": json.dumps({"value": base64.b64encode(value).decode(), "salt": base64.b64encode(salt).decode()}),
    }


class Provisioner:
    """Compares the realm with what it should be and changes what differs; every change is reported by one line."""

    def __init__(self, admin: KeycloakAdmin, realm: Document) -> None:
        self._admin = admin
        self._realm = realm

    async def settings(self) -> list[str]:
        """Bring the realm's plain settings over."""
        wanted, actual = realm_settings(self._realm), await self._admin.a_get_realm(REALM)
        server = wanted.pop("smtpServer", {})
        comparable = {"smtpServer": {**server, "password": MASK}} if "password" in server else {"smtpServer": server}
        changed = differences({**wanted, **(comparable if server else {})}, actual)
        if not changed:
            return []
        # What an update names, it replaces as a whole.
        if "attributes" in changed:
            changed["attributes"] = {**actual.get("attributes", {}), **wanted["attributes"]}
        if server:
            changed["smtpServer"] = server
        # Keycloak ignores the policy of passkeys unless their party's name stands in the same body.
        changed.update({key: value for key, value in wanted.items() if key.startswith("webAuthnPolicy")})
        await self._admin.a_update_realm(REALM, changed)
        return [f"realm: {', '.join(sorted(changed))}"]

    async def clients(self) -> list[str]:
        """Bring addresses, secrets and switches of our clients over; a client of a newer release is created."""
        existing = {client["clientId"]: client for client in await self._admin.a_get_clients()}
        reports = []
        for wanted in self._realm["clients"]:
            name = wanted["clientId"]
            actual = existing.get(name)
            if actual is None:
                await self._admin.a_create_client(wanted)
                await self._grant_scopes(name)
                await self._grant_service_account(name)
                await self._drop_scopes(name, wanted.get("defaultClientScopes"))
                reports.append(f"client {name}: created")
            elif changed := differences(wanted, actual):
                await self._admin.a_update_client(actual["id"], {**actual, **wanted, "id": actual["id"]})
                await self._drop_scopes(name, wanted.get("defaultClientScopes"))
                reports.append(f"client {name}: {', '.join(sorted(changed))}")
        return reports

    async def _grant_scopes(self, name: str) -> None:
        roles = [
            role for scope in self._realm["scopeMappings"] if scope.get("client") == name for role in scope["roles"]
        ]
        client_id = await self._client_id(name)
        granted = [await self._admin.a_get_realm_role(role) for role in roles]
        if granted:
            await self._admin.a_assign_realm_roles_to_client_scope(client_id, granted)

    async def _grant_service_account(self, name: str) -> None:
        """Give the service account of a new client its roles, and let its tokens carry them."""
        account = next((user for user in self._realm["users"] if user.get("serviceAccountClientId") == name), None)
        if account is None:
            return
        client_id = await self._client_id(name)
        user = await self._admin.a_get_client_service_account_user(client_id)
        for owner_name, role_names in account["clientRoles"].items():
            owner = await self._client_id(owner_name)
            roles = [await self._admin.a_get_client_role(owner, role) for role in role_names]
            await self._admin.a_assign_client_role(user["id"], owner, roles)
            await self._admin.a_assign_client_roles_to_client_scope(client_id, owner, roles)

    async def _drop_scopes(self, name: str, wanted: list[str] | None) -> None:
        """Take away what Keycloak adds by itself to a client that it creates or updates (`service_account`)."""
        if wanted is None:
            return
        client_id = await self._client_id(name)
        for scope in await self._admin.a_get_client_default_client_scopes(client_id):
            if scope["name"] not in wanted:
                await self._admin.a_delete_client_default_client_scope(client_id, scope["id"])

    async def _client_id(self, name: str) -> str:
        client_id = await self._admin.a_get_client_id(name)
        if client_id is None:
            raise KeycloakError(f"The realm has no client {name}.")
        return client_id

    async def check_secrets(self) -> None:
        """Raise `LiteralSecretError` if any client's secret still is a placeholder."""
        for client in await self._admin.a_get_clients():
            if "${" in client.get("secret", ""):
                raise LiteralSecretError(f"The secret of client {client['clientId']} was imported literally.")

    async def demo_accounts(self) -> list[str]:
        """Create the demo accounts that do not exist yet."""
        return [f"account {account.username}: created" for account in DEMO_ACCOUNTS if await self._create(account)]

    async def _create(self, account: DemoAccount) -> bool:
        if await self._admin.a_get_user_id(account.username):
            return False
        user_id = await self._admin.a_create_user(
            {
                "username": account.username,
                "email": f"{account.username}@example.com",
                "emailVerified": True,
                "enabled": True,
                "firstName": account.first_name,
                "lastName": account.last_name,
                "credentials": [password_credential(account.password)],
            }
        )
        await self._admin.a_assign_realm_roles(user_id, [await self._admin.a_get_realm_role(account.realm_role)])
        if account.manages_realm:
            management = await self._client_id("realm-management")
            role = await self._admin.a_get_client_role(management, "realm-admin")
            await self._admin.a_assign_client_role(user_id, management, [role])
        return True


async def provision(environment: Mapping[str, str]) -> list[str]:
    """Do all of it in order and return the changes.

    Raises `KeycloakError` (away or refusing), `UnsetVariableError` and `LiteralSecretError`.
    """
    realm = with_mail(resolve(json.loads(REALM_FILE.read_text(encoding="utf-8")), environment), environment)
    admin = KeycloakAdmin(
        server_url=environment.get("KEYCLOAK_URL") or "http://127.0.0.1:8081",
        username=environment.get("KEYCLOAK_ADMIN_USER") or "admin",
        password=environment["KEYCLOAK_ADMIN_PASSWORD"],
        realm_name=REALM,
        user_realm_name="master",
        timeout=30,
    )
    provisioner = Provisioner(admin, realm)
    try:
        reports = await provisioner.settings()
        reports += await provisioner.clients()
        await provisioner.check_secrets()
        if environment.get("DEMO", "").lower() == "true":
            reports += await provisioner.demo_accounts()
    finally:
        await admin.connection.aclose()
        await admin.connection.keycloak_openid.connection.aclose()
    return reports


def main() -> int:
    """Provision from the process's environment; 0 when Keycloak is as it should be."""
    try:
        reports = asyncio.run(provision(os.environ))
    except (KeycloakError, UnsetVariableError, LiteralSecretError, KeyError) as error:
        sys.stderr.write(f"keycloak: {type(error).__name__}: {error}\n")
        return 1
    sys.stdout.writelines(f"keycloak: {report}\n" for report in reports or ["up to date"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
