"""Who has read a message, and when: from the marks, and from the log of their moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_service.domain.model import ChatId, MessageId, Reader, Readers, UserId
from messenger_platform.database import translate_database_errors

MAX_NAMED = 100
"""Participants of the largest chat whose readers are named."""

_COUNT = text("""
    SELECT c.participant_count, m.seq, m.sender_id,
           (SELECT count(*) FROM participant p
             WHERE p.chat_id = c.id AND p.user_id <> m.sender_id AND p.read_seq >= m.seq) AS reader_count
      FROM participant me
      JOIN chat c ON c.id = me.chat_id
      JOIN message m ON m.chat_id = c.id AND m.id = :message_id AND m.deleted_at IS NULL
     WHERE me.chat_id = :chat_id AND me.user_id = :viewer
""")
# Who came later than the message had it as read from then on; of an earlier stay the log may know an earlier reading.
_READERS = text("""
    SELECT p.user_id, p.read_seq >= :seq AS has_seen, least(r.at, x.at) AS at
      FROM participant p
      LEFT JOIN LATERAL (
           SELECT at FROM read_log
            WHERE chat_id = p.chat_id AND user_id = p.user_id AND up_to_seq >= :seq
            ORDER BY up_to_seq LIMIT 1) r ON true
      LEFT JOIN chat_change x ON x.chat_id = p.chat_id AND x.seq = p.joined_seq AND p.joined_seq > :seq
     WHERE p.chat_id = :chat_id AND p.user_id <> :sender_id
     ORDER BY at DESC, p.user_id
""")


class Receipts:
    """Reads receipts for participants; may raise `Unavailable`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._reader = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def readers(self, chat_id: ChatId, message_id: MessageId, viewer: UserId) -> Readers | None:
        """Return who has read a message, newest first; None when there is none that the viewer may see."""
        asked = {"chat_id": chat_id, "message_id": message_id, "viewer": viewer}
        with translate_database_errors():
            async with self._reader.connect() as connection:
                found = (await connection.execute(_COUNT, asked)).one_or_none()
                if found is None or found.participant_count > MAX_NAMED:
                    return None if found is None else Readers(found.reader_count, None, None)
                asked = {"chat_id": chat_id, "seq": found.seq, "sender_id": found.sender_id}
                return _named((await connection.execute(_READERS, asked)).all())


def _named(rows: Sequence[Row[Any]]) -> Readers:
    seen = tuple(Reader(row.user_id, row.at) for row in rows if row.has_seen)
    return Readers(len(seen), seen, tuple(sorted(row.user_id for row in rows if not row.has_seen)))
