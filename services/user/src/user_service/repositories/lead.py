"""Who follows the realm, and how far it has come.

An advisory lock belongs to a database session, so PostgreSQL itself frees it when its process dies. Positions are read
and written in that same session: a process that has lost it unnoticed fails before it does anything more.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime

from sqlalchemy import bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from messenger_platform.database import translate_database_errors
from user_service.domain.realm import Log
from user_service.repositories.tables import RealmPositionRow

_TAKE = text("SELECT pg_try_advisory_lock(hashtext('follow the realm'))")
_READ = select(RealmPositionRow.log, RealmPositionRow.followed_to).where(RealmPositionRow.log.in_(list(Log)))
_ADVANCE = text("""
    INSERT INTO user_profile.realm_position (log, followed_to) VALUES (:log, :to)
    ON CONFLICT (log) DO UPDATE SET followed_to = excluded.followed_to
""").bindparams(bindparam("log", type_=RealmPositionRow.log.type))


class SQLLead:
    """The right to follow, as a lock that one session of the database can have."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[SQLPositions | None]:
        """Hold it until leaving; None while another process does. Raises `Unavailable`."""
        with translate_database_errors():
            async with self._engine.connect() as connection:
                taken = await connection.scalar(_TAKE)
                try:
                    yield SQLPositions(connection) if taken else None
                finally:
                    # Ends the session, and with it the lock; the pool would keep both.
                    if taken:
                        await connection.invalidate()


class SQLPositions:
    """Positions in the session that holds the lock; every method may raise `Unavailable`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def read(self) -> Mapping[Log, datetime]:
        """Return the time of the last entry that was followed, of each log that has one."""
        with translate_database_errors():
            return {Log(row.log): row.followed_to for row in await self._connection.execute(_READ)}

    async def advance(self, log: Log, to: datetime) -> None:
        """Remember that everything up to then has been followed."""
        with translate_database_errors():
            await self._connection.execute(_ADVANCE, {"log": log.value, "to": to})
