"""List who has seen a message."""

from __future__ import annotations

from chat_service.domain.errors import no_such_message
from chat_service.domain.model import ChatId, MessageId, Readers, UserId
from chat_service.services.ports import Receipts


class ListReaders:
    """Tell who in the chat now, other than the sender, has read a message, and when."""

    def __init__(self, receipts: Receipts) -> None:
        self._receipts = receipts

    async def __call__(self, chat_id: ChatId, viewer: UserId, message_id: MessageId) -> Readers:
        """Return them, newest first; raises `NotFound` for outsiders and unknown messages, `Unavailable`."""
        readers = await self._receipts.readers(chat_id, message_id, viewer)
        if readers is None:
            raise no_such_message()
        return readers
