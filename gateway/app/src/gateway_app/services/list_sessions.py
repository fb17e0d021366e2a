"""Where a user is logged in: browsers, which we know well, and native clients, which Keycloak knows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway_app.domain.devices import label
from gateway_app.domain.sessions import Session
from gateway_app.services.ports import RealmSession, RealmSessions, Sessions
from messenger_platform.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Listed:
    """One login as its owner sees it; `id` is what ends it."""

    id: str
    device: str
    address: str | None
    client: str
    created_at: datetime
    last_used_at: datetime
    current: bool


class ListSessions:
    """List the caller's sessions, this one first, then last used first."""

    def __init__(self, sessions: Sessions, realm: RealmSessions, client_id: str) -> None:
        self._sessions = sessions
        self._realm = realm
        self._client_id = client_id

    async def __call__(self, session: Session) -> list[Listed]:
        """Return them; while Keycloak is away only those of browsers."""
        own = await self._sessions.of_user(session.sub)
        try:
            elsewhere = await self._realm.of_user(session.sub)
        except Unavailable:
            elsewhere = []
        known = {found.sid for found in own}
        listed = [
            *(_browser(found, session, self._client_id) for found in own),
            *(_native(found) for found in elsewhere if found.sid not in known and self._is_native(found)),
        ]
        return sorted(listed, key=lambda found: (not found.current, -found.last_used_at.timestamp()))

    def _is_native(self, found: RealmSession) -> bool:
        # A login page that was left before our callback has no client yet, or is a browser whose row is just coming.
        return any(client != self._client_id for client in found.clients)


def _browser(found: Session, current: Session, client_id: str) -> Listed:
    return Listed(
        id=str(found.id),
        device=label(found.device.user_agent),
        address=found.device.ip,
        client=client_id,
        created_at=found.created_at,
        last_used_at=found.last_used_at,
        current=found.id == current.id,
    )


def _native(found: RealmSession) -> Listed:
    clients = ", ".join(found.clients)
    return Listed(found.sid, clients, found.ip, clients, found.started_at, found.last_used_at, current=False)
