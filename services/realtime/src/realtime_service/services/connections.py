"""Who is connected to this instance, by user and by login session."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import TypeVar

from messenger_platform.sessions import SessionEnd
from realtime_service.services.connection import Connection

K = TypeVar("K")


class Connections:
    """The live connections, and their flush at the end of each loop turn."""

    def __init__(self) -> None:
        self._by_user: dict[int, set[Connection]] = {}
        self._by_session: dict[str, set[Connection]] = {}
        self._dirty: list[Connection] = []

    def schedule(self, connection: Connection) -> None:
        """Flush a connection at the end of this loop turn."""
        if not self._dirty:
            asyncio.get_running_loop().call_soon(self._flush)
        self._dirty.append(connection)

    def _flush(self) -> None:
        dirty, self._dirty = self._dirty, []
        for connection in dirty:
            connection.flush()

    def add(self, connection: Connection) -> None:
        """Remember a connection."""
        self._by_user.setdefault(connection.user_id, set()).add(connection)
        self._by_session.setdefault(connection.sid, set()).add(connection)

    def remove(self, connection: Connection) -> None:
        """Forget a connection."""
        _discard(self._by_user, connection.user_id, connection)
        _discard(self._by_session, connection.sid, connection)

    def of(self, user_id: int) -> Collection[Connection]:
        """Return the connections of a user."""
        return self._by_user.get(user_id, ())

    @property
    def users(self) -> list[int]:
        """The users with at least one connection."""
        return list(self._by_user)

    def end_session(self, end: SessionEnd) -> None:
        """Close every connection of a login session that has ended, or of all sessions of a subject."""
        if end.sid is not None:
            concerned = list(self._by_session.get(end.sid, ()))
        else:
            concerned = [connection for those in self._by_user.values() for connection in those]
        for connection in concerned:
            if end.covers(sid=connection.sid, sub=connection.sub, issued_at=connection.issued_at):
                connection.end_session(end.reason)


def _discard(index: dict[K, set[Connection]], key: K, connection: Connection) -> None:
    connections = index.get(key)
    if connections is not None:
        connections.discard(connection)
        if not connections:
            del index[key]
