"""Bring a connection up to date: what happened in each chat after the version it has.

The live frames of the chats wait while the difference is fetched, then those that it covers are dropped. So the
client sees every version once and in order, however the fetch and the events overtake each other. The answer is
complete or absent: nothing is written until every chat's difference is here. An event may be here before its row can
be seen by others (PostgreSQL tells its log first), so an answer that ends before what this instance has already
delivered is asked for again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from time import monotonic

from messenger_platform.errors import Unavailable
from realtime_service.domain.frames import (
    ChatFrame,
    ErrorFrame,
    MessageChangedFrame,
    MessageFrame,
    Synced,
    SyncedChat,
    TooLong,
    to_wire,
)
from realtime_service.services.connection import Connection
from realtime_service.services.ports import ChatDifference, Chats

FRAMES_PER_TURN = 100
PATIENCE_S = 3.0
RETRY_S = 0.05


class Synchronise:
    """Answer one `sync` frame."""

    def __init__(self, chats: Chats, version_of: Callable[[int], int], clock: Callable[[], float] = monotonic) -> None:
        self._chats = chats
        self._version_of = version_of
        self._clock = clock

    async def __call__(self, connection: Connection, chats: Mapping[str, int]) -> None:
        """Write the differences and `synced`; when the chat service is away, one `unavailable` error instead."""
        wanted = [int(chat_id) for chat_id in chats]
        connection.begin_sync(wanted)
        reached: dict[int, int] = {}
        try:
            differences = await self._fetch(connection.user_id, chats)
            await self._write(connection, differences)
            reached = {item.chat_id: item.version for item in differences if item.error is None}
        except Unavailable as error:
            connection.push(to_wire(ErrorFrame(error.code, f"Nothing was synced. {error}")))
        finally:
            for chat_id in wanted:
                connection.end_sync(chat_id, reached.get(chat_id))

    async def _fetch(self, user_id: int, chats: Mapping[str, int]) -> list[ChatDifference]:
        """Ask, while the chat service is away or behind again and again for a while."""
        delivered = {int(chat_id): self._version_of(int(chat_id)) for chat_id in chats}
        deadline = self._clock() + PATIENCE_S
        while True:
            is_late = self._clock() >= deadline
            try:
                differences = await self._chats.sync(user_id, chats)
            except Unavailable:
                if is_late:
                    raise
            else:
                if is_late or all(item.error or item.version >= delivered[item.chat_id] for item in differences):
                    return differences
            await asyncio.sleep(RETRY_S)

    async def _write(self, connection: Connection, differences: list[ChatDifference]) -> None:
        synced: dict[str, SyncedChat] = {}
        written = 0
        for item in differences:
            if item.error is not None:
                detail = "There is no such chat."
                connection.push(to_wire(ErrorFrame(item.error, detail, chat_id=item.chat_id)))
                continue
            synced[str(item.chat_id)] = SyncedChat(
                item.version, item.unread_count, item.read_up_to, item.read_by_all_up_to
            )
            if item.too_long or connection.held_too_many(item.chat_id):
                connection.push(to_wire(TooLong(item.chat_id, item.version)))
                continue
            for entry in item.entries:
                if entry.message is not None:
                    # A change acknowledges no send.
                    is_own = entry.message.sender_id == connection.user_id and not entry.changed
                    own = entry.message if is_own else None
                    shape = MessageChangedFrame if entry.changed else MessageFrame
                    frame = to_wire(shape(entry.version, entry.message))
                    connection.deliver_missed(item.chat_id, entry.version, frame, own)
                elif entry.chat:
                    frame = to_wire(ChatFrame(entry.version, entry.chat))
                    connection.deliver_missed(item.chat_id, entry.version, frame, None)
                written += 1
                if written % FRAMES_PER_TURN == 0:
                    # A long answer keeps pace with its reader, or it would look like a slow consumer.
                    await connection.socket.drained()
        connection.push(to_wire(Synced(synced)))
