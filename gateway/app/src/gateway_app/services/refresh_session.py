"""A fresh access token for a session, and Keycloak is asked once however many ask for it.

Who asks at the same time in one process shares one task; processes take turns by the row lock, and whoever gets the
lock second finds the token that the first one stored. A caller shows the access token it holds: if the stored one is
another, somebody has refreshed since. The task outlives its callers, because a refresh token is spent by the request:
an answer that nobody stores is a lost session.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from gateway_app.domain.errors import GrantRefused, SessionHasEnded
from gateway_app.domain.keyring import CannotOpen
from gateway_app.domain.sessions import Device, Ended, EndReason, Session, digest
from gateway_app.services.ports import Grants, Sessions, SessionsTransaction
from gateway_app.services.sealed_tokens import SealedTokens

# Each keeps a database connection while Keycloak answers; the rest of the pool is for what Keycloak tells us meanwhile.
AT_ONCE = 12
# A stored token with less life than this is no good answer.
MARGIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The access token of now, and until when the session lives without a further refresh."""

    access_token: str
    access_expires_at: datetime
    refresh_expires_at: datetime


class RefreshSession:
    """Refresh a session exactly once for all who ask."""

    def __init__(
        self, sessions: Sessions, grants: Grants, tokens: SealedTokens, clock: Callable[[], float] = time.time
    ) -> None:
        self._sessions = sessions
        self._grants = grants
        self._tokens = tokens
        self._clock = clock
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._running: dict[UUID, asyncio.Task[Refreshed]] = {}

    async def session_of(self, cookie: str | None) -> Session:
        """Return the live session of a cookie; raises `SessionHasEnded`."""
        if not cookie:
            raise SessionHasEnded(None)
        session = await self._sessions.with_cookie(digest(cookie))
        if session is None:
            raise SessionHasEnded(await self._sessions.why_ended(digest(cookie)))
        return session

    async def __call__(self, cookie: str | None, presented: str | None, device: Device) -> Refreshed:
        """Return a token other than the one `presented`.

        Raises `SessionHasEnded` when Keycloak refuses the refresh token (the session is over then), `Unavailable` when
        Keycloak is away (the session stays).
        """
        session = await self.session_of(cookie)
        task = self._running.get(session.id)
        if task is None:
            task = asyncio.create_task(self._refresh(session.id, presented, device))
            self._running[session.id] = task
            task.add_done_callback(lambda done: self._finished(session.id, done))
        return await asyncio.shield(task)

    async def good_token(self, session: Session) -> str:
        """Return an access token for our own use; raises as a refresh does."""
        if session.access_expires_at - self._now() > MARGIN:
            return self._tokens.access_token(session)
        return (await self._refresh(session.id, None, session.device)).access_token

    def _finished(self, session_id: UUID, task: asyncio.Task[Refreshed]) -> None:
        del self._running[session_id]
        if not task.cancelled():
            task.exception()  # Retrieved: every caller may have gone.

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    async def _refresh(self, session_id: UUID, presented: str | None, device: Device) -> Refreshed:
        async with self._gate, self._sessions.transaction() as transaction:
            session = await transaction.lock(session_id)
            outcome = await self._refresh_locked(transaction, session, presented, device) if session else None
        if isinstance(outcome, Refreshed):
            return outcome
        raise SessionHasEnded(outcome or EndReason.REVOKED)

    async def _refresh_locked(
        self, transaction: SessionsTransaction, session: Session, presented: str | None, device: Device
    ) -> Refreshed | EndReason:
        try:
            stored = self._tokens.access_token(session)
            refresh_token = self._tokens.refresh_token(session)
        except CannotOpen:
            # Its key was removed from the settings: nobody can use the session any more.
            return await self._end(transaction, session, EndReason.EXPIRED)
        is_other = presented is None or not hmac.compare_digest(stored.encode(), presented.encode("utf-8", "replace"))
        if is_other and session.access_expires_at - self._now() > MARGIN:
            return Refreshed(stored, session.access_expires_at, session.refresh_expires_at)
        try:
            tokens = await self._grants.refresh(refresh_token)
        except GrantRefused:
            # Spent twice (a copy is about), ended at Keycloak, or too old.
            expired = session.refresh_expires_at <= self._now()
            return await self._end(transaction, session, EndReason.EXPIRED if expired else EndReason.REVOKED)
        ended = await transaction.why_ended(session.sid, session.sub, session.created_at)
        if ended is not None:
            await transaction.close_locked(session, ended, self._now())
            return ended
        access, refresh, key_id = self._tokens.seal(session.id, tokens.access_token, tokens.refresh_token)
        await transaction.store(
            replace(
                session,
                sealed_access_token=access,
                sealed_refresh_token=refresh,
                key_id=key_id,
                access_expires_at=tokens.access_expires_at,
                refresh_expires_at=tokens.refresh_expires_at,
                device=device,
                last_used_at=self._now(),
            )
        )
        return Refreshed(tokens.access_token, tokens.access_expires_at, tokens.refresh_expires_at)

    async def _end(self, transaction: SessionsTransaction, session: Session, reason: EndReason) -> EndReason:
        known = await transaction.why_ended(session.sid, session.sub, session.created_at)
        if known is not None:
            await transaction.close_locked(session, known, self._now())
            return known
        # The row is locked by this very transaction, so its end closes it.
        await transaction.end(Ended(session.sid, str(session.sub), reason, self._now()), by_keycloak=True)
        return reason
