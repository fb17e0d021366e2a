"""The nouns: chats, participants, messages, and marks between messages.

What there are thousands of in a second is a msgspec `Struct`: it is made in a fifth of the time of a frozen dataclass,
and the garbage collector passes over it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

import msgspec

ChatId = NewType("ChatId", int)
UserId = NewType("UserId", int)
MessageId = NewType("MessageId", int)

MAX_ID = 2**53 - 1  # The largest integer that every JSON reader keeps exact.
MAX_PARTICIPANTS = 10_000
MAX_PINNED = 10
MAX_EXCERPT = 120  # Characters of a quoted message that come along with a reply.


class ChatType(StrEnum):
    """A private chat has two participants for ever; a group has a title and a changing membership."""

    PRIVATE = "private"
    GROUP = "group"


class Role(StrEnum):
    """What a participant may do to the membership; see `domain.policy`."""

    CREATOR = "creator"
    ADMIN = "admin"
    MEMBER = "member"


class Mark(msgspec.Struct, frozen=True, order=True, gc=False):
    """A place among a chat's messages: right behind the message with this version, id and ordinal.

    All three grow together, so marks of one chat compare by any of them. `ordinal` counts the chat's messages from 1;
    `seq` (the version) also counts changes that are not messages, hence `seq >= ordinal`.
    """

    seq: int
    message_id: MessageId
    ordinal: int


START = Mark(0, MessageId(0), 0)


class Quote(msgspec.Struct, frozen=True, gc=False):
    """The message that a reply answers; `text` is its beginning."""

    id: MessageId
    sender_id: UserId
    text: str


class Message(msgspec.Struct, frozen=True, gc=False):
    """One message as it is stored, with what it quotes; a deleted one has no text and quotes nothing."""

    chat_id: ChatId
    seq: int
    id: MessageId
    ordinal: int
    sender_id: UserId
    client_id: UUID
    text: str
    created_at: datetime
    reply_to_id: MessageId | None = None
    quote: Quote | None = None
    edited_at: datetime | None = None
    deleted: bool = False

    @property
    def mark(self) -> Mark:
        """The mark right behind this message."""
        return Mark(self.seq, self.id, self.ordinal)


@dataclass(slots=True)
class LockedChat:
    """A chat's counters while its row is locked; `peers` are the two of a private chat, None in a group.

    `members_seq` is the version that last changed the participants, `updated_at` the time of the newest version that is
    no edit or deletion, `edited_at` the time of the newest that is one.
    """

    id: ChatId
    peers: tuple[UserId, UserId] | None
    last_seq: int
    members_seq: int
    end: Mark
    updated_at: datetime
    watermark: Mark
    participant_count: int
    edited_at: datetime | None = None

    @property
    def changed_at(self) -> datetime:
        """The time of the newest version."""
        return self.updated_at if self.edited_at is None else max(self.updated_at, self.edited_at)

    def advance(self, now: datetime) -> datetime:
        """Begin the next version and return its time, which is never before the previous one's.

        Clocks of processes differ and jump; within a chat time does not run backwards.
        """
        self.last_seq += 1
        self.updated_at = max(now, self.changed_at)
        return self.updated_at

    def edit(self, now: datetime) -> datetime:
        """Begin a version that edits or deletes a message: no activity that lists of chats are ordered by."""
        self.last_seq += 1
        self.edited_at = max(now, self.changed_at)
        return self.edited_at

    def change(self, now: datetime) -> datetime:
        """Begin a version that changes the participants, their roles or the title."""
        at = self.advance(now)
        self.members_seq = self.last_seq
        return at


@dataclass(frozen=True, slots=True)
class ReadState:
    """How far everyone has read: the smallest mark of the present participants, and how many they are."""

    watermark: Mark
    participant_count: int

    def is_read(self, message: Message, viewer: UserId) -> bool:
        """Tell whether every present participant other than the sender has read the message.

        `viewer` is a participant. A message of someone who is alone in the chat is not read: there is nobody to.
        """
        alone_with_own = self.participant_count == 1 and message.sender_id == viewer
        return message.seq <= self.watermark.seq and not alone_with_own


@dataclass(frozen=True, slots=True)
class NewlyRead:
    """After a change of membership: how far everyone who is left has now read (None: as before), and whose messages."""

    up_to: MessageId | None = None
    authors: tuple[UserId, ...] = ()


@dataclass(frozen=True, slots=True)
class Participant:
    """Someone in a chat and how far they have read; 0 is "nothing yet"."""

    user_id: UserId
    role: Role
    last_read_message_id: MessageId


@dataclass(frozen=True, slots=True)
class OwnSettings:
    """What a participant has chosen for a chat; nobody else sees it."""

    muted: bool
    pinned: bool


class SeenMessage(msgspec.Struct, frozen=True, gc=False):
    """A message with what its viewer may know about it."""

    message: Message
    is_read: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """Someone who has read a message, and when."""

    user_id: UserId
    at: datetime


@dataclass(frozen=True, slots=True)
class Readers:
    """Who among the present participants other than the sender has read a message; None where they are too many."""

    count: int
    seen: tuple[Reader, ...] | None
    not_seen: tuple[UserId, ...] | None


@dataclass(frozen=True, slots=True)
class NewChat:
    """A chat to create: a private pair, smaller id first and no title, or a group with a title."""

    creator_id: UserId
    participants: tuple[UserId, ...]
    title: str | None
    at: datetime

    @property
    def pair(self) -> tuple[UserId, UserId] | None:
        """The private pair, None for a group."""
        if self.title is not None:
            return None
        low, high = self.participants
        return low, high


@dataclass(frozen=True, slots=True)
class ListPosition:
    """A place in a list of chats, newest activity first; ties are broken by id."""

    updated_at: datetime
    chat_id: ChatId


@dataclass(frozen=True, slots=True)
class ChatView:
    """A chat as one of its participants sees it; `participants` may be cut short, `participant_count` never is.

    `unread_count`, `read_up_to` (a message id, 0 for none) and `own` are the viewer's.
    """

    id: ChatId
    type: ChatType
    title: str | None
    creator_id: UserId
    participants: tuple[Participant, ...]
    participant_count: int
    last_message: SeenMessage | None
    unread_count: int
    version: int
    read_by_all_up_to: MessageId
    created_at: datetime
    updated_at: datetime
    read_up_to: MessageId = MessageId(0)
    own: OwnSettings = OwnSettings(muted=False, pinned=False)

    @property
    def position(self) -> ListPosition:
        """Where the chat stands in its participants' lists."""
        return ListPosition(self.updated_at, self.id)
