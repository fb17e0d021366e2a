"""What this context tells the world. The shapes are published: consumers read them, golden files pin them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from chat_service.domain.batch import Receipt
from chat_service.domain.log import Standing
from chat_service.domain.model import (
    ChatId,
    ChatView,
    LockedChat,
    Message,
    NewlyRead,
    OwnSettings,
    Quote,
    SeenMessage,
    UserId,
)
from messenger_platform.events import Event

SOURCE = "/services/chat"
MESSAGES = "chat.message"
MEMBERSHIP = "chat.membership"
SETTINGS = "chat.settings"
RESYNC = "session.resynced"

Emission = tuple[str, Event]


class QuoteData(msgspec.Struct):
    """The beginning of the message that a reply answers."""

    id: int
    sender_id: int
    text: str


class MessageData(msgspec.Struct, omit_defaults=True):
    """A message as every participant may see it; consumers give `client_id` to its sender only."""

    id: int
    chat_id: int
    sender_id: int
    text: str
    timestamp: datetime
    client_id: UUID
    reply_to_id: int | None = None
    reply_to: QuoteData | None = None
    edited_at: datetime | None = None
    deleted: bool = False


class ChangedMessageData(MessageData, omit_defaults=True, kw_only=True):
    """A message that may have been read before it was changed; a deleted one has no text."""

    is_read: bool


class MessageSent(msgspec.Struct, omit_defaults=True):
    """A message has been appended.

    `to` names both participants of a private chat; in a group `members_version` is the version that last changed
    the participants.
    """

    version: int
    message: MessageData
    to: list[int] | UnsetType = UNSET
    members_version: int | UnsetType = UNSET


class MessageChanged(msgspec.Struct, omit_defaults=True):
    """MessageEdited, MessageDeleted; `to` and `members_version` as in `MessageSent`."""

    version: int
    message: ChangedMessageData
    to: list[int] | UnsetType = UNSET
    members_version: int | UnsetType = UNSET


class MessageRead(msgspec.Struct):
    """Someone has read up to a message; see `domain.batch.Receipt`."""

    chat_id: int
    user_id: int
    message_id: int
    authors: list[int]
    is_read_up_to: int | None
    is_read_authors: list[int]


class ChatSettingsChanged(msgspec.Struct):
    """Someone has other settings of a chat than before; for their own connections only."""

    chat_id: int
    user_id: int
    muted: bool
    pinned: bool


class ParticipantData(msgspec.Struct):
    """A participant in a chat object."""

    user_id: int
    role: str
    last_read_message_id: int


class LastMessageData(msgspec.Struct):
    """The newest message that is not deleted, in a chat object."""

    id: int
    chat_id: int
    sender_id: int
    text: str
    timestamp: datetime
    is_read: bool
    reply_to_id: int | None
    reply_to: QuoteData | None
    edited_at: datetime | None
    deleted: bool


class ChatData(msgspec.Struct, omit_defaults=True):
    """The chat object; what differs from viewer to viewer is left out, except what it is in a new chat."""

    id: int
    type: str
    title: str | None
    creator_id: int
    participants: list[ParticipantData]
    participant_count: int
    last_message: LastMessageData | None
    version: int
    read_by_all_up_to: int
    created_at: datetime
    updated_at: datetime
    unread_count: int | UnsetType = UNSET
    read_up_to: int | UnsetType = UNSET
    muted: bool | UnsetType = UNSET
    pinned: bool | UnsetType = UNSET


class MembershipChange(msgspec.Struct, omit_defaults=True):
    """ChatCreated, ChatChanged, ParticipantJoined, ParticipantLeft: `participants` is complete, after the change."""

    version: int
    participants: list[int]
    chat: ChatData
    user_id: int | UnsetType = UNSET
    is_read_up_to: int | UnsetType | None = UNSET
    is_read_authors: list[int] | UnsetType = UNSET


class ChatResynced(msgspec.Struct):
    """Where a chat stands, for those who may have missed events: it replaces whatever was known of the chat.

    `participants` is complete; everyone has read up to message `is_read_up_to`, 0 for none.
    """

    chat_id: int
    version: int
    participants: list[int]
    is_read_up_to: int


class Resynced(msgspec.Struct):
    """Events may have been lost: whoever keeps state of events without a durable queue reads it anew."""


def message_data(message: Message) -> MessageData:
    """Shape a message."""
    return MessageData(
        message.id,
        message.chat_id,
        message.sender_id,
        message.text,
        message.created_at,
        message.client_id,
        message.reply_to_id,
        quote_data(message.quote),
        message.edited_at,
        message.deleted,
    )


def changed_message_data(seen: SeenMessage) -> ChangedMessageData:
    """Shape a message that has been edited or deleted."""
    return ChangedMessageData(**msgspec.structs.asdict(message_data(seen.message)), is_read=seen.is_read)


def quote_data(quote: Quote | None) -> QuoteData | None:
    """Shape what a reply quotes."""
    return None if quote is None else QuoteData(quote.id, quote.sender_id, quote.text)


def message_sent(message: Message, chat: LockedChat) -> Emission:
    """Say that a message has been appended."""
    return _of_message("MessageSent", MessageSent(message.seq, message_data(message)), chat)


def message_changed(kind: str, seen: SeenMessage, chat: LockedChat) -> Emission:
    """Say that in the newest version a message was edited (`MessageEdited`) or deleted (`MessageDeleted`)."""
    return _of_message(kind, MessageChanged(chat.last_seq, changed_message_data(seen)), chat)


def _of_message(kind: str, data: MessageSent | MessageChanged, chat: LockedChat) -> Emission:
    if chat.peers is not None:
        data.to = list(chat.peers)
    else:
        data.members_version = chat.members_seq
    return MESSAGES, Event(kind, SOURCE, f"chats/{chat.id}", data)


def message_read(receipt: Receipt) -> Emission:
    """Say that someone has read others' messages."""
    data = MessageRead(
        receipt.chat_id,
        receipt.user_id,
        receipt.up_to.message_id,
        list(receipt.authors),
        receipt.is_read_up_to,
        list(receipt.is_read_authors),
    )
    return MESSAGES, Event("MessageRead", SOURCE, f"chats/{receipt.chat_id}", data)


