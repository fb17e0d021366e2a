"""Access tokens of the realm: RS256 by Keycloak's published keys, checked by every service for itself.

Guarantees: a token is accepted only with an RS256 signature of a key that Keycloak published, our issuer, our
audience, a known client, the access-token type and a live expiry. A flood of unknown key ids costs Keycloak one
request per cool-down, never evicts known keys, and the last good keys serve while Keycloak is away.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Annotated, Any

import httpx
import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

from messenger_platform.errors import InvalidToken, Unavailable

MAX_TOKEN_BYTES = 8 * 1024
MAX_AGE_S = 600.0
COOL_DOWN_S = 10.0
LEEWAY_S = 5.0
CACHE_SIZE = 20_000
_HEADERS = {"alg", "kid", "typ"}
_TYPES = {None, "JWT", "at+jwt"}
_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a verified access token speaks for; `issued_at` and `expires_at` in seconds since the epoch."""

    sub: str
    sid: str
    username: str
    name: str
    email: str
    roles: frozenset[str]
    issued_at: float
    expires_at: float
    token: str


class SigningKeys:
    """The realm's RS256 keys: fetched once for many waiters, kept when a fetch fails."""

    def __init__(
        self,
        jwks_url: str,
        http: httpx.AsyncClient,
        *,
        max_age_s: float = MAX_AGE_S,
        cool_down_s: float = COOL_DOWN_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jwks_url = jwks_url
        self._http = http
        self._max_age_s = max_age_s
        self._cool_down_s = cool_down_s
        self._clock = clock
        self._keys: dict[str, RSAKey] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    async def find(self, kid: str) -> RSAKey:
        """Return the key; raises `InvalidToken` for an unpublished one, `Unavailable` before the first fetch."""
        if self._clock() - self._fetched_at > self._max_age_s:
            await self._refresh(self._fetched_at)
        key = self._keys.get(kid)
        if key is None:
            await self._refresh(self._fetched_at)
            key = self._keys.get(kid)
        if key is not None:
            return key
        if not self._keys:
            raise Unavailable("The signing keys cannot be fetched. Try again.")
        raise InvalidToken("The token is signed by an unknown key.")

    async def _refresh(self, seen: float) -> None:
        async with self._lock:
            now = self._clock()
            if self._fetched_at != seen or now - self._tried_at < self._cool_down_s:
                return  # Another waiter has just asked, or Keycloak was asked moments ago.
            self._tried_at = now
            try:
                response = await self._http.get(self._jwks_url, timeout=3.0)
                response.raise_for_status()
                keys = _rs256_keys(response.json())
            except (httpx.HTTPError, ValueError, KeyError, TypeError, JoseError):
                return  # Old keys are better than none: they verify until Keycloak is back.
            self._keys = keys
            self._fetched_at = now


def _rs256_keys(document: dict[str, Any]) -> dict[str, RSAKey]:
    usable = [
        key
        for key in document["keys"]
        if key.get("use") == "sig" and key.get("alg") == "RS256" and key.get("kty") == "RSA"
    ]
    keys = KeySet.import_key_set({"keys": usable})
    return {key.kid: key for key in keys.keys if isinstance(key, RSAKey) and key.kid}


Seconds = Annotated[int, msgspec.Meta(ge=0, le=2**40)]


class _Claims(msgspec.Struct):
    """The claims that decide; a wrong JSON type is a forged token."""

    iss: str
    aud: str | list[str]
    exp: Seconds
    iat: Seconds
    sub: str
    sid: str
    typ: str
    azp: str
    nbf: Seconds | None = None
    preferred_username: str = ""
    name: str = ""
    email: str = ""
    realm_access: dict[str, list[str]] | None = None


class TokenVerifier:
    """Verify access tokens; a verified token is remembered by its digest until it expires."""

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        authorized_parties: Collection[str],
        keys: SigningKeys,
        has_ended: Callable[[Principal], bool] = lambda _: False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._authorized_parties = frozenset(authorized_parties)
        self._keys = keys
        self._has_ended = has_ended
        self._clock = clock
        self._seen: OrderedDict[bytes, Principal] = OrderedDict()
        self._claims = msgspec.json.Decoder(_Claims)

    async def verify(self, token: str) -> Principal:
        """Return whom the token speaks for; raises `InvalidToken`, or `Unavailable` when no key was ever fetched."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        principal = self._seen.get(digest)
        if principal is None or principal.expires_at <= self._clock():
            principal = self._principal(await self._verified_payload(token), token)
            self._seen[digest] = principal
            if len(self._seen) > CACHE_SIZE:
                self._seen.popitem(last=False)
        if self._has_ended(principal):
            raise InvalidToken("The session has ended.")
        return principal

    async def _verified_payload(self, token: str) -> bytes:
        if len(token) > MAX_TOKEN_BYTES:
            raise InvalidToken("The token is too long.")
        segments = token.split(".")
        if len(segments) != 3 or not all(_SEGMENT.fullmatch(segment) for segment in segments):  # noqa: PLR2004 - a JWS has three.
            raise InvalidToken("The token is malformed.")
        try:
            header = jws.extract_compact(token.encode()).headers()
        except (JoseError, ValueError, TypeError, AttributeError) as error:
            raise InvalidToken("The token is malformed.") from error
        kid = header.get("kid")
        # Only these three may stand in the header: no key from the token itself (jwk, jku, x5u, x5c), no crit, no b64.
        if (
            header.get("alg") != "RS256"
            or header.get("typ") not in _TYPES
            or not isinstance(kid, str)
            or set(header) - _HEADERS
        ):
            raise InvalidToken("The token's header is not accepted.")
        key = await self._keys.find(kid)
        try:
            return jws.deserialize_compact(token, key, algorithms=["RS256"]).payload
        except (JoseError, ValueError, TypeError) as error:
            raise InvalidToken("The token's signature is wrong.") from error

    def _principal(self, payload: bytes, token: str) -> Principal:
        try:
            claims = self._claims.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidToken("The token's claims are malformed.") from error
        now = self._clock()
        audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        if claims.iss != self._issuer or self._audience not in audiences or claims.azp not in self._authorized_parties:
            raise InvalidToken("The token is not meant for this service.")
        if claims.typ != "Bearer" or not claims.sub or not claims.sid:
            raise InvalidToken("The token is not an access token.")
        if claims.exp <= now:
            raise InvalidToken("The token has expired.")
        if claims.iat > now + LEEWAY_S or (claims.nbf or 0) > now + LEEWAY_S:
            raise InvalidToken("The token is not valid yet.")
        username = claims.preferred_username or claims.sub
        roles = (claims.realm_access or {}).get("roles", [])
        return Principal(
            sub=claims.sub,
            sid=claims.sid,
            username=username,
            name=claims.name or username,
            email=claims.email,
            roles=frozenset(roles),
            issued_at=float(claims.iat),
            expires_at=float(claims.exp),
            token=token,
        )
