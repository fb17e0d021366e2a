"""The log of a chat by version, for those who have missed some of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chat_service.domain.log import ChatState, ChatVersion, Entry, Members
from chat_service.domain.model import MAX_EXCERPT, ChatId, ChatView, UserId
from chat_service.repositories.views import message_of, read_state, views_for, views_for_all
from messenger_platform.database import translate_database_errors

_STATES = text("""
    SELECT c.id, c.last_seq, c.message_count - p.read_ordinal AS unread_count, p.read_message_id,
           c.watermark_seq, c.watermark_message_id, c.watermark_ordinal, c.participant_count
      FROM participant p JOIN chat c ON c.id = p.chat_id
     WHERE p.user_id = :viewer AND p.chat_id = ANY (CAST(:ids AS bigint[]))
""")
_COLUMNS = """
           m.seq AS message_seq, m.id AS message_id, m.ordinal AS message_ordinal, m.sender_id AS message_sender_id,
           m.client_id AS message_client_id, m.text AS message_text, m.created_at AS message_created_at,
           m.reply_to_id AS message_reply_to_id, m.edited_at AS message_edited_at, m.deleted_at AS message_deleted_at,
           q.sender_id AS quote_sender_id, left(q.text, :excerpt) AS quote_text
"""
_QUOTED = """
      LEFT JOIN message q ON q.chat_id = m.chat_id AND q.id = m.reply_to_id
                         AND q.deleted_at IS NULL AND m.deleted_at IS NULL
"""
_MESSAGES = text(f"""
    SELECT {_COLUMNS.strip()}, m.chat_id
      FROM unnest(CAST(:ids AS bigint[]), CAST(:afters AS bigint[])) AS a (chat_id, after)
     CROSS JOIN LATERAL (
           SELECT * FROM message WHERE chat_id = a.chat_id AND seq > a.after ORDER BY seq LIMIT :limit) m
      {_QUOTED.strip()}
""")  # noqa: S608 - our own words.
# With the message where the change is one of a message.
_CHANGES = text(f"""
    SELECT {_COLUMNS.strip()}, a.chat_id, x.seq
      FROM unnest(CAST(:ids AS bigint[]), CAST(:afters AS bigint[])) AS a (chat_id, after)
     CROSS JOIN LATERAL (
           SELECT seq, message_seq FROM chat_change
            WHERE chat_id = a.chat_id AND seq > a.after ORDER BY seq LIMIT :limit) x
      LEFT JOIN message m ON m.chat_id = a.chat_id AND m.seq = x.message_seq
      {_QUOTED.strip()}
""")  # noqa: S608 - as above.
_MEMBERS = text("""
    SELECT c.last_seq, c.watermark_seq, c.watermark_message_id, c.watermark_ordinal, c.participant_count,
           array_agg(p.user_id ORDER BY p.user_id) FILTER (WHERE p.user_id IS NOT NULL) AS participants
      FROM chat c LEFT JOIN participant p ON p.chat_id = c.id
     WHERE c.id = :chat_id GROUP BY c.id
""")
# From the end backwards, so that what is read is what has changed and one row more.
_CHANGED_SINCE = text("""
    SELECT c.id, c.last_seq, greatest(m.seq, x.seq, 0) AS since_seq
      FROM (SELECT DISTINCT chat_id FROM participant WHERE user_id = ANY (CAST(:user_ids AS bigint[]))) AS mine
      JOIN chat c ON c.id = mine.chat_id AND greatest(c.updated_at, c.edited_at) >= :since
      LEFT JOIN LATERAL (
           SELECT seq FROM message WHERE chat_id = c.id AND created_at < :since ORDER BY seq DESC LIMIT 1) m ON true
      LEFT JOIN LATERAL (
           SELECT seq FROM chat_change WHERE chat_id = c.id AND at < :since ORDER BY seq DESC LIMIT 1) x ON true
     ORDER BY c.id
""")


class Logs:
    """Opens snapshots of the logs."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._snapshots = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        """Open a snapshot: all reads in the block see the same moment; raises `Unavailable`."""
        with translate_database_errors():
            async with self._snapshots.begin() as connection:
                yield Snapshot(connection)


class Snapshot:
    """All chats at one moment (`services.ports.LogSnapshot`)."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def states(self, viewer: UserId, chat_ids: Sequence[ChatId]) -> dict[ChatId, ChatState]:
        """Return where those of the chats stand that the viewer is in."""
        rows = await self._connection.execute(_STATES, {"viewer": viewer, "ids": chat_ids})
        return {
            ChatId(row.id): ChatState(
                version=row.last_seq,
                unread_count=row.unread_count,
                read_up_to=row.read_message_id,
                read=read_state(row),
            )
            for row in rows
        }

    async def entries(self, after: Mapping[ChatId, int], limit: int) -> dict[ChatId, list[Entry]]:
        """Return the first `limit` versions of each chat after the given one; a change of the chat has no message."""
        asked = {"ids": list(after), "afters": list(after.values()), "limit": limit, "excerpt": MAX_EXCERPT}
        entries: defaultdict[ChatId, list[Entry]] = defaultdict(list)
        for row in await self._connection.execute(_MESSAGES, asked):
            entries[row.chat_id].append(Entry(row.message_seq, message_of(row, row.chat_id)))
        for row in await self._connection.execute(_CHANGES, asked):
            message = None if row.message_seq is None else message_of(row, row.chat_id)
            entries[row.chat_id].append(Entry(row.seq, message, changed=message is not None))
        return {chat_id: sorted(found, key=_version)[:limit] for chat_id, found in entries.items()}

    async def views(self, chat_ids: Sequence[ChatId], viewer: UserId | None) -> dict[ChatId, ChatView]:
        """Return the chats as the viewer sees them, or as events show them."""
        if viewer is None:
            return await views_for_all(self._connection, chat_ids)
        return await views_for(self._connection, chat_ids, viewer)

    async def members(self, chat_id: ChatId) -> Members | None:
        """Return the version and everyone who is in the chat, None when there is no such chat."""
        row = (await self._connection.execute(_MEMBERS, {"chat_id": chat_id})).one_or_none()
        return None if row is None else Members(row.last_seq, tuple(row.participants or ()), read_state(row))

    async def changed_since(self, user_ids: Sequence[UserId], since: datetime) -> list[ChatVersion]:
        """Return the chats of any of the users that have versions of `since` or later."""
        rows = await self._connection.execute(_CHANGED_SINCE, {"user_ids": user_ids, "since": since})
        return [ChatVersion(row.id, row.last_seq, row.since_seq) for row in rows]


def _version(entry: Entry) -> int:
    return entry.version
