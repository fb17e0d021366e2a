"""The second half of a login: from Keycloak's code to a session of this browser."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway_app.domain.errors import GrantRefused, LoginFailed, LoginRevived, TokenRefused
from gateway_app.domain.keyring import KeyRing
from gateway_app.domain.logins import Login
from gateway_app.domain.sessions import (
    MAX_SESSIONS,
    Device,
    Ended,
    EndReason,
    Identity,
    OpenLogout,
    Session,
    Tokens,
    digest,
    new_cookie,
)
from gateway_app.services.log_out_at_keycloak import LogOutAtKeycloak
from gateway_app.services.ports import Grants, Sessions, SessionsTransaction, Verifier
from gateway_app.services.sealed_tokens import SealedTokens
from messenger_platform.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Finished:
    """A new session: its cookie and access token, with their expiry, and where to go now."""

    cookie: str
    access_token: str
    access_expires_at: datetime
    refresh_expires_at: datetime
    return_to: str


class FinishLogin:
    """Exchange the code, check whom it is for, and store the session under a fresh cookie."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        grants: Grants,
        verifier: Verifier,
        keys: KeyRing,
        tokens: SealedTokens,
        log_out: LogOutAtKeycloak,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._sessions = sessions
        self._grants = grants
        self._verifier = verifier
        self._keys = keys
        self._tokens = tokens
        self._log_out = log_out
        self._clock = clock

    def known(self, state: str, cookie: str | None) -> Login:
        """Return the login that this browser began under this state; raises `LoginUnknown`."""
        return Login.opened(cookie, state, self._keys, self._clock())

    async def __call__(self, login: Login, code: str, device: Device, former_cookie: str | None) -> Finished:
        """Finish the login; `former_cookie` is the session that this browser had.

        Raises `LoginFailed`; `LoginRevived` when Keycloak has now forgotten a login that it should not have known,
        and would ask for the password if the browser went there again.
        """
        try:
            tokens = await self._grants.exchange(code, login)
            if tokens.id_token is None:
                raise LoginFailed("invalid_token", "Keycloak gave no ID token.")
            identity = await self._verifier.identity(
                tokens.id_token, nonce=login.nonce, access_token=tokens.access_token
            )
            return await self._store(login, tokens, identity, device, former_cookie)
        except GrantRefused as error:
            raise LoginFailed("code_refused", "Keycloak no longer knows this login.") from error
        except TokenRefused as error:
            raise LoginFailed("invalid_token", str(error)) from error
        except Unavailable as error:
            raise LoginFailed("unavailable", str(error)) from error

    async def _store(
        self, login: Login, tokens: Tokens, identity: Identity, device: Device, former_cookie: str | None
    ) -> Finished:
        now = datetime.fromtimestamp(self._clock(), UTC)
        cookie, session_id = new_cookie(), uuid.uuid4()
        access, refresh, key_id = self._tokens.seal(session_id, tokens.access_token, tokens.refresh_token)
        session = Session(
            id=session_id,
            sub=identity.sub,
            sid=identity.sid,
            sealed_access_token=access,
            sealed_refresh_token=refresh,
            key_id=key_id,
            access_expires_at=tokens.access_expires_at,
            refresh_expires_at=tokens.refresh_expires_at,
            device=device,
            created_at=now,
            last_used_at=now,
        )
        former = await self._sessions.with_cookie(digest(former_cookie)) if former_cookie else None
        async with self._sessions.transaction() as transaction:
            await transaction.lock_user(identity.sub)
            revived = await transaction.why_ended(identity.sid, identity.sub, now) is not None
            if not revived:
                logouts = await _replace(transaction, former, identity, now)
                await transaction.add(session, digest(cookie))
                logouts += await self._trim(transaction, session, now)
        if revived:
            await self._grants.log_out(tokens.refresh_token)
            raise LoginRevived("This login session has ended. Log in again.")
        await self._log_out(logouts)
        return Finished(
            cookie, tokens.access_token, tokens.access_expires_at, tokens.refresh_expires_at, login.return_to
        )

    async def _trim(self, transaction: SessionsTransaction, newest: Session, now: datetime) -> list[OpenLogout]:
        """Keep to five, should Keycloak's limiter not have said so: the least recently used go."""
        sids = list(dict.fromkeys(session.sid for session in await transaction.of_user(newest.sub)))
        surplus = [sid for sid in sids if sid != newest.sid][MAX_SESSIONS - 1 :]
        logouts: list[OpenLogout] = []
        for sid in surplus:
            logouts += await transaction.end(Ended(sid, str(newest.sub), EndReason.EVICTED, now), by_keycloak=False)
        return logouts


async def _replace(
    transaction: SessionsTransaction, former: Session | None, identity: Identity, now: datetime
) -> list[OpenLogout]:
    """Put the new session in the place of what this browser had: a browser has one.

    Keycloak lets a browser in again under the same `sid` by its own cookie; a row that the browser lost the cookie of
    would otherwise expire one day, and end the session that lives on.
    """
    await transaction.forget(identity.sid)
    if former is None or former.sid == identity.sid:
        return []
    return await transaction.end(Ended(former.sid, str(former.sub), EndReason.LOGOUT, now), by_keycloak=False)
