"""Delete a message for everyone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from chat_service.domain.errors import NotAllowed
from chat_service.domain.model import ChatId, MessageId, UserId
from chat_service.domain.policy import may_delete
from chat_service.services.change_message import open_message, record_message
from chat_service.services.ports import Chats
from messenger_platform.errors import TooManyRequests
from messenger_platform.limits import TokenBuckets


class DeleteMessage:
    """Take a message's text away; its place stays, so that counts and positions do. Again changes nothing."""

    def __init__(
        self, chats: Chats, limits: TokenBuckets, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._chats = chats
        self._limits = limits
        self._now = now

    async def __call__(self, chat_id: ChatId, actor: UserId, message_id: MessageId) -> None:
        """Delete it; raises `NotFound`, `NotAllowed`, `TooManyRequests`, `Unavailable`."""
        wait = self._limits.take(actor)
        if wait > 0:
            raise TooManyRequests(wait)
        async with self._chats.transaction() as chats:
            chat, role, message = await open_message(chats, chat_id, actor, message_id)
            if not may_delete(role, own=message.sender_id == actor, private=chat.peers is not None):
                raise NotAllowed("Only its sender, and in groups the creator and admins, delete a message.")
            if message.deleted:
                return
            chat.edit(self._now())
            gone = replace(message, text="", quote=None, deleted=True)
            await record_message(chats, chat, "deleted", gone, actor=actor)
