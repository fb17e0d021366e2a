"""Forged and misdirected ID tokens and logout tokens."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from gateway_app.clients.realm_tokens import RealmTokens
from gateway_app.domain.errors import TokenRefused
from messenger_platform.tokens import SigningKeys

Keycloak = Any
ACCESS = "an access token"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
def verifier(keycloak: Keycloak, http: httpx.AsyncClient) -> RealmTokens:
    return RealmTokens(
        issuer=keycloak.issuer,
        client_id="gateway",
        told_for=["gateway", "messenger-cli"],
        keys=SigningKeys(f"{keycloak.realm_url}/protocol/openid-connect/certs", http),
    )


def segment(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def by_public_key(head: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
    """Sign as those hope whose victim lets the token choose the algorithm: everyone has the public key."""
    signed = f"{segment({**head, 'alg': 'HS256'})}.{segment(claims)}"
    mac = hmac.digest(key.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def forgeries(keycloak: Keycloak, claims: dict[str, Any], typ: str) -> dict[str, str]:
    """Return good claims under signatures and headers that must not be accepted."""
    stranger = RSAKey.generate_key(2048, {"kid": keycloak.key.kid})
    bare = RSAKey.import_key(keycloak.key.as_pem(private=True))
    head = {"alg": "RS256", "typ": typ, "kid": keycloak.key.kid}
    good = keycloak.sign(claims, typ=typ)
    body, signature = good.split(".")[1:]
    jwk = stranger.as_dict(private=False)
    return {
        "another key": jwt.encode(head, claims, stranger, algorithms=["RS256"]),
        "none": f"{segment({'alg': 'none', 'typ': typ})}.{body}.",
        "None": f"{segment({'alg': 'None', 'typ': typ, 'kid': keycloak.key.kid})}.{body}.",
        "public key as a secret": by_public_key(head, claims, keycloak.key),
        "RS512": jwt.encode({**head, "alg": "RS512"}, claims, bare, algorithms=["RS512"]),
        "PS256": jwt.encode({**head, "alg": "PS256"}, claims, bare, algorithms=["PS256"]),
        "no kid": keycloak.sign(claims, typ=typ, kid=None),
        "unknown kid": keycloak.sign(claims, typ=typ, kid="nobody's"),
        "key in the header": jwt.encode({**head, "jwk": jwk}, claims, stranger, algorithms=["RS256"]),
        "key by address": keycloak.sign(claims, typ=typ, jku="http://evil.example/keys"),
        "another type": keycloak.sign(claims, typ="at+jwt"),
        "no type": keycloak.sign(claims, typ=None),
        "changed body": f"{good.split('.')[0]}.{segment(claims | {'exp': 2_000_000_000})}.{signature}",
        "no signature": f"{good.rpartition('.')[0]}.",
        "two segments": good.rpartition(".")[0],
        "not a token": "hello",
        "empty": "",
        "endless": "a" * 20_000,
        "not ASCII": "é.é.é",
    }


FORGERIES = (
    "another key", "none", "None", "public key as a secret", "RS512", "PS256", "no kid", "unknown kid",
    "key in the header", "key by address", "another type", "no type", "changed body", "no signature", "two segments",
    "not a token", "empty", "endless", "not ASCII",
)  # fmt: skip


@pytest.fixture
def logout_claims(keycloak: Keycloak) -> dict[str, Any]:
    claims: dict[str, Any] = keycloak.logout_claims()
    return claims


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize("name", FORGERIES)
async def test_a_forged_logout_token_is_refused(
    keycloak: Keycloak, verifier: RealmTokens, logout_claims: dict[str, Any], name: str
) -> None:
    forged = forgeries(keycloak, logout_claims, "logout+jwt")
    assert set(forged) == set(FORGERIES)
    with pytest.raises(TokenRefused):
        await verifier.logout(forged[name])


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize(
    "name", [name for name in FORGERIES if name != "no type"]
)  # joserfc writes JWT itself, which is right here.
async def test_a_forged_id_token_is_refused(keycloak: Keycloak, verifier: RealmTokens, name: str) -> None:
    claims = keycloak.id_claims(ACCESS, "sid", nonce="n")
    with pytest.raises(TokenRefused):
        await verifier.identity(forgeries(keycloak, claims, "JWT")[name], nonce="n", access_token=ACCESS)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "http://localhost:8080/realms/master"},
        {"iss": "http://localhost:8080/realms/messenger/"},
        {"iss": None},
        {"aud": "api-docs"},
        {"aud": ["gateway", "somebody"]},
        {"aud": []},
        {"aud": None},
        {"exp": int(time.time()) - 60},
        {"exp": None},
        {"exp": "2000000000"},
        {"exp": int(time.time()) + 10_000_000},
        {"iat": int(time.time()) + 3600},
        {"iat": None},
        {"jti": None},
        {"jti": ""},
        {"jti": "x" * 300},
        {"jti": 7},
        {"events": None},
        {"events": {}},
        {"events": {"http://schemas.openid.net/event/other": {}}},
        {"events": {LOGOUT_EVENT: None}},
        {"events": [LOGOUT_EVENT]},
        {"events": LOGOUT_EVENT},
        {"nonce": "n"},
        {"nonce": ""},
        {"sid": None, "sub": None},
        {"sid": 5},
        {"sid": ""},
        {"sub": "alice"},
    ],
    ids=str,
)
async def test_a_logout_token_that_says_something_else_is_refused(
    keycloak: Keycloak, verifier: RealmTokens, changes: dict[str, Any]
) -> None:
    with pytest.raises(TokenRefused):
        await verifier.logout(keycloak.sign(keycloak.logout_claims(**changes), typ="logout+jwt"))


@pytest.mark.parametrize("changes", [{}, {"sid": None}, {"sub": None}, {"aud": ["gateway"]}, {"aud": "messenger-cli"}])
async def test_a_good_logout_token_is_read(keycloak: Keycloak, verifier: RealmTokens, changes: dict[str, Any]) -> None:
    claims = keycloak.logout_claims(**changes)
    token = await verifier.logout(keycloak.sign(claims, typ="logout+jwt"))
    assert (token.sid, token.sub and str(token.sub), token.jti) == (claims["sid"], claims["sub"], claims["jti"])
    assert token.expires_at.timestamp() == claims["exp"]


async def test_an_id_token_is_no_logout_token_nor_the_other_way_round(
    keycloak: Keycloak, verifier: RealmTokens
) -> None:
    id_claims = keycloak.id_claims(ACCESS, "sid", nonce="n")
    both = id_claims | keycloak.logout_claims()
    with pytest.raises(TokenRefused):
        await verifier.logout(keycloak.sign(both))
    with pytest.raises(TokenRefused):
        await verifier.identity(keycloak.sign(both, typ="logout+jwt"), nonce="n", access_token=ACCESS)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "http://evil.example/realms/messenger"},
        {"aud": "messenger-api"},
        {"aud": ["gateway", "messenger-api"]},
        {"azp": "messenger-cli"},
        {"azp": None},
        {"typ": "Bearer"},
        {"typ": None},
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": "é"},
        {"at_hash": "another"},
        {"at_hash": None},
        {"exp": int(time.time()) - 60},
        {"iat": int(time.time()) + 3600},
        {"sid": None},
        {"sid": ""},
        {"sub": None},
        {"sub": "not-a-uuid"},
    ],
    ids=str,
)
async def test_an_id_token_that_says_something_else_is_refused(
    keycloak: Keycloak, verifier: RealmTokens, changes: dict[str, Any]
) -> None:
    token = keycloak.sign(keycloak.id_claims(ACCESS, "sid", **{"nonce": "n", **changes}))
    with pytest.raises(TokenRefused):
        await verifier.identity(token, nonce="n", access_token=ACCESS)


async def test_an_id_token_belongs_to_its_access_token(keycloak: Keycloak, verifier: RealmTokens) -> None:
    token = keycloak.sign(keycloak.id_claims(ACCESS, "sid", nonce="n"))
    assert (await verifier.identity(token, nonce="n", access_token=ACCESS)).sid == "sid"
    with pytest.raises(TokenRefused):
        await verifier.identity(token, nonce="n", access_token="another")
