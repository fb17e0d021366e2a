"""Keycloak's administrator, for tests: throw-away users, their sessions, and what is done in the realm console."""

from __future__ import annotations

import uuid
from types import TracebackType
from typing import Any, Self

import httpx

REALM = "messenger"
PASSWORD = "correct-horse-battery"


class RealmAdmin:
    """The admin REST API, as the bootstrap administrator on the loopback port."""

    def __init__(self, keycloak_url: str, password: str) -> None:
        self._keycloak_url = keycloak_url
        self._password = password
        self._http = httpx.AsyncClient(base_url=f"{keycloak_url}/admin/realms/{REALM}", timeout=15)
        self._made: list[str] = []

    async def __aenter__(self) -> Self:
        await self._log_in()
        return self

    async def _log_in(self) -> None:
        response = await self._http.post(
            f"{self._keycloak_url}/realms/master/protocol/openid-connect/token",
            data={"grant_type": "password", "client_id": "admin-cli", "username": "admin", "password": self._password},
        )
        response.raise_for_status()
        self._http.headers["Authorization"] = f"Bearer {response.json()['access_token']}"

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._log_in()
        for user_id in self._made:
            await self._http.delete(f"/users/{user_id}")
        await self._http.aclose()

    async def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Call the API below the realm; raises unless it succeeds."""
        response = await self._http.request(method, path, **options)
        if response.status_code == httpx.codes.UNAUTHORIZED:  # Its token lives for a minute.
            await self._log_in()
            response = await self._http.request(method, path, **options)
        response.raise_for_status()
        return response

    async def new_user(self, prefix: str) -> tuple[str, str]:
        """Make a user with `PASSWORD`, removed in the end; returns `(id, username)`."""
        username = f"{prefix}-{uuid.uuid4().hex[:8]}"
        response = await self.call(
            "POST",
            "/users",
            json={
                "username": username,
                "enabled": True,
                "email": f"{username}@example.com",
                "emailVerified": True,
                "firstName": prefix.capitalize(),
                "lastName": "Throwaway",
                "credentials": [{"type": "password", "value": PASSWORD, "temporary": False}],
            },
        )
        user_id = response.headers["location"].rsplit("/", 1)[1]
        self._made.append(user_id)
        return user_id, username

    async def sessions(self, user_id: str) -> list[dict[str, Any]]:
        """List the live sessions of a user."""
        found: list[dict[str, Any]] = (await self.call("GET", f"/users/{user_id}/sessions")).json()
        return found
