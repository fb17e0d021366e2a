"""Sessions in PostgreSQL.

Two locks, always in this order. The row lock (`lock`) lets one of many refreshes go to Keycloak and is held while
Keycloak answers. The advisory lock of a Keycloak session (`sid`) orders its end against whatever would bring it back
(a login or a refresh that is just being stored); it is taken right before a commit and never held while anyone else
is waited for. An end therefore does not wait for rows that are being refreshed: it skips them, and the refresh finds
the end before it stores. Keycloak calls us within its own transactions, so waiting here could be waiting for ourselves.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway_app.domain.sessions import Device, Ended, EndReason, OpenLogout, Session
from gateway_app.events import ROUTING_KEY, envelope
from messenger_platform.database import translate_database_errors
from messenger_platform.events import Position, emit
from messenger_platform.inbox import advance

# Longer than a refresh may take at Keycloak, shorter than Keycloak's patience with us would matter.
PATIENCE_S = 8
CONSUMER = "gateway.users"

_COLUMNS = (
    "id, sub, sid, access_token_enc, refresh_token_enc, key_id, access_expires_at, refresh_expires_at, "
    "user_agent, host(ip) AS ip, created_at, last_used_at"
)
_WITH_COOKIE = text(f"SELECT {_COLUMNS} FROM gateway.session WHERE cookie_hash = :cookie_hash")  # noqa: S608 - constants only, as below.
_OF_USER = text(f"SELECT {_COLUMNS} FROM gateway.session WHERE sub = :sub ORDER BY last_used_at DESC, id")  # noqa: S608
_LOCK = text(f"SELECT {_COLUMNS} FROM gateway.session WHERE id = :id FOR UPDATE")  # noqa: S608
_REASON = text("SELECT reason FROM gateway.closed_session WHERE cookie_hash = :cookie_hash")
_RECENT_ENDS = text("SELECT sid, sub, reason, ended_at FROM gateway.ended_session WHERE ended_at >= :since ORDER BY id")
_PATIENCE = text("SELECT set_config('lock_timeout', :wait, true), set_config('statement_timeout', :wait, true)")
# Two logins of one user at once must count each other.
_LOCK_USER = text("SELECT pg_advisory_xact_lock(hashtextextended('user ' || :sub, 0))")
_LOCK_SID = text("SELECT pg_advisory_xact_lock(hashtextextended('sid ' || :sid, 0))")
_HAS_ENDED = text("""
    SELECT reason FROM gateway.ended_session
    WHERE sid = :sid OR (sid IS NULL AND sub = :sub AND ended_at >= :since)
    ORDER BY id LIMIT 1
""")
_ADD = text("""
    INSERT INTO gateway.session (id, cookie_hash, sub, sid, refresh_token_enc, access_token_enc, key_id,
        refresh_expires_at, access_expires_at, user_agent, ip, created_at, last_used_at, checked_at)
    VALUES (:id, :cookie_hash, :sub, :sid, :refresh, :access, :key_id,
        :refresh_expires_at, :access_expires_at, :user_agent, CAST(:ip AS inet), :created_at, :used_at, :created_at)
""")
_STORE = text("""
    UPDATE gateway.session
    SET refresh_token_enc = :refresh, access_token_enc = :access, key_id = :key_id,
        refresh_expires_at = :refresh_expires_at, access_expires_at = :access_expires_at,
        user_agent = :user_agent, ip = CAST(:ip AS inet), last_used_at = :used_at
    WHERE id = :id
""")
_FORGET = text("DELETE FROM gateway.session WHERE sid = :sid")
_CLOSE = """
    WITH ended AS (
        DELETE FROM gateway.session WHERE id IN (SELECT id FROM gateway.session WHERE {which} FOR UPDATE SKIP LOCKED)
        RETURNING id, cookie_hash, refresh_token_enc, key_id
    )
    INSERT INTO gateway.closed_session (id, cookie_hash, reason, closed_at, refresh_token_enc, key_id)
    SELECT id, cookie_hash, :reason, :at, CASE WHEN :open THEN refresh_token_enc END, CASE WHEN :open THEN key_id END
    FROM ended
    RETURNING id, refresh_token_enc, key_id
"""
_CLOSE_SID = text(_CLOSE.format(which="sid = :sid"))
_CLOSE_SUB = text(_CLOSE.format(which="sub = CAST(:sub AS uuid)"))
_NOTE_END = text("""
    INSERT INTO gateway.ended_session (sid, sub, reason, ended_at) VALUES (:sid, :sub, :reason, :at)
    ON CONFLICT (sid) DO NOTHING
    RETURNING id
