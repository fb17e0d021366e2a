"""The shapes of the internal link's answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from chat_service.domain.batch import Sent
from chat_service.domain.errors import ChatError, NotFound
from chat_service.domain.log import Difference, Entry, Members
from chat_service.domain.model import ChatId, ChatView, Message, SeenMessage, UserId
from chat_service.events import QuoteData, changed_message_data, chat_data, message_data, quote_data
from messenger_platform.errors import Unavailable


class MessageFrame(msgspec.Struct, omit_defaults=True):
    """A message; `client_id` for its sender's eyes."""

    id: int
    chat_id: int
    sender_id: int
    text: str
    timestamp: datetime
    is_read: bool
    client_id: UUID | UnsetType = UNSET
    reply_to_id: int | None = None
    reply_to: QuoteData | None = None
    edited_at: datetime | None = None
    deleted: bool = False


def problem(error: Exception) -> tuple[str, str]:
    """Return code and detail of an error; what is not the caller's to understand is `unavailable`."""
    if isinstance(error, ChatError | Unavailable):
        return error.code, str(error)
    return Unavailable.code, "Something went wrong on our side. Try again."


def message_frame(message: Message, *, is_read: bool, own: bool) -> MessageFrame:
    """Shape a message."""
    return MessageFrame(
        message.id,
        message.chat_id,
        message.sender_id,
        message.text,
        message.created_at,
        is_read,
        message.client_id if own else UNSET,
        message.reply_to_id,
        quote_data(message.quote),
        message.edited_at,
        message.deleted,
    )


def send_result(sent: Sent) -> dict[str, Any]:
    """Shape the answer to a send."""
    result: dict[str, Any] = {
        "version": sent.message.seq,
        "duplicate": sent.duplicate,
        "message": message_frame(sent.message, is_read=sent.is_read, own=True),
    }
    if sent.to is not None:
        result["to"] = sent.to
    return result


def unknown(chat_id: ChatId) -> dict[str, Any]:
    """Shape the answer about a chat that is not the asker's."""
    return {"chat_id": chat_id, "error": NotFound.code}


def difference_frame(difference: Difference, viewer: UserId) -> dict[str, Any]:
    """Shape what a viewer has missed in one chat."""
    state = difference.state
    frame: dict[str, Any] = {
        "chat_id": difference.chat_id,
        "version": state.version,
        "unread_count": state.unread_count,
        "read_up_to": state.read_up_to,
        "read_by_all_up_to": state.read.watermark.message_id,
        "too_long": difference.entries is None,
        "entries": [],
    }
    if difference.entries:
        chat = difference.chat and chat_data(difference.chat, own=True)
        frame["entries"] = [
            {"version": entry.version, "chat": chat}
            if entry.message is None
            else {
                "version": entry.version,
                "changed": entry.changed,
                "message": message_frame(
                    entry.message,
                    is_read=state.read.is_read(entry.message, viewer),
                    own=entry.message.sender_id == viewer,
                ),
            }
            for entry in difference.entries
        ]
    return frame


def event_entry(entry: Entry, members: Members, chat: ChatView | None) -> dict[str, Any]:
    """Shape an entry as the event told it: messages with `client_id`, a change as the chat is now."""
    message = entry.message
    if message is not None and entry.changed:
        # Who looks matters only where one person is left.
        viewer = members.participants[0] if members.participants else message.sender_id
        seen = SeenMessage(message, members.read.is_read(message, viewer))
        return {"version": entry.version, "changed": True, "message": changed_message_data(seen)}
    if message is not None:
        return {"version": entry.version, "message": message_data(message)}
    return {"version": entry.version, "chat": None if chat is None else chat_data(chat)}
