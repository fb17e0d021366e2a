"""A login in use: an access token that is good now, and at most one process that refreshes it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from messenger_terminal.errors import LoggedOut
from messenger_terminal.oidc import OIDCClient, Tokens
from messenger_terminal.store import Login, LoginStore

FRESH_S = 30.0


def login_of(server: str, client_id: str, tokens: Tokens) -> Login:
    """Shape what is stored."""
    return Login(server, client_id, time.time() + tokens.expires_in_s, tokens.access_token, tokens.refresh_token)


class Session:
    """The stored login of a profile. Blocking: asynchronous code calls it in a thread."""

    def __init__(self, store: LoginStore, oidc: OIDCClient) -> None:
        self._store = store
        self._oidc = oidc

    def access_token(self, rejected: str | None = None) -> str:
        """Return an access token with some life in it, and never the one that the server has just rejected.

        Raises `LoggedOut` when there is no login any more; then it is gone from the disk, too.
        """
        login = self._stored()
        if _is_good(login, rejected):
            return login.access_token
        # In a thread, because Ctrl-C between the server's answer and our writing it down would cost the login: the
        # executor is left only when the work is done.
        with ThreadPoolExecutor(1) as worker:
            return worker.submit(self._refresh, rejected).result()

    def end(self) -> None:
        """End the login at the server, then forget it here."""
        with self._store.locked():
            login = self._stored()
            self._oidc.end_session(login.refresh_token)
            self._store.forget()

    def _refresh(self, rejected: str | None) -> str:
        with self._store.locked():
            login = self._stored()
            if _is_good(login, rejected):
                return login.access_token  # Another process was faster.
            try:
                tokens = self._oidc.refresh(login.refresh_token)
            except LoggedOut:
                self._store.forget()
                raise
            self._store.save(login_of(login.server, login.client_id, tokens))
            return tokens.access_token

    def _stored(self) -> Login:
        login = self._store.load()
        if login is None:
            raise LoggedOut("You are not logged in. Run: messenger login")
        return login


def _is_good(login: Login, rejected: str | None) -> bool:
    return login.expires_at - time.time() > FRESH_S and login.access_token != rejected
