"""Keycloak's token endpoint, by Authlib over httpx.

One client serves all logins: its connections are reused. Authlib keeps the last answer on the client object; nothing
here reads it from there.
"""

from __future__ import annotations

import asyncio
import logging
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import httpx
import msgspec

from gateway_app.domain.errors import GrantRefused
from gateway_app.domain.logins import Login
from gateway_app.domain.sessions import Tokens
from messenger_platform.errors import Unavailable

with warnings.catch_warnings():
    # Authlib would like httpx2, which respx cannot play; see docs/adr/0005-joserfc-and-authlib.md.
    # Its first module puts a filter of its own before all others, so ours comes after that.
    import authlib.deprecate  # type: ignore[import-untyped]  # It ships no types.

    warnings.simplefilter("ignore", authlib.deprecate.AuthlibDeprecationWarning)
    from authlib.integrations.base_client.errors import OAuthError  # type: ignore[import-untyped]  # It ships no types.
    from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]  # As above.

TIMEOUT_S = 5.0
SCOPE = "openid"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - a name.
ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a name.

logger = logging.getLogger(__name__)

Text = Annotated[str, msgspec.Meta(min_length=1)]
T = TypeVar("T")
Seconds = Annotated[int, msgspec.Meta(gt=0, le=2**31)]


class _Answer(msgspec.Struct):
    access_token: Text
    expires_in: Seconds
    refresh_token: Text
    refresh_expires_in: Seconds
    token_type: Text
    id_token: Text | None = None


class _Exchanged(msgspec.Struct):
    access_token: Text


class TokenEndpoint:
    """Codes and refresh tokens for tokens.

    Raises `GrantRefused` when Keycloak says that the code or token is no longer good, `Unavailable` for everything
    else that is no answer: then nobody knows whether the token was spent.
    """

    def __init__(
        self,
        *,
        realm_url: str,
        issuer: str,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._authorization_url = f"{issuer}/protocol/openid-connect/auth"
        self._token_url = f"{realm_url}/protocol/openid-connect/token"
        self._logout_url = f"{realm_url}/protocol/openid-connect/logout"
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock = clock
        self._client = AsyncOAuth2Client(
            client_id=client_id,
            client_secret=client_secret,
            token_endpoint_auth_method="client_secret_post",  # noqa: S106 - a method's name.
            redirect_uri=redirect_uri,
            scope=SCOPE,
            code_challenge_method="S256",
            timeout=TIMEOUT_S,
            trust_env=False,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def address(self, login: Login) -> str:
        """Return where the browser goes for this login."""
        url, _ = self._client.create_authorization_url(
            self._authorization_url, state=login.state, nonce=login.nonce, code_verifier=login.verifier
        )
        return str(url)

    async def exchange(self, code: str, login: Login) -> Tokens:
        """Turn the code of a login into its tokens."""
        return self._tokens(await self._fetch(grant_type="authorization_code", code=code, code_verifier=login.verifier))

    async def refresh(self, refresh_token: str) -> Tokens:
        """Spend a refresh token for new tokens; it is never sent a second time."""
        return self._tokens(await self._fetch(grant_type="refresh_token", refresh_token=refresh_token))

    async def account_token(self, access_token: str) -> str:
        """Turn a user's access token into one for their account at Keycloak (RFC 8693); lives five minutes."""
        answer = await self._fetch(
            grant_type=TOKEN_EXCHANGE,
            subject_token=access_token,
            subject_token_type=ACCESS_TOKEN_TYPE,
            scope="openid account-api",
        )
        return _decoded(answer, _Exchanged).access_token

    async def log_out(self, refresh_token: str) -> None:
        """End the login session behind a refresh token; one that has ended already is no error.

        Keycloak tells us by the back channel before it answers: hold no lock on the session.
        """
        form = {"client_id": self._client_id, "client_secret": self._client_secret, "refresh_token": refresh_token}
        try:
            response = await self._client.request("POST", self._logout_url, withhold_token=True, data=form)
        except httpx.HTTPError as error:
            raise Unavailable("Keycloak does not answer.") from error
        if response.status_code == httpx.codes.BAD_REQUEST:
            return  # `invalid_grant`: there is nothing left to end.
        if response.status_code not in {httpx.codes.OK, httpx.codes.NO_CONTENT}:
            logger.error("Keycloak refuses a logout", extra={"status": response.status_code})
            raise Unavailable("Keycloak does not answer.")

    async def _fetch(self, **form: str) -> dict[str, Any]:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return dict(await self._client.fetch_token(self._token_url, **form))
        except OAuthError as error:
            if error.error == "invalid_grant":
                raise GrantRefused(str(error.description or error.error)) from error
            logger.error("Keycloak refuses a request for tokens", extra={"error": str(error.error)})  # noqa: TRY400 - the trace says nothing more.
            raise Unavailable("Keycloak does not answer. Try again.") from error
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            logger.warning("the token endpoint does not answer", extra={"error": repr(error)})
            raise Unavailable("Keycloak does not answer. Try again.") from error

    def _tokens(self, answer: dict[str, Any]) -> Tokens:
        decoded = _decoded(answer, _Answer)
        now = self._clock()
        return Tokens(
            access_token=decoded.access_token,
            access_expires_at=datetime.fromtimestamp(now + decoded.expires_in, UTC),
            refresh_token=decoded.refresh_token,
            refresh_expires_at=datetime.fromtimestamp(now + decoded.refresh_expires_in, UTC),
            id_token=decoded.id_token,
        )


def _decoded(answer: dict[str, Any], kind: type[T]) -> T:
    try:
        return msgspec.convert(answer, kind)
    except msgspec.ValidationError as error:
        raise Unavailable("Keycloak's answer is incomplete. Try again.") from error
