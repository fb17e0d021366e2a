"""Tokens that Keycloak never made, by the table of attacks on JWT libraries."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

KID = "k1"


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _json(content: Any) -> str:
    return _text(json.dumps(content).encode())


@dataclass(frozen=True, slots=True)
class Forger:
    """Makes tokens of any shape; `key` is the one that the realm publishes, under the key id `k1`."""

    key: rsa.RSAPrivateKey
    issuer: str

    def jwks(self) -> dict[str, Any]:
        """Return what Keycloak would publish."""
        return {"keys": [{**self.public(self.key), "kid": KID, "alg": "RS256", "use": "sig"}]}

    @staticmethod
    def public(key: rsa.RSAPrivateKey) -> dict[str, Any]:
        """Return a public key as a JWK."""
        numbers = key.public_key().public_numbers()
        return {"kty": "RSA", "n": _text(numbers.n.to_bytes(256)), "e": _text(numbers.e.to_bytes(3))}

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return the claims of a good access token, changed; None removes one."""
        now = int(time.time())
        made: dict[str, Any] = {
            "iss": self.issuer,
            "aud": "messenger-api",
            "sub": "9a8b",
            "sid": "s1",
            "typ": "Bearer",
            "azp": "gateway",
        }
        made |= {"iat": now, "exp": now + 300, **changes}
        return {name: value for name, value in made.items() if value is not None}

    def unsigned(self, header: dict[str, Any], **changes: Any) -> str:
        """Return header and claims without a signature."""
        return f"{_json({'kid': KID, 'typ': 'JWT', **header})}.{_json(self.claims(**changes))}"

    def sign(
        self, signer: Callable[[bytes], bytes] | None = None, header: dict[str, Any] | None = None, **changes: Any
    ) -> str:
        """Sign whatever the header says, by RS256 and the realm's key unless another signer is given."""
        head = self.unsigned({"alg": "RS256", **(header or {})}, **changes)
        return f"{head}.{_text((signer or rs(self.key))(head.encode()))}"


def rs(key: rsa.RSAPrivateKey, digest: hashes.HashAlgorithm | None = None) -> Callable[[bytes], bytes]:
    """Sign by PKCS#1 v1.5."""
    return lambda data: key.sign(data, padding.PKCS1v15(), digest or hashes.SHA256())


def ps256(key: rsa.RSAPrivateKey) -> Callable[[bytes], bytes]:
    """Sign by PSS."""
    return lambda data: key.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def hs256(secret: bytes) -> Callable[[bytes], bytes]:
    """Sign by a shared secret."""
    return lambda data: hmac.new(secret, data, hashlib.sha256).digest()


def pem(key: rsa.RSAPrivateKey) -> bytes:
    """Return the public key as everyone can have it."""
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


_STRANGER = rsa.generate_private_key(65537, 2048)
_CURVE = ec.generate_private_key(ec.SECP256R1())

FORGERIES: dict[str, Callable[[Forger], str]] = {
    "three empty parts": lambda _: "..",
    "not a token": lambda _: "abc",
    "two parts": lambda forger: forger.unsigned({"alg": "RS256"}),
    "no signature": lambda forger: forger.unsigned({"alg": "RS256"}) + ".",
    "alg none": lambda forger: forger.unsigned({"alg": "none"}) + ".",
    "alg None": lambda forger: forger.unsigned({"alg": "None"}) + ".",
    "alg nOnE with a signature": lambda forger: forger.sign(header={"alg": "nOnE"}),
    "HS256 with the public key": lambda forger: forger.sign(hs256(pem(forger.key)), {"alg": "HS256"}),
    "HS256 with a guess": lambda forger: forger.sign(hs256(b"secret"), {"alg": "HS256"}),
    "RS512": lambda forger: forger.sign(rs(forger.key, hashes.SHA512()), {"alg": "RS512"}),
    "PS256": lambda forger: forger.sign(ps256(forger.key), {"alg": "PS256"}),
    "ES256": lambda forger: forger.sign(lambda data: _CURVE.sign(data, ec.ECDSA(hashes.SHA256())), {"alg": "ES256"}),
    "RS512 signature that says RS256": lambda forger: forger.sign(rs(forger.key, hashes.SHA512())),
    "a stranger's key under our key id": lambda forger: forger.sign(rs(_STRANGER)),
    "unknown key id": lambda forger: forger.sign(header={"kid": "other"}),
    "key id as a path": lambda forger: forger.sign(rs(_STRANGER), {"kid": "../../dev/null"}),
    "key in the header": lambda forger: forger.sign(rs(_STRANGER), {"jwk": forger.public(_STRANGER)}),
    "key's address in the header": lambda forger: forger.sign(rs(_STRANGER), {"jku": "http://127.0.0.1:1/keys"}),
    "changed claims": lambda forger: ".".join(
        [*forger.unsigned({"alg": "RS256"}, sub="admin").split("."), forger.sign().split(".")[2]]
    ),
    "issuer with a slash": lambda forger: forger.sign(iss=forger.issuer + "/"),
    "issuer of another realm": lambda forger: forger.sign(iss=forger.issuer.replace("messenger", "master")),
    "no issuer": lambda forger: forger.sign(iss=None),
    "wrong audience": lambda forger: forger.sign(aud="account"),
    "no audience": lambda forger: forger.sign(aud=None),
    "an ID token": lambda forger: forger.sign(aud="gateway", typ="ID"),
    "a refresh token": lambda forger: forger.sign(hs256(b"realm"), {"alg": "HS512"}, aud=forger.issuer, typ="Refresh"),
    "expired": lambda forger: forger.sign(exp=int(time.time()) - 10),
    "no expiry": lambda forger: forger.sign(exp=None),
    "expiry as text": lambda forger: forger.sign(exp="tomorrow"),
    "not valid yet": lambda forger: forger.sign(nbf=int(time.time()) + 120),
}
