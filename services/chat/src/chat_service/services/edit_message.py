"""Edit a message."""

from __future__ import annotations

from msgspec.structs import replace

from chat_service.domain.errors import Conflict, NotAllowed
from chat_service.domain.model import ChatId, MessageId, SeenMessage, UserId
from chat_service.domain.texts import clean_text
from chat_service.services.change_message import MessageChange, open_message, record_message, seen_by


class EditMessage(MessageChange):
    """Give one's own message another text; the text that is there already changes nothing."""

    async def __call__(self, chat_id: ChatId, editor: UserId, message_id: MessageId, text: str) -> SeenMessage:
        """Return the message as it is now.

        Raises `InvalidText`, `NotFound`, `NotAllowed` for others' messages, `Conflict` for a deleted one,
        `TooManyRequests`, `Unavailable`.
        """
        clean = clean_text(text)
        self._limits.charge(editor)
        async with self._chats.transaction() as chats:
            chat, _, message = await open_message(chats, chat_id, editor, message_id)
            if message.sender_id != editor:
                raise NotAllowed("Only its sender edits a message.")
            if message.deleted:
                raise Conflict("The message has been deleted.")
            if message.text != clean:
                message = replace(message, text=clean, edited_at=chat.edit(self._now()))
                await record_message(chats, chat, "edited", message, actor=editor)
        return seen_by(chat, editor, message)
