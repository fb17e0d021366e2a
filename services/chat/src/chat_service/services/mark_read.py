"""Note how far someone has read."""

from __future__ import annotations

from chat_service.domain.batch import Read
from chat_service.domain.model import ChatId, MessageId, UserId
from chat_service.services.writer import Writer


class MarkRead:
    """Move a read mark forward; behind the mark nothing happens."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def __call__(self, reader: UserId, chat_id: ChatId, message_id: MessageId) -> None:
        """Note it durably; raises `NotFound` or `Unavailable`."""
        answer = await self._writer.submit(Read(reader, chat_id, message_id))
        if isinstance(answer, Exception):
            raise answer
