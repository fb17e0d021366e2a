"""The shapes of the internal link's answers."""

from __future__ import annotations

from typing import Any

import msgspec

from chat_service.domain.batch import Sent
from chat_service.domain.errors import ChatError
from chat_service.domain.model import Message
from messenger_platform.errors import Unavailable


class OwnMessage(msgspec.Struct):
    """A message as its sender sees it."""

    id: int
    chat_id: int
    sender_id: int
    text: str
    timestamp: Any
    client_id: Any
    is_read: bool


def problem(error: Exception) -> tuple[str, str]:
    """Return code and detail of an error; what is not the caller's to understand is `unavailable`."""
    if isinstance(error, ChatError | Unavailable):
        return error.code, str(error)
    return Unavailable.code, "Something went wrong on our side. Try again."


def own_message(message: Message, *, is_read: bool) -> OwnMessage:
    """Shape a message for its sender."""
    return OwnMessage(
        message.id,
        message.chat_id,
        message.sender_id,
        message.text,
        message.created_at,
        message.client_id,
        is_read,
    )


def send_result(sent: Sent) -> dict[str, Any]:
    """Shape the answer to a send."""
    result: dict[str, Any] = {
        "version": sent.message.seq,
        "duplicate": sent.duplicate,
        "message": own_message(sent.message, is_read=sent.is_read),
    }
    if sent.to is not None:
        result["to"] = sent.to
    return result
