"""Accounts of one test, made and removed in the realm, so that their sessions are nobody else's."""

from __future__ import annotations

import secrets
import time
from typing import Any, Self

import httpx

TOKEN_LIFE_S = 40.0


class RealmAdmin:
    """The bootstrap administrator, on Keycloak's own port as the console is."""

    def __init__(self, keycloak_url: str, password: str) -> None:
        self._password = password
        self._http = httpx.AsyncClient(base_url=keycloak_url, timeout=30)
        self._token = ""
        self._fetched_at = float("-inf")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Call the admin API below the realm `messenger`; an error status fails."""
        if time.monotonic() - self._fetched_at > TOKEN_LIFE_S:
            form = {"grant_type": "password", "client_id": "admin-cli", "username": "admin", "password": self._password}
            answer = await self._http.post("/realms/master/protocol/openid-connect/token", data=form)
            answer.raise_for_status()
            self._token, self._fetched_at = answer.json()["access_token"], time.monotonic()
        headers = {"Authorization": f"Bearer {self._token}"}
        response = await self._http.request(method, f"/admin/realms/messenger{path}", headers=headers, **options)
        response.raise_for_status()
        return response

    async def new_person(self) -> Person:
        """Create an account with a password of its own."""
        name = f"p{secrets.token_hex(6)}"
        body = {
            "username": name,
            "email": f"{name}@example.com",
            "emailVerified": True,
            "enabled": True,
            "firstName": "Pat",
            "lastName": "Example",
            "credentials": [{"type": "password", "value": f"{name}-secret", "temporary": False}],
        }
        created = await self.call("POST", "/users", json=body)
        return Person(self, created.headers["location"].rpartition("/")[2], name, f"{name}-secret")


class Person:
    """One such account."""

    def __init__(self, admin: RealmAdmin, sub: str, username: str, password: str) -> None:
        self._admin = admin
        self.sub = sub
        self.username = username
        self.password = password
        self._removed = False

    async def sids(self) -> set[str]:
        """Return the ids of the login sessions that Keycloak knows."""
        return {found["id"] for found in (await self._admin.call("GET", f"/users/{self.sub}/sessions")).json()}

    async def log_out_everywhere(self) -> None:
        """Do what the console's "Sign out all sessions" does."""
        await self._admin.call("POST", f"/users/{self.sub}/logout")

    async def end(self, sid: str) -> None:
        """Do what the console's "Sign out" of one session does."""
        await self._admin.call("DELETE", f"/sessions/{sid}")

    async def set_enabled(self, *, enabled: bool) -> None:
        """Disable or enable the account."""
        await self._admin.call("PUT", f"/users/{self.sub}", json={"enabled": enabled})

    async def remove(self) -> None:
        """Delete the account; again changes nothing."""
        if not self._removed:
            await self._admin.call("DELETE", f"/users/{self.sub}")
        self._removed = True