""")
_SEE = text("""
    INSERT INTO gateway.seen_logout_token (jti, expires_at) VALUES (:jti, :expires_at)
    ON CONFLICT DO NOTHING
    RETURNING jti
""")
_OPEN_LOGOUTS = text("""
    SELECT id, refresh_token_enc, key_id FROM gateway.closed_session
    WHERE refresh_token_enc IS NOT NULL ORDER BY closed_at LIMIT :limit
""")
_LOGGED_OUT = text("UPDATE gateway.closed_session SET refresh_token_enc = NULL, key_id = NULL WHERE id = :id")
# Whoever takes a user looks at all of their sessions; another process takes other users.
_TAKE_UNCHECKED = text(f"""
    WITH due AS (
        SELECT id FROM gateway.session WHERE checked_at < :before ORDER BY checked_at LIMIT :limit
        FOR UPDATE SKIP LOCKED
    )
    UPDATE gateway.session SET checked_at = :now WHERE id IN (SELECT id FROM due)
    RETURNING {_COLUMNS}
""")  # noqa: S608
_EXPIRED = text(f"SELECT {_COLUMNS} FROM gateway.session WHERE refresh_expires_at <= :now LIMIT :limit")  # noqa: S608
_SWEEP = (
    text("DELETE FROM gateway.ended_session WHERE ended_at < :before"),
    # A refresh token that Keycloak could not be told about for so long has expired there by then.
    text("""
        DELETE FROM gateway.closed_session
        WHERE closed_at < :before AND (refresh_token_enc IS NULL OR closed_at < :long_before)
    """),
    text("DELETE FROM gateway.seen_logout_token WHERE expires_at < :before"),
)


class SQLSessions:
    """The sessions of the schema `gateway`; every method may raise `Unavailable`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        # A single SELECT needs no BEGIN and no ROLLBACK around it.
        self._reader = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def with_cookie(self, cookie_hash: bytes) -> Session | None:
        """Return the live session of a cookie."""
        rows = await self._run(_WITH_COOKIE, cookie_hash=cookie_hash)
        return _session(rows[0]) if rows else None

    async def why_ended(self, cookie_hash: bytes) -> EndReason | None:
        """Return why the session of this cookie ended; None for a cookie that never was, or long ago."""
        rows = await self._run(_REASON, cookie_hash=cookie_hash)
        return EndReason(rows[0].reason) if rows else None

    async def of_user(self, sub: UUID) -> list[Session]:
        """Return a user's live sessions, last used first."""
        return [_session(row) for row in await self._run(_OF_USER, sub=sub)]

    async def recent_ends(self, since: datetime) -> list[Ended]:
        """Return what ended at or after `since`, oldest first."""
        rows = await self._run(_RECENT_ENDS, since=since)
        return [Ended(row.sid, row.sub, EndReason(row.reason), row.ended_at) for row in rows]

    async def expired(self, now: datetime, limit: int) -> list[Session]:
        """Return up to `limit` sessions whose refresh token has expired."""
        return [_session(row) for row in await self._run(_EXPIRED, now=now, limit=limit)]

    async def open_logouts(self, limit: int) -> list[OpenLogout]:
        """Return up to `limit` ended sessions of which Keycloak is still to be told, oldest first."""
        return [_open_logout(row) for row in await self._run(_OPEN_LOGOUTS, limit=limit)]

    async def logged_out(self, session_id: UUID) -> None:
        """Forget the refresh token of an ended session: Keycloak has ended it too."""
        await self._run(_LOGGED_OUT, id=session_id)

    async def take_unchecked(self, before: datetime, now: datetime, limit: int) -> list[Session]:
        """Take up to `limit` sessions that nobody compared with Keycloak since `before`."""
        return [_session(row) for row in await self._run(_TAKE_UNCHECKED, before=before, now=now, limit=limit)]

    async def sweep(self, before: datetime, long_before: datetime) -> None:
        """Remove what ended before `before`; logouts that Keycloak never confirmed, before `long_before`."""
        for statement in _SWEEP:
            parameters = {"before": before, "long_before": long_before}
            await self._run(statement, **{name: parameters[name] for name in statement.compile().params})

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SQLSessionsTransaction]:
        """Open a transaction that commits on leaving, rolls back on an exception, and waits `PATIENCE_S` for locks."""
        with translate_database_errors():
            async with self._engine.begin() as connection:
                await connection.execute(_PATIENCE, {"wait": f"{PATIENCE_S}s"})
                yield SQLSessionsTransaction(connection)

    async def _run(self, statement: Any, **parameters: Any) -> Sequence[Row[Any]]:
        with translate_database_errors():
            async with self._reader.connect() as connection:
                result = await connection.execute(statement, parameters)
                return result.all() if result.returns_rows else []


