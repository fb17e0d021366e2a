"""What editing and deleting a message have in common: the lock, whose message it is, the version, the event."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from chat_service.domain.errors import no_such_chat, no_such_message
from chat_service.domain.model import ChatId, LockedChat, Message, MessageId, ReadState, Role, SeenMessage, UserId
from chat_service.events import message_changed
from chat_service.services.ports import Chats, ChatTransaction
from messenger_platform.limits import TokenBuckets


class MessageChange:
    """What editing and deleting work with."""

    def __init__(
        self, chats: Chats, limits: TokenBuckets, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._chats = chats
        self._limits = limits
        self._now = now


async def open_message(
    chats: ChatTransaction, chat_id: ChatId, actor: UserId, message_id: MessageId
) -> tuple[LockedChat, Role, Message]:
    """Lock a chat and return it with the actor's role and a message of it; raises `NotFound`."""
    chat = await chats.lock(chat_id)
    roles = {} if chat is None else await chats.roles(chat_id, [actor])
    if chat is None or actor not in roles:
        raise no_such_chat()
    message = await chats.message(chat_id, message_id)
    if message is None:
        raise no_such_message()
    return chat, roles[actor], message


def seen_by(chat: LockedChat, actor: UserId, message: Message) -> SeenMessage:
    """Tell whether everyone has read a message of a locked chat."""
    return SeenMessage(message, ReadState(chat.watermark, chat.participant_count).is_read(message, actor))


async def record_message(
    chats: ChatTransaction, chat: LockedChat, kind: str, message: Message, *, actor: UserId
) -> None:
    """Store and publish that a message was `edited` or `deleted`."""
    await chats.rewrite(chat, message)
    await chats.record(chat, kind, {"by": actor}, message)
    event = "MessageEdited" if kind == "edited" else "MessageDeleted"
    await chats.emit([message_changed(event, seen_by(chat, actor, message), chat)])
