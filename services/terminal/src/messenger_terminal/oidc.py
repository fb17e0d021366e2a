"""OpenID Connect as a public client speaks it: discovery, device authorization (RFC 8628) with PKCE, refresh, logout.

Nothing here is particular to the messenger but two defaults: the realm's path and the client's id.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from messenger_terminal.errors import Failure, LoggedOut, Unreachable

CLIENT_ID = "messenger-cli"
REALM = "/realms/messenger"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
DEFAULT_INTERVAL_S = 5.0
SLOW_DOWN_S = 5.0
_NEEDED = ("token_endpoint", "device_authorization_endpoint", "end_session_endpoint")


@dataclass(frozen=True, slots=True)
class Tokens:
    """An answer of the token endpoint."""

    expires_in_s: float
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """A started login: where a person confirms it, and with which code."""

    verification_uri: str
    verification_uri_complete: str | None
    user_code: str
    expires_in_s: float
    interval_s: float
    device_code: str = field(repr=False)
    verifier: str = field(repr=False)


class OIDCClient:
    """A public client at one issuer, which is discovered at the first need."""

    def __init__(self, server: str, http: httpx.Client, client_id: str = CLIENT_ID) -> None:
        self._issuer = server + REALM
        self._http = http
        self._client_id = client_id
        self._endpoints: dict[str, str] | None = None

    def start_device_login(self) -> DeviceCode:
        """Ask for a device code; the PKCE verifier stays here until the code is exchanged."""
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        status, answer = self._post(
            "device_authorization_endpoint", scope="openid", code_challenge=challenge, code_challenge_method="S256"
        )
        if status != httpx.codes.OK:
            raise Failure(f"The server starts no device login: {_told(answer)}")
        return DeviceCode(
            verification_uri=answer["verification_uri"],
            verification_uri_complete=answer.get("verification_uri_complete"),
            user_code=answer["user_code"],
            expires_in_s=float(answer["expires_in"]),
            interval_s=float(answer.get("interval", DEFAULT_INTERVAL_S)),
            device_code=answer["device_code"],
            verifier=verifier,
        )

    def finish_device_login(
        self,
        device: DeviceCode,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> Tokens:
        """Poll until the person has decided, as RFC 8628 section 3.5 has it.

        `slow_down` adds five seconds for good, an answer that does not come doubles the interval.
        """
        deadline, interval = clock() + device.expires_in_s, device.interval_s
        while clock() + interval < deadline:
            sleep(interval)
            try:
                status, answer = self._post(
                    "token_endpoint",
                    grant_type=DEVICE_GRANT,
                    device_code=device.device_code,
                    code_verifier=device.verifier,
                )
            except Unreachable:
                interval *= 2
                continue
            if status == httpx.codes.OK:
                return _tokens(answer)
            error = answer.get("error")
            if error == "slow_down":
                interval += SLOW_DOWN_S
            elif error == "access_denied":
                raise Failure("The login was denied.")
            elif error == "expired_token":
                break
            elif error != "authorization_pending":
                raise Failure(f"The login failed: {_told(answer)}")
        raise Failure("The code has expired before it was entered. Run: messenger login")

    def refresh(self, refresh_token: str) -> Tokens:
        """Spend a refresh token; raises `LoggedOut` when it is no longer good."""
        status, answer = self._post("token_endpoint", grant_type="refresh_token", refresh_token=refresh_token)
        if status == httpx.codes.OK:
            return _tokens(answer)
        if answer.get("error") == "invalid_grant":
            raise LoggedOut(f"Your login has ended ({_told(answer)}). Run: messenger login")
        raise Failure(f"The login cannot be refreshed: {_told(answer)}")

    def end_session(self, refresh_token: str) -> None:
        """End the login session, by Keycloak's logout with a refresh token, which needs no browser.

        A session that is over already is what was wanted.
        """
        status, answer = self._post("end_session_endpoint", refresh_token=refresh_token)
        if status >= httpx.codes.BAD_REQUEST and answer.get("error") != "invalid_grant":
            raise Failure(f"The server does not end the login: {_told(answer)}")

    def _post(self, endpoint: str, **form: str) -> tuple[int, dict[str, Any]]:
        address = self._discovered()[endpoint]
        try:
            response = self._http.post(address, data={"client_id": self._client_id, **form})
        except httpx.TransportError as error:
            raise Unreachable(f"{address} does not answer: {error}") from error
        if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise Unreachable(f"{address} answered {response.status_code}.")
        return response.status_code, _object(response)

    def _discovered(self) -> dict[str, str]:
        if self._endpoints is None:
            self._endpoints = self._discover()
        return self._endpoints

    def _discover(self) -> dict[str, str]:
        address = f"{self._issuer}/.well-known/openid-configuration"
        try:
            response = self._http.get(address)
        except httpx.TransportError as error:
            raise Unreachable(f"No server answers at {self._issuer}: {error}") from error
        if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise Unreachable(f"{address} answered {response.status_code}.")
        document = _object(response)
        issuer = document.get("issuer")
        # OpenID Connect Discovery 4.3: otherwise one server could speak for another.
        if issuer != self._issuer:
            hint = f"It calls itself {issuer}." if issuer else "It is no messenger."
            raise Failure(f"{self._issuer} is not the issuer that this server names. {hint}")
        missing = [name for name in _NEEDED if not _is_as_safe(document.get(name), self._issuer)]
        if missing:
            raise Failure(f"{self._issuer} has no usable {', '.join(missing)}.")
        return {name: str(document[name]) for name in _NEEDED}


def checked_server(address: str) -> str:
    """Return the origin of a server; plain HTTP is for this machine only, since tokens go over it."""
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise Failure(f"{address} is no address of a server, like http://localhost:8080.")
    if parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise Failure("Plain http:// would show your tokens to the network; use https://.")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise Failure("Only the origin is wanted, like http://localhost:8080.")
    return f"{parts.scheme}://{parts.netloc}"


def _is_as_safe(endpoint: Any, issuer: str) -> bool:
    return isinstance(endpoint, str) and (endpoint.startswith("https://") or issuer.startswith("http://"))


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        body = None
    return body if isinstance(body, dict) else {"error": f"status {response.status_code}"}


def _told(answer: dict[str, Any]) -> str:
    return str(answer.get("error_description") or answer.get("error") or "no reason given")


def _tokens(answer: dict[str, Any]) -> Tokens:
    return Tokens(float(answer["expires_in"]), answer["access_token"], answer["refresh_token"])
