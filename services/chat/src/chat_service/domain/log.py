"""A chat's log of versions and where its readers stand in it."""

from __future__ import annotations

from dataclasses import dataclass

from chat_service.domain.model import ChatId, ChatView, Message, MessageId, ReadState, UserId


@dataclass(frozen=True, slots=True)
class Entry:
    """One version: a message, sent or else `changed`, as it is now; or None for a change of the chat itself."""

    version: int
    message: Message | None
    changed: bool = False


@dataclass(frozen=True, slots=True)
class ChatState:
    """Where a chat stands, and where one participant stands in it; message ids are 0 for "none"."""

    version: int
    unread_count: int
    read_up_to: MessageId
    read: ReadState


@dataclass(frozen=True, slots=True)
class Difference:
    """What happened after a version: `entries` up to `state.version`, or None when it is too much to tell.

    `chat` is the chat as it is now, given when any entry is a change of the chat itself.
    """

    chat_id: ChatId
    state: ChatState
    entries: tuple[Entry, ...] | None
    chat: ChatView | None


@dataclass(frozen=True, slots=True)
class Members:
    """Everyone in a chat, as of a version, and how far they all have read."""

    version: int
    participants: tuple[UserId, ...]
    read: ReadState


@dataclass(frozen=True, slots=True)
class ChatVersion:
    """A chat's version now, and the one it had at a time asked about."""

    chat_id: ChatId
    version: int
    since_version: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a chat stands: all that the readers of its events must know to go on from here.

    Everyone has read up to the message `read_by_all_up_to`, 0 for none.
    """

    id: ChatId
    version: int
    participants: tuple[UserId, ...]
    read_by_all_up_to: MessageId
