"""The JSON frames of `/ws`, both ways, and their bytes on the wire.

A frame that goes to many sockets is encoded once, WebSocket header included: server frames are not masked, so the
same bytes are right for everyone.
"""

from __future__ import annotations

import struct
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

MAX_ID = 2**53 - 1
MAX_SYNC_CHATS = 1000

Id = Annotated[int, msgspec.Meta(ge=1, le=MAX_ID)]
Version = Annotated[int, msgspec.Meta(ge=0, le=MAX_ID)]


class Send(msgspec.Struct, tag="send", forbid_unknown_fields=True):
    """Append a message; repeated with the same `client_id`, it is acknowledged with the same message."""

    chat_id: Id
    client_id: UUID
    text: str
    reply_to_id: Id | None = None


class Read(msgspec.Struct, tag="read", forbid_unknown_fields=True):
    """Everything up to `message_id` is read by the caller."""

    chat_id: Id
    message_id: Id


class Typing(msgspec.Struct, tag="typing", forbid_unknown_fields=True):
    """The caller is typing; droppable."""

    chat_id: Id


class Sync(msgspec.Struct, tag="sync", forbid_unknown_fields=True):
    """What happened in each chat after the version that the client has."""

    chats: Annotated[dict[str, Version], msgspec.Meta(max_length=MAX_SYNC_CHATS)]


class Auth(msgspec.Struct, tag="auth", forbid_unknown_fields=True):
    """A fresh access token of the same session."""

    token: str


class Ping(msgspec.Struct, tag="ping", forbid_unknown_fields=True):
    """Answered with a pong."""


ClientFrame = Send | Read | Typing | Sync | Auth | Ping
client_decoder: msgspec.json.Decoder[ClientFrame] = msgspec.json.Decoder(ClientFrame)


class Quote(msgspec.Struct):
    """The beginning of the message that a reply answers."""

    id: int
    sender_id: int
    text: str


class Message(msgspec.Struct):
    """A message as clients see it; `client_id` only for its sender. `timestamp` is RFC 3339, passed through."""

    id: int
    chat_id: int
    sender_id: int
    text: str
    timestamp: str
    is_read: bool = False
    client_id: str | UnsetType = UNSET
    reply_to_id: int | None = None
    reply_to: Quote | None = None
    edited_at: str | None = None
    deleted: bool = False


class MessageFrame(msgspec.Struct, tag="message"):
    """A new message, under the chat's version that it made."""

    version: int
    message: Message


class MessageChangedFrame(msgspec.Struct, tag="message_changed"):
    """A message was edited or deleted, under the chat's version that this made; as it is now."""

    version: int
    message: Message


class ChatFrame(msgspec.Struct, tag="chat"):
    """A chat was created, or its title or participants changed."""

    version: int
    chat: msgspec.Raw


class ReadFrame(msgspec.Struct, tag="read"):
    """`user_id` has read everything up to `message_id`."""

    chat_id: int
    user_id: int
    message_id: int


class IsReadFrame(msgspec.Struct, tag="is_read"):
    """Everybody has read the receiver's messages up to here."""

    chat_id: int
    up_to_message_id: int


class ChatSettingsFrame(msgspec.Struct, tag="chat_settings"):
    """What the receiver has chosen for a chat, at another connection perhaps."""

    chat_id: int
    muted: bool
    pinned: bool


class TypingFrame(msgspec.Struct, tag="typing"):
    """Somebody is typing; forget it after some seconds."""

    chat_id: int
    user_id: int


class Hello(msgspec.Struct, tag="hello"):
    """The first frame of a connection."""

    user_id: int
    connection_id: str


class TooLong(msgspec.Struct, tag="too_long"):
    """Too much happened: drop the window and page the history, which is at `version` now."""

    chat_id: int
    version: int


class SyncedChat(msgspec.Struct):
    """Where a chat stands after a sync; message ids, 0 for none."""

    version: int
    unread_count: int
    read_up_to: int
    read_by_all_up_to: int


class Synced(msgspec.Struct, tag="synced"):
    """The end of a sync's answer."""

    chats: dict[str, SyncedChat]


class ErrorFrame(msgspec.Struct, tag="error"):
    """A frame was refused; it changed nothing."""

    code: str
    detail: str
    client_id: str | None = None
    chat_id: int | UnsetType = UNSET
    retry_after: float | UnsetType = UNSET


class ReauthRequired(msgspec.Struct, tag="reauth_required"):
    """The token behind the connection expires in `in_s` seconds."""

    in_s: int


_encoder = msgspec.json.Encoder()
_SHORT = 126
_MEDIUM = 1 << 16
_TEXT = 0x81  # FIN and opcode 1.


def to_wire(frame: Any) -> bytes:
    """Encode a frame as one unfragmented WebSocket text message."""
    payload = _encoder.encode(frame)
    length = len(payload)
    if length < _SHORT:
        return bytes((_TEXT, length)) + payload
    if length < _MEDIUM:
        return struct.pack(">BBH", _TEXT, _SHORT, length) + payload
    return struct.pack(">BBQ", _TEXT, _SHORT + 1, length) + payload


PONG = to_wire({"type": "pong"})
