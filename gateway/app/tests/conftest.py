"""What the tests of the gateway app share: its secrets, and a Keycloak that respx plays."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import respx
from joserfc import jwt
from joserfc.jwk import RSAKey

SECRETS = {
    "INTERNAL_SECRET": "secret",
    "GATEWAY_RUNTIME_PASSWORD": "secret",
    "GATEWAY_CLIENT_SECRET": "secret",
    "GATEWAY_SESSIONS_CLIENT_SECRET": "secret",
    "RABBITMQ_GATEWAY_PASSWORD": "secret",
    "SESSION_KEYS": "k1:" + "A" * 43 + "=",
}
KEYCLOAK_URL = "http://keycloak.test"
ISSUER = "http://localhost:8080/realms/messenger"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class Clock:
    """A clock that a test sets; in seconds."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def test_secrets() -> dict[str, str]:
    return SECRETS


@pytest.fixture(scope="session")
def signing_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "throw-away", "use": "sig", "alg": "RS256"})


class Keycloak:
    """The realm as the gateway app meets it: strict about refresh tokens, as the real one is."""

    def __init__(self, router: respx.MockRouter, url: str, issuer: str, key: RSAKey) -> None:
        self.realm_url = f"{url}/realms/messenger"
        self.issuer = issuer
        self.key = key
        self.router = router
        self.form_calls: list[dict[str, str]] = []
        # Refresh tokens that are good, each with its session; and every live session by its user.
        self.good: dict[str, str] = {}
        self.subs: dict[str, str] = {}
        self.nonces: dict[str, str] = {}
        self.away = False
        # Awaited before a refresh is answered.
        self.before_refresh: Callable[[], Awaitable[None]] | None = None
        self.expires_in = 300
        endpoints = f"{self.realm_url}/protocol/openid-connect"
        router.get(f"{endpoints}/certs").respond(json={"keys": [key.as_dict(private=False)]})
        router.post(f"{endpoints}/token").mock(side_effect=self._token)
        router.post(f"{endpoints}/logout").mock(side_effect=self._logout)
        router.get(url__regex=rf"{url}/admin/realms/messenger/users/[^/]+/sessions").mock(side_effect=self._sessions)

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """Sign any claims; a header or claim given as None is left out."""
        fields = {"alg": "RS256", "typ": "JWT", "kid": self.key.kid, **header}
        fields = {name: value for name, value in fields.items() if value is not None}
        present = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(fields, present, self.key, algorithms=["RS256"])

    def begin(self, code: str, nonce: str, sub: str, sid: str | None = None) -> str:
        """Let a person in: `code` is good for tokens of a (new) login session."""
        sid = sid or secrets.token_urlsafe(18)
        self.subs[sid] = sub
        self.good[f"code {code}"] = sid
        self.nonces[sid] = nonce
        return sid

    def end(self, sid: str) -> None:
        """End a login session without a word."""
        self.subs.pop(sid, None)
        self.good = {token: session for token, session in self.good.items() if session != sid}

    def calls(self, grant_type: str) -> int:
        """Count the calls of a kind."""
        return sum(form.get("grant_type") == grant_type for form in self.form_calls)

    def logout_claims(self, **changes: Any) -> dict[str, Any]:
        """Return the claims of a logout token, but for the changes."""
        now = int(time.time())
        return {
            "iss": self.issuer,
            "aud": "gateway",
            "iat": now,
            "exp": now + 120,
            "jti": uuid.uuid4().hex,
            "sub": str(uuid.uuid4()),
            "sid": secrets.token_urlsafe(18),
            "typ": "Logout",
            "events": {LOGOUT_EVENT: {}},
        } | changes

    def id_claims(self, access_token: str, sid: str, /, **changes: Any) -> dict[str, Any]:
        """Return the claims of an ID token, but for the changes."""
        now = int(time.time())
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        return {
            "iss": self.issuer,
            "aud": "gateway",
            "azp": "gateway",
            "iat": now,
            "exp": now + 300,
            "typ": "ID",
            "sub": self.subs.get(sid, str(uuid.uuid4())),
            "sid": sid,
            "nonce": self.nonces.get(sid),
            "at_hash": base64.urlsafe_b64encode(half).decode().rstrip("="),
        } | changes

    async def _token(self, request: httpx.Request) -> httpx.Response:
        form = dict(parse_qsl(request.content.decode()))
        self.form_calls.append(form)
        if self.away:
            raise httpx.ConnectError("away")
        if form["grant_type"] == "client_credentials":
            return httpx.Response(200, json={"access_token": "service", "expires_in": 300, "token_type": "Bearer"})
        if form["grant_type"] == "refresh_token" and self.before_refresh is not None:
            await self.before_refresh()
        spent = f"code {form['code']}" if form["grant_type"] == "authorization_code" else form["refresh_token"]
        sid = self.good.pop(spent, None)
        if sid is None:
            return httpx.Response(400, json={"error": "invalid_grant", "error_description": "Session not active"})
        return httpx.Response(200, json=self._tokens(sid))

    def _tokens(self, sid: str) -> dict[str, Any]:
        now = int(time.time())
        claims = {"sid": sid, "sub": self.subs[sid], "iat": now, "exp": now + self.expires_in, "jti": uuid.uuid4().hex}
        access_token, refresh_token = self.sign(claims), secrets.token_urlsafe(32)
        self.good[refresh_token] = sid
        return {
            "access_token": access_token,
            "expires_in": self.expires_in,
            "refresh_token": refresh_token,
            "refresh_expires_in": 1_209_600,
            "token_type": "Bearer",
            "id_token": self.sign(self.id_claims(access_token, sid)),
        }

    async def _logout(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("away")
        form = dict(parse_qsl(request.content.decode()))
        self.form_calls.append({**form, "grant_type": "logout"})
        sid = self.good.get(form["refresh_token"])
        if sid is None:
            return httpx.Response(400, json={"error": "invalid_grant"})
        self.end(sid)
        return httpx.Response(204)

    async def _sessions(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("away")
        sub = request.url.path.split("/")[-2]
        now = int(time.time() * 1000)
        listed = [
            {"id": sid, "start": now, "lastAccess": now, "ipAddress": "192.0.2.1", "clients": {"x": "gateway"}}
            for sid, owner in self.subs.items()
            if owner == sub
        ]
        return httpx.Response(200, content=json.dumps(listed), headers={"Content-Type": "application/json"})


@pytest.fixture
def keycloak(signing_key: RSAKey) -> Iterator[Keycloak]:
    """Play Keycloak at the addresses of the settings' defaults; a call that nobody expects fails."""
    with respx.mock(assert_all_called=False) as router:
        yield Keycloak(router, KEYCLOAK_URL, ISSUER, signing_key)
