"""Delete a message for everyone."""

from __future__ import annotations

from msgspec.structs import replace

from chat_service.domain.errors import NotAllowed
from chat_service.domain.model import ChatId, MessageId, UserId
from chat_service.domain.policy import may_delete
from chat_service.services.change_message import MessageChange, open_message, record_message


class DeleteMessage(MessageChange):
    """Take a message's text away; its place stays, so that counts and positions do. Again changes nothing."""

    async def __call__(self, chat_id: ChatId, actor: UserId, message_id: MessageId) -> None:
        """Delete it; raises `NotFound`, `NotAllowed`, `TooManyRequests`, `Unavailable`."""
        self._limits.charge(actor)
        async with self._chats.transaction() as chats:
            chat, role, message = await open_message(chats, chat_id, actor, message_id)
            if not may_delete(role, own=message.sender_id == actor, private=chat.peers is not None):
                raise NotAllowed("Only its sender, and in groups the creator and admins, delete a message.")
            if message.deleted:
                return
            chat.edit(self._now())
            gone = replace(message, text="", quote=None, deleted=True)
            await record_message(chats, chat, "deleted", gone, actor=actor)
