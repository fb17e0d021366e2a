"""What the use cases need from the outside; `repositories` has the PostgreSQL side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from chat_service.domain.batch import Answers, Batch, Ground, Op, Questions
from chat_service.domain.history import Asked, Page
from chat_service.domain.log import ChatState, ChatVersion, Entry, Members, Standing
from chat_service.domain.model import (
    ChatId,
    ChatView,
    ListPosition,
    LockedChat,
    Mark,
    Message,
    MessageId,
    NewChat,
    OwnSettings,
    Readers,
    Role,
    SeenMessage,
    UserId,
)
from chat_service.events import Emission
from messenger_platform.accounts import Person
from messenger_platform.tokens import Principal


class LogTransaction(Protocol):
    """One open transaction of a `MessageLog`."""

    async def ground(self, ops: Sequence[Op]) -> Ground:
        """Lock the chats of the operations in the order of their ids, then read what the operations stand on."""

    async def answer(self, questions: Questions) -> Answers:
        """Answer questions about the locked groups as they were before the batch."""

    async def write(self, batch: Batch, emissions: Sequence[Emission]) -> None:
        """Store what the batch changed, and its events with it."""


class MessageLog(Protocol):
    """Where batches are written; one transaction at a time."""

    def transaction(self) -> AbstractAsyncContextManager[LogTransaction]:
        """Open a transaction that commits at the end of the block; raises `Unavailable`."""


class ChatTransaction(Protocol):
    """One open transaction of `Chats`; what changes a chat happens between `lock` and `record`."""

    async def private_chat(self, low: UserId, high: UserId) -> ChatId | None:
        """Find the private chat of a pair."""

    async def create(self, new: NewChat) -> ChatId | None:
        """Create a chat; None when the pair already has one."""

    async def lock(self, chat_id: ChatId) -> LockedChat | None:
        """Lock a chat and return its counters; None when there is none."""

    async def roles(self, chat_id: ChatId, user_ids: Sequence[UserId]) -> dict[UserId, Role]:
        """Return the roles of those of the users who are in the chat."""

    async def participants(self, chat_id: ChatId) -> list[UserId]:
        """Return everyone who is in the chat."""

    async def add(self, chat: LockedChat, user_id: UserId) -> None:
        """Add a member whose mark is behind the newest message."""

    async def remove(self, chat: LockedChat, user_id: UserId) -> None:
        """Remove a participant."""

    async def appoint(self, chat: LockedChat, user_id: UserId, role: Role) -> None:
        """Give a participant a role."""

    async def lock_pins(self, user_id: UserId) -> None:
        """Let one transaction at a time pin chats of a user."""

    async def count_pinned(self, user_id: UserId) -> int:
        """Count the chats that the user has pinned."""

    async def own_settings(self, chat_id: ChatId, user_id: UserId) -> OwnSettings | None:
        """Lock a participant's settings and return them, None when there is no such participant."""

    async def choose(self, chat_id: ChatId, user_id: UserId, chosen: OwnSettings) -> None:
        """Store a participant's settings."""

    async def rename(self, chat: LockedChat, title: str) -> None:
        """Give a group a title."""

    async def smallest_mark(self, chat_id: ChatId) -> Mark | None:
        """Return the smallest mark of all participants, None when nobody is left."""

    async def authors(self, chat_id: ChatId, after: Mark, up_to: Mark) -> list[UserId]:
        """Return the present participants who wrote between two marks."""

    async def message(self, chat_id: ChatId, message_id: MessageId) -> Message | None:
        """Return a message, None when it is not in the chat."""

    async def rewrite(self, chat: LockedChat, message: Message) -> None:
        """Store a message as it has been edited or deleted in the newest version."""

    async def record(
        self, chat: LockedChat, kind: str, data: Mapping[str, object], message: Message | None = None
    ) -> None:
        """Store the chat's counters, and the change that its newest version is, of a message perhaps."""

    async def view(self, chat_id: ChatId) -> ChatView:
        """Return the chat as the transaction has made it, as events show it."""

    async def emit(self, emissions: Sequence[Emission]) -> None:
        """Publish events if and when the transaction commits."""


class Chats(Protocol):
    """Creates chats and changes them."""

    def transaction(self) -> AbstractAsyncContextManager[ChatTransaction]:
        """Open a transaction that commits at the end of the block; raises `Unavailable`."""


