"""Only a live access token of our realm, for us, signed by RS256 with a published key, gets in."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import respx
from joserfc import jwe, jws
from joserfc.jwk import ECKey, RSAKey

from messenger_platform.errors import InvalidToken, Unavailable
from messenger_platform.tokens import SigningKeys, TokenVerifier
from messenger_testing.tokens import AUDIENCE, ISSUER, JWKS_URL, TokenIssuer

issuer = TokenIssuer()
stranger = TokenIssuer()


class Clock:
    """Time that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def jwks() -> AsyncIterator[respx.Route]:
    with respx.mock(assert_all_called=False) as router:
        yield router.get(JWKS_URL).respond(json=issuer.jwks)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def verifier(jwks: respx.Route, clock: Clock) -> AsyncIterator[TokenVerifier]:
    async with httpx.AsyncClient() as http:
        yield TokenVerifier(
            issuer=ISSUER,
            audience=AUDIENCE,
            authorized_parties={"gateway", "messenger-cli"},
            keys=SigningKeys(JWKS_URL, http, clock=clock),
        )


async def test_a_good_token_names_its_principal(verifier: TokenVerifier) -> None:
    principal = await verifier.verify(issuer.token("alice"))
    assert (principal.username, principal.name, principal.email) == ("alice", "Alice", "alice@example.com")
    assert principal.roles == {"user"}
    assert principal.sid == "sid-alice"


async def test_an_audience_list_that_names_us_is_accepted(verifier: TokenVerifier) -> None:
    assert await verifier.verify(issuer.token(aud=["account", AUDIENCE]))


async def test_a_user_without_a_name_is_called_by_the_username(verifier: TokenVerifier) -> None:
    assert (await verifier.verify(issuer.token("bob", name=None, email=None))).name == "bob"


