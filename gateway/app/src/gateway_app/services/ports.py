"""What the use cases ask of storage and of Keycloak."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from gateway_app.domain.logins import Login
from gateway_app.domain.sessions import Ended, EndReason, Identity, OpenLogout, Session, Tokens
from messenger_platform.events import Position


class SessionsTransaction(Protocol):
    """Changes that happen together or not at all, with their events."""

    async def lock(self, session_id: UUID) -> Session | None:
        """Return the session and keep everyone else from refreshing it until the transaction ends."""
        ...

    async def lock_user(self, sub: UUID) -> None:
        """Let no other login of this user in between."""
        ...

    async def why_ended(self, sid: str, sub: UUID, since: datetime) -> EndReason | None:
        """Return how a Keycloak session that began at `since` has ended; no end comes before this transaction's."""
        ...

    async def add(self, session: Session, cookie_hash: bytes) -> None:
        """Store a new session; ask `why_ended` first."""
        ...

    async def store(self, session: Session) -> None:
        """Store a refreshed session, which is locked; ask `why_ended` first."""
        ...

    async def forget(self, sid: str) -> None:
        """Remove former rows of a Keycloak session that lives on: no end, nobody is told."""
        ...

    async def of_user(self, sub: UUID) -> list[Session]:
        """Return a user's live sessions, last used first."""
        ...

    async def end(self, ended: Ended, *, by_keycloak: bool) -> list[OpenLogout]:
        """End a Keycloak session, or all of a subject's; tell the world once; return what Keycloak is to be told."""
        ...

    async def close_locked(self, session: Session, reason: EndReason, at: datetime) -> None:
        """Remove a locked session whose end is known already."""
        ...

    async def see(self, jti: str, expires_at: datetime) -> bool:
        """Remember a logout token; False when it has been seen before."""
        ...

    async def advance(self, position: Position) -> bool:
        """Move the mark of the consumer of user events; False when it has been there."""
        ...


class Sessions(Protocol):
    """All sessions; every method may raise `Unavailable`."""

    async def with_cookie(self, cookie_hash: bytes) -> Session | None:
        """Return the live session of a cookie."""
        ...

    async def why_ended(self, cookie_hash: bytes) -> EndReason | None:
        """Return why the session of this cookie ended; None for a cookie that never was, or long ago."""
        ...

    async def of_user(self, sub: UUID) -> list[Session]:
        """Return a user's live sessions, last used first."""
        ...

    async def recent_ends(self, since: datetime) -> list[Ended]:
        """Return what ended at or after `since`, oldest first."""
        ...

    async def expired(self, now: datetime, limit: int) -> list[Session]:
        """Return up to `limit` sessions whose refresh token has expired."""
        ...

    async def open_logouts(self, limit: int) -> list[OpenLogout]:
        """Return up to `limit` ended sessions of which Keycloak is still to be told, oldest first."""
        ...

    async def logged_out(self, session_id: UUID) -> None:
        """Forget the refresh token of an ended session: Keycloak has ended it too."""
        ...

    async def take_unchecked(self, before: datetime, now: datetime, limit: int) -> list[Session]:
        """Take up to `limit` sessions that nobody compared with Keycloak since `before`."""
        ...

    async def sweep(self, before: datetime, long_before: datetime) -> None:
        """Remove what ended before `before`; logouts that Keycloak never confirmed, before `long_before`."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[SessionsTransaction]:
        """Open a transaction that commits on leaving and rolls back on an exception."""
        ...


class Grants(Protocol):
    """Keycloak's token endpoint; raises `GrantRefused` or `Unavailable`."""

    def address(self, login: Login) -> str:
        """Return where the browser goes for this login."""
        ...

    async def exchange(self, code: str, login: Login) -> Tokens:
        """Turn the code of a login into its tokens."""
        ...

    async def refresh(self, refresh_token: str) -> Tokens:
        """Spend a refresh token for new tokens."""
        ...

    async def account_token(self, access_token: str) -> str:
        """Turn a user's access token into one for their account at Keycloak."""
        ...

    async def log_out(self, refresh_token: str) -> None:
        """End the login session behind a refresh token; one that has ended already is no error."""
        ...


class Verifier(Protocol):
    """The signatures and claims of a login; raises `TokenRefused` or `Unavailable`."""

    async def identity(self, id_token: str, *, nonce: str, access_token: str) -> Identity:
        """Return whom a login is for."""
        ...


@dataclass(frozen=True, slots=True)
class RealmSession:
    """A login session as Keycloak lists it; `clients` by their ids."""

    sid: str
    ip: str | None
    started_at: datetime
    last_used_at: datetime
    clients: tuple[str, ...]


class RealmSessions(Protocol):
    """What Keycloak knows of a user's login sessions, of all clients; may raise `Unavailable`."""

    async def of_user(self, sub: UUID) -> list[RealmSession]:
        """Return the live sessions; none for a user who does not exist."""
        ...

    async def end(self, account_token: str, sid: str) -> None:
        """End one of the account's own sessions, with its own token."""
        ...