class ChatViews(Protocol):
    """Reads chats for their participants; raises `Unavailable`."""

    async def of(self, chat_id: ChatId, viewer: UserId) -> ChatView | None:
        """Return a chat with all its participants, None when the viewer is not one of them."""

    async def page(self, viewer: UserId, limit: int, after: ListPosition | None) -> list[ChatView]:
        """Return the viewer's chats behind a position, newest activity first."""

    async def opening(self, viewer: UserId, limit: int) -> list[ChatView]:
        """Return the `limit` newest chats and all pinned ones, newest activity first.

        Of a group's participants only the viewer is among them.
        """


class Histories(Protocol):
    """Reads messages for participants; raises `Unavailable`."""

    async def page(self, chat_id: ChatId, viewer: UserId, page: Page) -> list[SeenMessage] | None:
        """Return a page, oldest first; None when the viewer is not in the chat."""


class Pages(Protocol):
    """Reads pages for participants as the JSON that is sent; raises `Unavailable`."""

    async def read(self, asked: Sequence[Asked]) -> list[bytes | None]:
        """Return each page, None where the viewer is not in the chat."""


class Receipts(Protocol):
    """Knows who has read a message; raises `Unavailable`."""

    async def readers(self, chat_id: ChatId, message_id: MessageId, viewer: UserId) -> Readers | None:
        """Return who has read a message, None when there is none that the viewer may see."""


class LogSnapshot(Protocol):
    """All chats at one moment."""

    async def states(self, viewer: UserId, chat_ids: Sequence[ChatId]) -> dict[ChatId, ChatState]:
        """Return where those of the chats stand that the viewer is in."""

    async def entries(self, after: Mapping[ChatId, int], limit: int) -> dict[ChatId, list[Entry]]:
        """Return the first `limit` versions of each chat after the given one."""

    async def views(self, chat_ids: Sequence[ChatId], viewer: UserId | None) -> dict[ChatId, ChatView]:
        """Return the chats as the viewer sees them, or as events show them."""

    async def members(self, chat_id: ChatId) -> Members | None:
        """Return everyone who is in the chat, None when there is no such chat."""

    async def changed_since(self, user_ids: Sequence[UserId], since: datetime) -> list[ChatVersion]:
        """Return the chats of any of the users that have versions of `since` or later."""


class Logs(Protocol):
    """Reads chats' logs."""

    def snapshot(self) -> AbstractAsyncContextManager[LogSnapshot]:
        """Open a snapshot; raises `Unavailable`."""


class KnownUsers(Protocol):
    """The projection of accounts."""

    async def known(self, user_ids: Sequence[UserId]) -> set[UserId]:
        """Return those of the ids that have been announced; raises `Unavailable`."""

    async def people(self, user_ids: Sequence[UserId]) -> list[Person]:
        """Return those of the people who have been announced; raises `Unavailable`."""


class Accounts(Protocol):
    """The user service."""

    async def exists(self, user_id: int, principal: Principal) -> bool:
        """Tell whether an account has this id; raises `Unavailable`."""

    async def people(self, user_ids: Sequence[int], principal: Principal) -> list[Person]:
        """Return those of the people who have accounts; raises `Unavailable`."""


class Announcement(Protocol):
    """One open transaction of `Announcements`."""

    async def hold_after(self, chat_id: ChatId, limit: int) -> list[Standing]:
        """Return up to `limit` chats with greater ids, by ascending id, that nobody changes until the end."""

    async def emit(self, emissions: Sequence[Emission]) -> None:
        """Tell the world when, and only when, the transaction commits."""


class Announcements(Protocol):
    """Where chats are announced again from."""

    async def count(self) -> int:
        """Return how many chats there are. Raises `Unavailable`."""

    async def last_incarnation(self) -> int:
        """Return the newest slot that this service has read events of, 0 for none. Raises `Unavailable`."""

    def transaction(self) -> AbstractAsyncContextManager[Announcement]:
        """Open a transaction that commits at the end of the block; raises `Unavailable`."""


class Colleague(Protocol):
    """Another context that announces its own state when it is asked to."""

    async def announce(self, after: int) -> tuple[int, int | None]:
        """Have a page announced; returns how many there were and where the next begins. Raises `Unavailable`."""
