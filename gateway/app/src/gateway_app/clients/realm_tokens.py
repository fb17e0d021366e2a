"""ID tokens and logout tokens of the realm: RS256 by Keycloak's published keys, every claim that matters checked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from joserfc import jws
from joserfc.errors import JoseError

from gateway_app.domain.errors import TokenRefused
from gateway_app.domain.sessions import Identity
from messenger_platform.errors import InvalidToken
from messenger_platform.tokens import SigningKeys

MAX_TOKEN_BYTES = 16 * 1024
LEEWAY_S = 10
# Keycloak gives logout tokens two minutes; nobody may hand us one that has to be remembered for years.
MAX_LOGOUT_LIFE_S = 600
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_HEADERS = {"alg", "kid", "typ"}

T = TypeVar("T")
Seconds = Annotated[int, msgspec.Meta(ge=0, le=2**40)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class _IDToken(msgspec.Struct):
    iss: str
    aud: str | list[str]
    exp: Seconds
    iat: Seconds
    sub: UUID
    sid: Text
    nonce: str
    at_hash: str
    azp: str
    typ: str


class _LogoutToken(msgspec.Struct):
    iss: str
    aud: str | list[str]
    exp: Seconds
    iat: Seconds
    jti: Text
    events: dict[str, dict[str, Any]]
    sub: UUID | None = None
    sid: Text | None = None
    nonce: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class LogoutToken:
    """A verified logout token: at least one of `sid` and `sub` is there; `jti` is to be accepted once."""

    sid: str | None
    sub: UUID | None
    jti: str
    expires_at: datetime


class RealmTokens:
    """Verifies what Keycloak says of logins and logouts; raises `TokenRefused`, or `Unavailable` without any key."""

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str,
        told_for: Collection[str],
        keys: SigningKeys,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._told_for = frozenset(told_for)
        self._keys = keys
        self._clock = clock

    async def identity(self, id_token: str, *, nonce: str, access_token: str) -> Identity:
        """Return whom a login is for, when the ID token answers our request and belongs to the access token."""
        claims = _decoded(await self._payload(id_token, "JWT"), _IDToken)
        self._check_common(claims.iss, claims.iat, claims.exp)
        audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        # Another audience beside us would be somebody else's token that names us.
        if audiences != [self._client_id] or claims.azp != self._client_id or claims.typ != "ID":
            raise TokenRefused("The ID token is not meant for us.")
        if not hmac.compare_digest(claims.nonce.encode(), nonce.encode()):
            raise TokenRefused("The ID token answers another login.")
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        if not hmac.compare_digest(claims.at_hash.encode(), base64.urlsafe_b64encode(half).rstrip(b"=")):
            raise TokenRefused("The ID token belongs to another access token.")
        return Identity(claims.sub, claims.sid)

    async def logout(self, logout_token: str) -> LogoutToken:
        """Return whose session ended, by the rules of OpenID Connect Back-Channel Logout 1.0, section 2.6."""
        claims = _decoded(await self._payload(logout_token, "logout+jwt"), _LogoutToken)
        self._check_common(claims.iss, claims.iat, claims.exp)
        audiences = {claims.aud} if isinstance(claims.aud, str) else set(claims.aud)
        if not audiences or audiences - self._told_for:
            raise TokenRefused("The logout token is not meant for us.")
        if LOGOUT_EVENT not in claims.events or claims.nonce is not msgspec.UNSET:
            raise TokenRefused("The token is not a logout token.")
        if claims.sid is None and claims.sub is None:
            raise TokenRefused("The logout token names nobody.")
        if claims.exp - claims.iat > MAX_LOGOUT_LIFE_S:
            raise TokenRefused("The logout token lives too long.")
        return LogoutToken(claims.sid, claims.sub, claims.jti, datetime.fromtimestamp(claims.exp, UTC))

    def _check_common(self, issuer: str, issued_at: int, expires_at: int) -> None:
        now = self._clock()
        if issuer != self._issuer:
            raise TokenRefused("The token is of another issuer.")
        if expires_at <= now - LEEWAY_S or issued_at > now + LEEWAY_S:
            raise TokenRefused("The token has expired or is not valid yet.")

    async def _payload(self, token: str, kind: str) -> bytes:
        if len(token) > MAX_TOKEN_BYTES:
            raise TokenRefused("The token is too long.")
        try:
            header = jws.extract_compact(token.encode()).headers()
        except (JoseError, ValueError, TypeError, AttributeError) as error:
            raise TokenRefused("The token is malformed.") from error
        kid = header.get("kid")
        # Neither the key nor the algorithm is the token's to choose: no jwk, jku, x5c, crit.
        if (
            header.get("alg") != "RS256"
            or header.get("typ") != kind
            or not isinstance(kid, str)
            or set(header) - _HEADERS
        ):
            raise TokenRefused("The token's header is not accepted.")
        try:
            key = await self._keys.find(kid)
            return jws.deserialize_compact(token, key, algorithms=["RS256"]).payload
        except (InvalidToken, JoseError, ValueError, TypeError) as error:
            raise TokenRefused("The token's signature is wrong.") from error


def _decoded(payload: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(payload, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TokenRefused("The token's claims are malformed.") from error