def settings_changed(chat_id: ChatId, user_id: UserId, chosen: OwnSettings) -> Emission:
    """Say what someone has chosen for a chat."""
    data = ChatSettingsChanged(chat_id, user_id, chosen.muted, chosen.pinned)
    return SETTINGS, Event("ChatSettingsChanged", SOURCE, f"chats/{chat_id}", data)


def chat_data(chat: ChatView, *, own: bool = False) -> ChatData:
    """Shape a chat for everyone, or with what is its viewer's `own`."""
    data = ChatData(
        id=chat.id,
        type=chat.type,
        title=chat.title,
        creator_id=chat.creator_id,
        participants=[ParticipantData(p.user_id, p.role, p.last_read_message_id) for p in chat.participants],
        participant_count=chat.participant_count,
        last_message=None if chat.last_message is None else _last_message(chat.last_message),
        version=chat.version,
        read_by_all_up_to=chat.read_by_all_up_to,
        created_at=chat.created_at,
        updated_at=chat.updated_at,
    )
    if own:
        data.unread_count, data.read_up_to = chat.unread_count, chat.read_up_to
        data.muted, data.pinned = chat.own.muted, chat.own.pinned
    return data


def _last_message(last: SeenMessage) -> LastMessageData:
    message = last.message
    return LastMessageData(
        message.id,
        message.chat_id,
        message.sender_id,
        message.text,
        message.created_at,
        last.is_read,
        message.reply_to_id,
        quote_data(message.quote),
        message.edited_at,
        message.deleted,
    )


def chat_created(chat: ChatView, participants: list[UserId]) -> Emission:
    """Say that a chat exists."""
    # Nothing is said yet and nothing chosen: here everyone sees the same.
    data = MembershipChange(chat.version, [*participants], chat_data(chat, own=True))
    return MEMBERSHIP, Event("ChatCreated", SOURCE, f"chats/{chat.id}", data)


def chat_changed(chat: ChatView, participants: list[UserId]) -> Emission:
    """Say that a chat's title or roles are other than before."""
    data = MembershipChange(chat.version, [*participants], chat_data(chat))
    return MEMBERSHIP, Event("ChatChanged", SOURCE, f"chats/{chat.id}", data)


def membership_changed(
    kind: str,
    chat: ChatView,
    participants: list[UserId],
    user_id: UserId,
    newly_read: NewlyRead,
) -> Emission:
    """Say that someone came (`ParticipantJoined`) or went (`ParticipantLeft`)."""
    data = MembershipChange(
        chat.version, [*participants], chat_data(chat), user_id, newly_read.up_to, [*newly_read.authors]
    )
    return MEMBERSHIP, Event(kind, SOURCE, f"chats/{chat.id}", data)


def chat_resynced(chat: Standing) -> Emission:
    """Say where a chat stands."""
    data = ChatResynced(chat.id, chat.version, [*chat.participants], chat.read_by_all_up_to)
    return MEMBERSHIP, Event("ChatResynced", SOURCE, f"chats/{chat.id}", data)


def resynced() -> Emission:
    """Say that events may have been lost, to those who follow the ends of sessions."""
    return RESYNC, Event("Resynced", SOURCE, "log", Resynced())
