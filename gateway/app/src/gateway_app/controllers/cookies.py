"""The cookies of a login: the access token for Envoy, the session for us alone, a login on its way.

Where the deployment has TLS they are `Secure` and carry the prefixes that browsers enforce (`__Host-`: this host and
path / only; `__Secure-`: never over http). http://localhost has neither, honestly: a prefix would be refused there.
"""

from __future__ import annotations

import hashlib
import time
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from gateway_app.domain.logins import LIFE_S

SESSION_PATH = "/auth"
CALLBACK_PATH = "/auth/callback"


class Cookies:
    """Reads and writes them; `secure` when the public address is https."""

    def __init__(self, *, secure: bool) -> None:
        self._secure = secure
        self._access = "__Host-access_token" if secure else "access_token"
        self._session = "__Secure-session" if secure else "session"
        self._login = "__Secure-login-" if secure else "login-"

    def session(self, request: Request) -> str | None:
        """Return the session cookie."""
        return request.cookies.get(self._session)

    def access_token(self, request: Request) -> str | None:
        """Return the access token that the browser holds."""
        return request.cookies.get(self._access)

    def login(self, request: Request, state: str) -> str | None:
        """Return the login that `state` names."""
        return request.cookies.get(self._login_name(state))

    def set_access_token(self, response: Response, token: str, expires_at: datetime) -> None:
        """Give the browser an access token for as long as it is good."""
        self._set(response, self._access, token, "/", self.seconds_until(expires_at))

    def set_session(self, response: Response, cookie: str, expires_at: datetime) -> None:
        """Give the browser its session for as long as it lives without a refresh."""
        self._set(response, self._session, cookie, SESSION_PATH, self.seconds_until(expires_at))

    def set_login(self, response: Response, state: str, cookie: str) -> None:
        """Give the browser a login to bring back."""
        self._set(response, self._login_name(state), cookie, CALLBACK_PATH, LIFE_S)

    def drop_login(self, response: Response, state: str) -> None:
        """Take a login back: it can be finished once."""
        self._set(response, self._login_name(state), "", CALLBACK_PATH, 0)

    def drop(self, response: Response) -> None:
        """Take the session and the access token back."""
        self._set(response, self._session, "", SESSION_PATH, 0)
        self._set(response, self._access, "", "/", 0)

    def _login_name(self, state: str) -> str:
        # Whatever stands in an address, the cookie's name is one of ours.
        return self._login + hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def _set(self, response: Response, name: str, value: str, path: str, max_age: int) -> None:
        response.set_cookie(name, value, max_age=max_age, path=path, secure=self._secure, httponly=True, samesite="lax")

    @staticmethod
    def seconds_until(moment: datetime) -> int:
        """Return whole seconds, never less than none."""
        return max(0, int(moment.timestamp() - time.time()))
