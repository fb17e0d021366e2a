"""The projection of participants, kept by the events of the chat context."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from messenger_platform.database import translate_database_errors
from messenger_platform.events import Position
from messenger_platform.inbox import advance

CONSUMER = "realtime.membership"

_UPSERT = text(
    """
    INSERT INTO chat_membership AS known (chat_id, version, participants)
    VALUES (:chat_id, :version, :participants)
    ON CONFLICT (chat_id) DO UPDATE
       SET version = excluded.version, participants = excluded.participants
     WHERE known.version < excluded.version OR :anew
    """
)
_FIND = text("SELECT version, participants FROM chat_membership WHERE chat_id = :chat_id")


class Change(NamedTuple):
    """Who is in a chat from a version on; `anew` also when a later version is known, as after a restored backup."""

    chat_id: int
    version: int
    participants: list[int]
    anew: bool = False


class Memberships:
    """Who is in which chat, as of the last change this context has heard of."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def apply(self, changes: Sequence[Change], position: Position | None) -> None:
        """Apply changes once, in order; older versions change nothing.

        A message without a position was re-delivered by hand from the dead letters: the versions alone decide.
        """
        with translate_database_errors():
            async with self._engine.begin() as connection:
                if position is not None and not await advance(connection, CONSUMER, position):
                    return
                if changes:
                    await connection.execute(_UPSERT, [change._asdict() for change in changes])

    async def find(self, chat_id: int) -> tuple[int, list[int]] | None:
        """Return `(version, participants)` of a chat, None for one never heard of."""
        with translate_database_errors():
            async with self._engine.connect() as connection:
                row = (await connection.execute(_FIND, {"chat_id": chat_id})).one_or_none()
        return None if row is None else (row.version, row.participants)
