"""Ends that a person asks for: this session, another one, all others."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from gateway_app.domain.errors import SessionNotFound
from gateway_app.domain.sessions import Ended, EndReason, OpenLogout, Session
from gateway_app.services.log_out_at_keycloak import LogOutAtKeycloak
from gateway_app.services.ports import Grants, RealmSessions, Sessions
from gateway_app.services.refresh_session import RefreshSession


class EndSessions:
    """End sessions here first, which every service heeds at once, and at Keycloak right after.

    What is only known at Keycloak (a native client's login) is ended there with the caller's own rights, and its end
    comes back by the back channel.
    """

    def __init__(
        self,
        *,
        sessions: Sessions,
        grants: Grants,
        realm: RealmSessions,
        refresh: RefreshSession,
        log_out: LogOutAtKeycloak,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._sessions = sessions
        self._grants = grants
        self._realm = realm
        self._refresh = refresh
        self._log_out = log_out
        self._clock = clock

    async def this(self, session: Session) -> None:
        """End the caller's own session."""
        await self._end({session.sid}, session.sub, EndReason.LOGOUT)

    async def one(self, session: Session, session_id: str) -> None:
        """End the caller's session with this id, ours or Keycloak's; raises `SessionNotFound`."""
        own = {str(found.id): found.sid for found in await self._sessions.of_user(session.sub)}
        sid = own.get(session_id)
        if sid is not None:
            await self._end({sid}, session.sub, EndReason.LOGOUT if sid == session.sid else EndReason.REVOKED)
            return
        listed = {found.sid for found in await self._realm.of_user(session.sub)}
        if session_id not in listed:
            raise SessionNotFound("You have no session with this id.")
        await self._end_at_keycloak(session, {session_id})

    async def others(self, session: Session) -> None:
        """End all of the caller's sessions but this one; raises `Unavailable` when Keycloak cannot say which."""
        ours = {found.sid for found in await self._sessions.of_user(session.sub)} - {session.sid}
        await self._end(ours, session.sub, EndReason.REVOKED)
        listed = {found.sid for found in await self._realm.of_user(session.sub)}
        await self._end_at_keycloak(session, listed - ours - {session.sid})

    async def _end(self, sids: set[str], sub: UUID, reason: EndReason) -> None:
        now = datetime.fromtimestamp(self._clock(), UTC)
        logouts: list[OpenLogout] = []
        if sids:
            async with self._sessions.transaction() as transaction:
                # In one order everywhere, so that two such calls cannot wait for each other.
                for sid in sorted(sids):
                    logouts += await transaction.end(Ended(sid, str(sub), reason, now), by_keycloak=False)
        await self._log_out(logouts)

    async def _end_at_keycloak(self, session: Session, sids: set[str]) -> None:
        if not sids:
            return
        token = await self._grants.account_token(await self._refresh.good_token(session))
        for sid in sids:
            await self._realm.end(token, sid)
