"""Create private and group chats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from chat_service.domain.errors import TooManyParticipants, WithOneself
from chat_service.domain.model import MAX_PARTICIPANTS, ChatId, NewChat, UserId
from chat_service.domain.texts import clean_title
from chat_service.events import chat_created
from chat_service.services.check_people import CheckPeople
from chat_service.services.ports import Chats, ChatTransaction
from messenger_platform.limits import TokenBuckets
from messenger_platform.tokens import Principal


class CreateChat:
    """Create a chat; of any number of simultaneous calls for a private pair exactly one creates it."""

    def __init__(
        self,
        chats: Chats,
        check_people: CheckPeople,
        limits: TokenBuckets,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._chats = chats
        self._check_people = check_people
        self._limits = limits
        self._now = now

    async def private(self, creator: UserId, other: UserId, principal: Principal) -> tuple[ChatId, bool]:
        """Return the pair's chat, and whether this call created it.

        Raises `WithOneself`, `NotFound` for an unknown account, `TooManyRequests`, `Unavailable`.
        """
        if creator == other:
            raise WithOneself("A private chat needs somebody else.")
        low, high = sorted((creator, other))
        async with self._chats.transaction() as chats:
            existing = await chats.private_chat(low, high)
        if existing is not None:
            return existing, False
        await self._check_people([other], principal)
        async with self._chats.transaction() as chats:
            created = await self._create(chats, NewChat(creator, (low, high), None, self._now()))
            if created is not None:
                return created, True
            existing = await chats.private_chat(low, high)
        if existing is None:
            raise AssertionError("chats are never deleted")
        return existing, False

    async def group(self, creator: UserId, title: str, others: Sequence[UserId], principal: Principal) -> ChatId:
        """Create a group of the creator and the others, each counted once.

        Raises `InvalidText`, `TooManyParticipants`, `NotFound` for an unknown account, `TooManyRequests`,
        `Unavailable`.
        """
        clean = clean_title(title)
        participants = tuple(dict.fromkeys((creator, *others)))
        if len(participants) > MAX_PARTICIPANTS:
            raise TooManyParticipants(f"A group has at most {MAX_PARTICIPANTS} participants.")
        await self._check_people(participants[1:], principal)
        async with self._chats.transaction() as chats:
            created = await self._create(chats, NewChat(creator, participants, clean, self._now()))
        if created is None:
            raise AssertionError("only a private pair can be there already")
        return created

    async def _create(self, chats: ChatTransaction, new: NewChat) -> ChatId | None:
        chat_id = await chats.create(new)
        if chat_id is None:
            return None
        # Only what really creates counts, so opening a chat again and again is free; raising rolls back.
        self._limits.charge(new.creator_id)
        view = await chats.view(chat_id)
        await chats.emit([chat_created(view, sorted(new.participants))])
        return chat_id
