"""The caller of an HTTP request, from the token that the request carries; identity headers are never read."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPBearer
from starlette.requests import HTTPConnection

from messenger_platform.errors import InvalidToken
from messenger_platform.tokens import Principal, TokenVerifier

# The gateway's cookie; with the prefix where it is served over https.
ACCESS_TOKEN_COOKIES = ("__Host-access_token", "access_token")

_documented = HTTPBearer(auto_error=False, description="An access token of the realm `messenger`.")


def token_of(connection: HTTPConnection) -> str:
    """Return the access token of the Authorization header, else of the gateway's cookie; raises `InvalidToken`."""
    authorization = connection.headers.get("authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise InvalidToken("A bearer token is needed.")
        return token.strip()
    cookie = cookie_of(connection)
    if not cookie:
        raise InvalidToken("A bearer token is needed.")
    return cookie


def cookie_of(connection: HTTPConnection) -> str | None:
    """Return the access token that the gateway's cookie carries, if any."""
    return next((value for name in ACCESS_TOKEN_COOKIES if (value := connection.cookies.get(name))), None)


async def principal_of(connection: HTTPConnection) -> Principal:
    """Verify the caller's token with the application's verifier (`app.state.verifier`)."""
    verifier: TokenVerifier = connection.app.state.verifier
    return await verifier.verify(token_of(connection))


CallerPrincipal = Annotated[Principal, Depends(principal_of)]
bearer_scheme = Depends(_documented)