class SQLSessionsTransaction:
    """Changes to sessions with their events, inside one open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lock(self, session_id: UUID) -> Session | None:
        """Return the session and keep everyone else from refreshing it until the transaction ends."""
        row = (await self._connection.execute(_LOCK, {"id": session_id})).one_or_none()
        return _session(row) if row else None

    async def lock_user(self, sub: UUID) -> None:
        """Let no other login of this user in between."""
        await self._connection.execute(_LOCK_USER, {"sub": str(sub)})

    async def why_ended(self, sid: str, sub: UUID, since: datetime) -> EndReason | None:
        """Return how a Keycloak session that began at `since` has ended; no end comes before this transaction's."""
        await self._connection.execute(_LOCK_SID, {"sid": sid})
        reason = await self._connection.scalar(_HAS_ENDED, {"sid": sid, "sub": str(sub), "since": since})
        return EndReason(reason) if reason else None

    async def add(self, session: Session, cookie_hash: bytes) -> None:
        """Store a new session; ask `why_ended` first."""
        parameters = {"cookie_hash": cookie_hash, "sub": session.sub, "sid": session.sid}
        await self._connection.execute(_ADD, {**_parameters(session), **parameters, "created_at": session.created_at})

    async def store(self, session: Session) -> None:
        """Store a refreshed session, which is locked; ask `why_ended` first."""
        await self._connection.execute(_STORE, _parameters(session))

    async def forget(self, sid: str) -> None:
        """Remove former rows of a Keycloak session that lives on: no end, nobody is told."""
        await self._connection.execute(_FORGET, {"sid": sid})

    async def of_user(self, sub: UUID) -> list[Session]:
        """Return a user's live sessions, last used first."""
        return [_session(row) for row in await self._connection.execute(_OF_USER, {"sub": sub})]

    async def end(self, ended: Ended, *, by_keycloak: bool) -> list[OpenLogout]:
        """End a Keycloak session, or all of a subject's, and tell the world once.

        Sessions of ours that are being refreshed at this moment end when the refresh is stored. Returns what Keycloak
        is to be told, nothing when the end came from there (`by_keycloak`).
        """
        if ended.sid is not None:
            await self._connection.execute(_LOCK_SID, {"sid": ended.sid})
        noted = await self._connection.execute(
            _NOTE_END, {"sid": ended.sid, "sub": ended.sub, "reason": ended.reason.value, "at": ended.at}
        )
        if noted.one_or_none() is not None:
            await emit(self._connection, [(ROUTING_KEY, envelope(ended))])
        parameters = {"reason": ended.reason.value, "at": ended.at, "open": not by_keycloak}
        if ended.sid is not None:
            rows = await self._connection.execute(_CLOSE_SID, {**parameters, "sid": ended.sid})
        else:
            rows = await self._connection.execute(_CLOSE_SUB, {**parameters, "sub": ended.sub})
        return [_open_logout(row) for row in rows if row.refresh_token_enc is not None]

    async def close_locked(self, session: Session, reason: EndReason, at: datetime) -> None:
        """Remove a locked session whose end is known already."""
        await self._connection.execute(_CLOSE_ID, {"id": session.id, "reason": reason.value, "at": at, "open": False})

    async def see(self, jti: str, expires_at: datetime) -> bool:
        """Remember a logout token; False when it has been seen before."""
        row = await self._connection.execute(_SEE, {"jti": jti, "expires_at": expires_at})
        return row.one_or_none() is not None

    async def advance(self, position: Position) -> bool:
        """Move the mark of the consumer of user events; False when it has been there."""
        return await advance(self._connection, CONSUMER, position)


_CLOSE_ID = text(_CLOSE.format(which="id = :id"))


def _parameters(session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "refresh": session.sealed_refresh_token,
        "access": session.sealed_access_token,
        "key_id": session.key_id,
        "refresh_expires_at": session.refresh_expires_at,
        "access_expires_at": session.access_expires_at,
        "user_agent": session.device.user_agent,
        "ip": session.device.ip,
        "used_at": session.last_used_at,
    }


def _session(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        sub=row.sub,
        sid=row.sid,
        sealed_access_token=row.access_token_enc,
        sealed_refresh_token=row.refresh_token_enc,
        key_id=row.key_id,
        access_expires_at=row.access_expires_at,
        refresh_expires_at=row.refresh_expires_at,
        device=Device(row.user_agent, row.ip),
        created_at=row.created_at,
        last_used_at=row.last_used_at,
    )


def _open_logout(row: Row[Any]) -> OpenLogout:
    return OpenLogout(row.id, row.refresh_token_enc, row.key_id)
