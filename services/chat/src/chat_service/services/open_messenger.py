"""Gather what a client shows first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from chat_service.domain.model import ChatView, ListPosition, UserId
from chat_service.services.ports import Accounts, ChatViews, KnownUsers
from messenger_platform.accounts import Person
from messenger_platform.errors import Unavailable
from messenger_platform.tokens import Principal

CHATS_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Opening:
    """The caller, their chats, everyone named in these; `next_position` continues the list of chats."""

    me: Person
    chats: list[ChatView]
    next_position: ListPosition | None
    people: list[Person]
    at: datetime


class OpenMessenger:
    """One answer instead of many: who one is, the newest chats and all pinned ones, and the names in them."""

    def __init__(
        self,
        views: ChatViews,
        known: KnownUsers,
        accounts: Accounts,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._views = views
        self._known = known
        self._accounts = accounts
        self._now = now

    async def __call__(self, viewer: UserId, principal: Principal) -> Opening:
        """Return it; raises `Unavailable`."""
        found = await self._views.opening(viewer, CHATS_SHOWN + 1)
        chats = [view for place, view in enumerate(found) if place < CHATS_SHOWN or view.own.pinned]
        people = await self._people({viewer, *_named_in(chats)}, principal)
        # An account may be newer than its announcement; its token names it.
        me = people.setdefault(viewer, Person(viewer, principal.username, principal.name or principal.username))
        return Opening(
            me=me,
            chats=chats,
            next_position=found[CHATS_SHOWN - 1].position if len(found) > CHATS_SHOWN else None,
            people=[people[user_id] for user_id in sorted(people)],
            at=self._now(),
        )

    async def _people(self, user_ids: set[UserId], principal: Principal) -> dict[int, Person]:
        people = {person.id: person for person in await self._known.people(sorted(user_ids))}
        unknown = sorted(user_ids - people.keys())
        if unknown:
            # A name that comes later is better than no chats now.
            with suppress(Unavailable):
                people |= {person.id: person for person in await self._accounts.people(unknown, principal)}
        return people


def _named_in(chats: Iterable[ChatView]) -> set[UserId]:
    named: set[UserId] = set()
    for chat in chats:
        named.update(participant.user_id for participant in chat.participants)
        if chat.last_message is not None:
            message = chat.last_message.message
            named.add(message.sender_id)
            if message.quote is not None:
                named.add(message.quote.sender_id)
    return named