def _segment(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unsigned(header: dict[str, Any], signature: str = "") -> str:
    return f"{_segment(header)}.{_segment(issuer.claims())}.{signature}"


def _hmac_with_the_public_key(encoding: str) -> str:
    secret = issuer.key.as_pem(private=False) if encoding == "pem" else issuer.key.as_der(private=False)
    signed = f"{_segment({'alg': 'HS256', 'typ': 'JWT', 'kid': issuer.key.kid})}.{_segment(issuer.claims())}"
    return f"{signed}.{_segment(hmac.digest(secret, signed.encode(), 'sha256'))}"


def _signed_by(key: RSAKey | ECKey, algorithm: str) -> str:
    header = {"alg": algorithm, "typ": "JWT", "kid": issuer.key.kid}
    return jws.serialize_compact(header, json.dumps(issuer.claims()), key, algorithms=[algorithm])


def _our_key_for_any_algorithm() -> RSAKey:
    return RSAKey.import_key(issuer.key.as_pem(private=True))


def _encrypted() -> str:
    header = {"alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": issuer.key.kid}
    recipient = RSAKey.import_key(issuer.key.as_pem(private=False))
    return jwe.encrypt_compact(header, json.dumps(issuer.claims()), recipient, algorithms=["RSA-OAEP-256", "A256GCM"])


def _tampered() -> str:
    header, _, signature = issuer.token().split(".")
    return f"{header}.{_segment(issuer.claims('admin'))}.{signature}"


def _raw_claims(text: str) -> str:
    header = {"alg": "RS256", "typ": "JWT", "kid": issuer.key.kid}
    return jws.serialize_compact(header, text, issuer.key, algorithms=["RS256"])


def _duplicate_header() -> str:
    good = issuer.token()
    forged = _segment(b'{"alg":"none","alg":"RS256","kid":"nobody","typ":"JWT"}')
    return ".".join([forged, *good.split(".")[1:]])


now = int(time.time())
REFUSED_WITHIN_S = 0.005
FORGERIES: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "not a token": lambda: "abc",
    "two segments": lambda: "a.b",
    "five segments (JWE)": lambda: "a.b.c.d.e",
    "JWE for our own key": lambda: _encrypted(),
    "padded": lambda: issuer.token() + "==",
    "line break": lambda: issuer.token() + "\n",
    "a list as header": lambda: f"{_segment([])}.{_segment(issuer.claims())}.AA",
    "a header 5,000 deep": lambda: f"{_segment(b'[' * 5000)}.{_segment(issuer.claims())}.AA",
    "compressed": lambda: _unsigned({"alg": "RS256", "kid": issuer.key.kid, "zip": "DEF"}, "AA"),
    "spaces": lambda: issuer.token() + " ",
    "not ASCII": lambda: "é.é.é",
    "alg none": lambda: _unsigned({"alg": "none", "kid": issuer.key.kid}),
    "alg None": lambda: _unsigned({"alg": "None", "kid": issuer.key.kid}, "AA"),
    "alg rs256": lambda: _unsigned({"alg": "rs256", "kid": issuer.key.kid}, "AA"),
    "alg a list": lambda: _unsigned({"alg": ["RS256"], "kid": issuer.key.kid}, "AA"),
    "alg missing": lambda: _unsigned({"kid": issuer.key.kid}, "AA"),
    "alg nOnE": lambda: _unsigned({"alg": "nOnE", "kid": issuer.key.kid}, "AA"),
    "empty signature": lambda: _unsigned({"alg": "RS256", "typ": "JWT", "kid": issuer.key.kid}),
    "HS256 with the public key (PEM)": lambda: _hmac_with_the_public_key("pem"),
    "HS256 with the public key (DER)": lambda: _hmac_with_the_public_key("der"),
    "RS384": lambda: _signed_by(_our_key_for_any_algorithm(), "RS384"),
    "RS512": lambda: _signed_by(_our_key_for_any_algorithm(), "RS512"),
    "PS256": lambda: _signed_by(_our_key_for_any_algorithm(), "PS256"),
    "ES256": lambda: _signed_by(ECKey.generate_key("P-256"), "ES256"),
    "a stranger's key under our kid": lambda: stranger.token(),
    "tampered claims": _tampered,
    "duplicate header names": _duplicate_header,
    "wrong issuer": lambda: issuer.token(iss="http://evil.test/realms/messenger"),
    "issuer with a slash more": lambda: issuer.token(iss=ISSUER + "/"),
    "other realm": lambda: issuer.token(iss="http://localhost:8080/realms/master"),
    "no audience": lambda: issuer.token(aud=None),
    "other audience": lambda: issuer.token(aud="account"),
    "audience as a number": lambda: issuer.token(aud=7),
    "foreign client": lambda: issuer.token(azp="somebody-else"),
    "our audience in a list, foreign client": lambda: issuer.token(aud=[AUDIENCE], azp="somebody-else"),
    "no client": lambda: issuer.token(azp=None),
    "ID token": lambda: issuer.token(typ="ID"),
    "refresh token": lambda: issuer.token(typ="Refresh"),
    "no type": lambda: issuer.token(typ=None),
    "no subject": lambda: issuer.token(sub=None),
    "empty subject": lambda: issuer.token(sub=""),
    "no session": lambda: issuer.token(sid=None),
    "expired": lambda: issuer.token(exp=now - 1),
    "no expiry": lambda: issuer.token(exp=None),
    "expiry as text": lambda: issuer.token(exp=str(now + 300)),
    "expiry as a fraction": lambda: issuer.token(exp=now + 300.5),
    "expiry beyond integers": lambda: _raw_claims(json.dumps({**issuer.claims(), "exp": 10**30})),
    "expiry of 10^18": lambda: issuer.token(exp=10**18),
    "expiry below zero": lambda: issuer.token(exp=-1),
    "issued as text": lambda: issuer.token(iat=str(now)),
    "subject as a number": lambda: issuer.token(sub=7),
    "subject as a list": lambda: issuer.token(sub=["alice"]),
    "audience with a hole": lambda: issuer.token(aud=[AUDIENCE, None]),
    "issued in the future": lambda: issuer.token(iat=now + 3600),
    "not before the future": lambda: issuer.token(nbf=now + 3600),
    "claims that are no object": lambda: _raw_claims("[1, 2]"),
    "claims that are not JSON": lambda: _raw_claims("no"),
    "kid missing": lambda: _unsigned({"alg": "RS256", "typ": "JWT"}, "AA"),
    "kid a path": lambda: _unsigned({"alg": "RS256", "kid": "../../dev/null"}, "AA"),
    "kid SQL": lambda: _unsigned({"alg": "RS256", "kid": "' OR 1=1 --"}, "AA"),
    "kid a number": lambda: _unsigned({"alg": "RS256", "kid": 7}, "AA"),
    "kid of 10 kB": lambda: _unsigned({"alg": "RS256", "kid": "k" * 10_000}, "AA"),
    "token of 9 kB": lambda: issuer.token(padding="x" * 9_000),
    "key in the header": lambda: issuer.sign(issuer.claims(), jwk=issuer.key.as_dict(private=False)),
    "key address in the header": lambda: issuer.sign(issuer.claims(), jku="http://evil.test/jwks"),
    "certificate in the header": lambda: issuer.sign(issuer.claims(), x5c=["MIIB"]),
    "certificate address in the header": lambda: issuer.sign(issuer.claims(), x5u="http://evil.test/cert"),
    "unknown critical extension": lambda: _unsigned(
        {"alg": "RS256", "kid": issuer.key.kid, "crit": ["x"], "x": 1}, "AA"
    ),
    "unencoded payload": lambda: _unsigned(
        {"alg": "RS256", "kid": issuer.key.kid, "b64": False, "crit": ["b64"]}, "AA"
    ),
    "logout token": lambda: issuer.sign(issuer.claims(typ="Logout"), typ="logout+jwt"),
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_a_forgery_is_refused(name: str, verifier: TokenVerifier, jwks: respx.Route) -> None:
    await verifier.verify(issuer.token())
    forged, took = FORGERIES[name](), []
    for _ in range(3):
        before = time.thread_time()
        with pytest.raises(InvalidToken):
            await verifier.verify(forged)
        took.append(time.thread_time() - before)
    assert min(took) < REFUSED_WITHIN_S
    assert jwks.call_count == 1, "a forged token must not cost a network call"


async def test_a_token_dies_when_it_expires_even_if_it_was_seen_before(jwks: respx.Route) -> None:
    clock = Clock()
    clock.now = time.time()
    async with httpx.AsyncClient() as http:
        verifier = TokenVerifier(
            issuer=ISSUER,
            audience=AUDIENCE,
            authorized_parties={"messenger-cli"},
            keys=SigningKeys(JWKS_URL, http),
            clock=clock,
        )
        token = issuer.token(exp=int(clock.now) + 10)
        await verifier.verify(token)
        clock.now += 11
        with pytest.raises(InvalidToken):
            await verifier.verify(token)


async def test_a_flood_of_unknown_keys_costs_one_call_a_cool_down_and_good_tokens_pass(
    verifier: TokenVerifier, jwks: respx.Route, clock: Clock
) -> None:
    await verifier.verify(issuer.token())
    clock.now += 60
    for number in range(200):
        with pytest.raises(InvalidToken):
            await verifier.verify(_unsigned({"alg": "RS256", "kid": f"unknown-{number}"}, "AA"))
    assert jwks.call_count == 2
    assert await verifier.verify(issuer.token("bob"))


async def test_known_keys_serve_while_keycloak_is_away(
    verifier: TokenVerifier, jwks: respx.Route, clock: Clock
) -> None:
    await verifier.verify(issuer.token())
    jwks.mock(side_effect=httpx.ConnectError("away"))
    clock.now += 3600
    assert await verifier.verify(issuer.token("bob"))
    jwks.respond(500)
    clock.now += 3600
    with pytest.raises(InvalidToken):
        await verifier.verify(_unsigned({"alg": "RS256", "kid": "unknown"}, "AA"))
    assert await verifier.verify(issuer.token("carol"))


async def test_without_any_key_the_answer_is_unavailable_not_forged(
    verifier: TokenVerifier, jwks: respx.Route, clock: Clock
) -> None:
    jwks.respond(500)
    with pytest.raises(Unavailable):
        await verifier.verify(issuer.token())
    jwks.respond(json=issuer.jwks)
    clock.now += 11
    assert await verifier.verify(issuer.token())


async def test_a_rotated_key_is_fetched_once_and_the_old_one_goes_with_its_publication(
    verifier: TokenVerifier, jwks: respx.Route, clock: Clock
) -> None:
    await verifier.verify(issuer.token())
    successor = TokenIssuer("second-key")
    jwks.respond(json={"keys": issuer.jwks["keys"] + successor.jwks["keys"]})
    clock.now += 11
    assert await verifier.verify(successor.token())
    assert await verifier.verify(issuer.token("bob"))
    assert jwks.call_count == 2
    jwks.respond(json=successor.jwks)
    clock.now += 601
    with pytest.raises(InvalidToken):
        await verifier.verify(issuer.token("carol"))


async def test_a_token_of_an_ended_session_is_refused_even_if_it_was_seen_before(jwks: respx.Route) -> None:
    ended: set[str] = set()
    async with httpx.AsyncClient() as http:
        verifier = TokenVerifier(
            issuer=ISSUER,
            audience=AUDIENCE,
            authorized_parties={"messenger-cli"},
            keys=SigningKeys(JWKS_URL, http),
            has_ended=lambda principal: principal.sid in ended,
        )
        token = issuer.token("alice")
        await verifier.verify(token)
        ended.add("sid-alice")
        with pytest.raises(InvalidToken, match="ended"):
            await verifier.verify(token)
        assert await verifier.verify(issuer.token("bob"))
