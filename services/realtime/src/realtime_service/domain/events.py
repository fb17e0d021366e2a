"""The events of other contexts as this one reads them: only the fields it uses."""

from __future__ import annotations

from datetime import datetime

import msgspec

from realtime_service.domain.frames import MAX_ID, Message


class Envelope(msgspec.Struct):
    """A CloudEvent; `data` stays encoded until its type is known."""

    type: str
    time: datetime
    data: msgspec.Raw


class MessageEvent(msgspec.Struct):
    """What happened to a message; `to` names both participants of a private chat.

    In a group, `members_version` is the version that last changed its participants.
    """

    version: int
    message: Message
    to: list[int] | None = None
    members_version: int = MAX_ID


class MessageSent(MessageEvent):
    """A message was appended."""


class MessageChanged(MessageEvent):
    """MessageEdited, MessageDeleted: the message as it is from `version` on."""


class MessageRead(msgspec.Struct):
    """A read cursor moved."""

    chat_id: int
    user_id: int
    message_id: int
    authors: list[int] = []
    is_read_up_to: int | None = None
    is_read_authors: list[int] = []


class ChatSettingsChanged(msgspec.Struct):
    """Someone has chosen other settings of a chat."""

    chat_id: int
    user_id: int
    muted: bool
    pinned: bool


class _ChatId(msgspec.Struct):
    id: int


class ChatEvent(msgspec.Struct):
    """ChatCreated, ChatChanged, ParticipantJoined, ParticipantLeft: the chat as it is from `version` on."""

    version: int
    participants: list[int]
    chat: msgspec.Raw
    user_id: int | None = None
    is_read_up_to: int | None = None
    is_read_authors: list[int] = []

    @property
    def chat_id(self) -> int:
        """The chat's id, from inside the chat object."""
        return msgspec.json.decode(self.chat, type=_ChatId).id


class ChatResynced(msgspec.Struct):
    """Where a chat stands, whatever was missed or is known of it; everyone has read up to message `is_read_up_to`."""

    chat_id: int
    version: int
    participants: list[int]
    is_read_up_to: int = 0


CHANGES_OF_MESSAGES = frozenset({"MessageEdited", "MessageDeleted"})
CHAT_EVENTS = frozenset({"ChatCreated", "ChatChanged", "ParticipantJoined", "ParticipantLeft"})

envelopes: msgspec.json.Decoder[list[Envelope]] = msgspec.json.Decoder(list[Envelope])
message_sent: msgspec.json.Decoder[MessageSent] = msgspec.json.Decoder(MessageSent)
message_changed: msgspec.json.Decoder[MessageChanged] = msgspec.json.Decoder(MessageChanged)
message_read: msgspec.json.Decoder[MessageRead] = msgspec.json.Decoder(MessageRead)
chat_settings_changed: msgspec.json.Decoder[ChatSettingsChanged] = msgspec.json.Decoder(ChatSettingsChanged)
chat_event: msgspec.json.Decoder[ChatEvent] = msgspec.json.Decoder(ChatEvent)
chat_resynced: msgspec.json.Decoder[ChatResynced] = msgspec.json.Decoder(ChatResynced)
