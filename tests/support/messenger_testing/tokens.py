"""A throw-away Keycloak: an RSA key, its JWKS, and tokens like Keycloak's."""

from __future__ import annotations

import time
import uuid
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

ISSUER = "http://localhost:8080/realms/messenger"
JWKS_URL = "http://keycloak.test/realms/messenger/protocol/openid-connect/certs"
AUDIENCE = "messenger-api"


class TokenIssuer:
    """Signs access tokens with a key of its own."""

    def __init__(self, kid: str = "test-key", issuer: str = ISSUER) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})
        self.issuer = issuer

    @property
    def jwks(self) -> dict[str, Any]:
        """The public keys, as Keycloak publishes them."""
        return {"keys": [self.key.as_dict(private=False)]}

    def claims(self, username: str = "alice", **changes: Any) -> dict[str, Any]:
        """Return the claims of an access token for `username`; a change to None removes the claim."""
        now = int(time.time())
        claims = {
            "exp": now + 300,
            "iat": now,
            "jti": str(uuid.uuid4()),
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": str(uuid.uuid5(uuid.NAMESPACE_DNS, username)),
            "typ": "Bearer",
            "azp": "messenger-cli",
            "sid": f"sid-{username}",
            "realm_access": {"roles": ["user"]},
            "scope": "openid profile email",
            "name": username.capitalize(),
            "preferred_username": username,
            "email": f"{username}@example.com",
        }
        claims.update(changes)
        return {name: value for name, value in claims.items() if value is not None}

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """Sign any claims; `header` adds to or replaces the usual alg, typ and kid."""
        fields = {"alg": "RS256", "typ": "JWT", "kid": self.key.kid, **header}
        return jwt.encode(fields, claims, self.key, algorithms=[fields["alg"]])

    def token(self, username: str = "alice", **changes: Any) -> str:
        """Return a good access token, but for the changed claims."""
        return self.sign(self.claims(username, **changes))
