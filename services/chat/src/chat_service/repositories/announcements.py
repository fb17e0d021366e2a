"""Where all chats stand, read under their locks for a resync."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chat_service.domain.log import Standing
from chat_service.domain.model import ChatId, MessageId
from chat_service.events import Emission
from messenger_platform.database import translate_database_errors
from messenger_platform.events import emit

_COUNT = text("SELECT count(*) FROM chat")
_EPOCHS = text("SELECT epoch FROM inbox_position")
# Writers hold the row until they commit, and wait for us: announcements stand in the log in the order of the versions.
# By ascending id, as every writer locks, so that nobody waits in a circle.
_HOLD = text("""
    SELECT id, last_seq, watermark_message_id, participant_count FROM chat
     WHERE id > :after ORDER BY id LIMIT :limit FOR SHARE
""")
# A statement of its own: it sees what the last holders of the locks have committed.
_PARTICIPANTS = text("""
    SELECT chat_id, array_agg(user_id ORDER BY user_id) AS participants
      FROM participant WHERE chat_id = ANY (CAST(:ids AS bigint[])) GROUP BY chat_id
""")


class SQLAnnouncements:
    """The chats of the schema `chat` (`services.ports.Announcements`)."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def count(self) -> int:
        """Return how many chats there are. Raises `Unavailable`."""
        with translate_database_errors():
            async with self._engine.connect() as connection:
                return int(await connection.scalar(_COUNT) or 0)

    async def last_incarnation(self) -> int:
        """Return the newest slot that this service has read events of, 0 for none. Raises `Unavailable`."""
        with translate_database_errors():
            async with self._engine.connect() as connection:
                ends = [epoch.rpartition(".")[2] for epoch in await connection.scalars(_EPOCHS)]
                return max((int(end) for end in ends if end.isdecimal()), default=0)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SQLAnnouncement]:
        """Open a transaction that commits at the end of the block; raises `Unavailable`."""
        with translate_database_errors():
            async with self._engine.begin() as connection:
                yield SQLAnnouncement(connection)


class SQLAnnouncement:
    """One open transaction (`services.ports.Announcement`)."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def hold_after(self, chat_id: ChatId, limit: int) -> list[Standing]:
        """Return up to `limit` chats with greater ids, by ascending id, that nobody changes until the end."""
        chats = (await self._connection.execute(_HOLD, {"after": chat_id, "limit": limit})).all()
        rows = await self._connection.execute(_PARTICIPANTS, {"ids": [chat.id for chat in chats]})
        participants = {row.chat_id: tuple(row.participants) for row in rows}
        return [
            Standing(
                ChatId(chat.id),
                chat.last_seq,
                participants.get(chat.id, ()),
                # Of someone alone in a group nothing is read by others.
                MessageId(chat.watermark_message_id if chat.participant_count > 1 else 0),
            )
            for chat in chats
        ]

    async def emit(self, emissions: Sequence[Emission]) -> None:
        """Tell the world when, and only when, the transaction commits."""
        await emit(self._connection, emissions)
