"""Login sessions as Keycloak knows them: listed with `view-users`, ended with the user's own token.

The service account behind the list can end nothing and change nobody.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any
from uuid import UUID

import httpx
import msgspec
from keycloak import KeycloakAdmin, KeycloakOpenIDConnection
from keycloak.exceptions import KeycloakError, KeycloakGetError

from gateway_app.services.ports import RealmSession
from messenger_platform.errors import Unavailable

TIMEOUT_S = 5


class _Listed(msgspec.Struct):
    id: str
    start: int
    lastAccess: int  # noqa: N815 - Keycloak's name.
    ipAddress: str | None = None  # noqa: N815 - as above.
    clients: dict[str, str] = {}


class KeycloakSessions:
    """The sessions of the realm; raises `Unavailable`."""

    def __init__(
        self, http: httpx.AsyncClient, *, keycloak_url: str, realm: str, client_id: str, client_secret: str
    ) -> None:
        self._http = http
        self._account_url = f"{keycloak_url}/realms/{realm}/account/sessions"
        self._admin = KeycloakAdmin(
            connection=KeycloakOpenIDConnection(
                server_url=keycloak_url,
                realm_name=realm,
                client_id=client_id,
                client_secret_key=client_secret,
                timeout=TIMEOUT_S,
                max_retries=0,
            )
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._admin.connection.aclose()
        await self._admin.connection.keycloak_openid.connection.aclose()

    async def of_user(self, sub: UUID) -> list[RealmSession]:
        """Return the live sessions of all clients; none for a user who does not exist."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                answer = await self._admin.a_get_sessions(str(sub))
            return [_session(found) for found in msgspec.convert(answer, list[_Listed])]
        except KeycloakGetError as error:
            if error.response_code == httpx.codes.NOT_FOUND:
                return []
            raise Unavailable("Keycloak does not list sessions. Try again.") from error
        except (KeycloakError, httpx.HTTPError, TimeoutError, msgspec.ValidationError) as error:
            raise Unavailable("Keycloak does not list sessions. Try again.") from error

    async def end(self, account_token: str, sid: str) -> None:
        """End one of the account's own sessions; one that is gone or somebody else's is left alone."""
        headers = {"Authorization": f"Bearer {account_token}", "Accept": "application/json"}
        try:
            response = await self._http.delete(f"{self._account_url}/{sid}", headers=headers, timeout=TIMEOUT_S)
        except httpx.HTTPError as error:
            raise Unavailable("Keycloak does not answer. Try again.") from error
        if response.status_code not in {httpx.codes.NO_CONTENT, httpx.codes.NOT_FOUND}:
            raise Unavailable("Keycloak does not end the session. Try again.")


def _session(found: Any) -> RealmSession:
    return RealmSession(
        sid=found.id,
        ip=_address(found.ipAddress),
        started_at=datetime.fromtimestamp(found.start / 1000, UTC),
        last_used_at=datetime.fromtimestamp(found.lastAccess / 1000, UTC),
        clients=tuple(sorted(found.clients.values())),
    )


def _address(text: str | None) -> str | None:
    try:
        return str(ip_address(text)) if text else None
    except ValueError:
        return None
