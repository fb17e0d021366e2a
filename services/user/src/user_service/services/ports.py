"""What the use cases ask of storage and of the realm."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from user_service.domain.accounts import Account, AccountId, Claims
from user_service.domain.realm import Change, Log, Page, RealmUser
from user_service.domain.search import TermRange
from user_service.events import News

Clock = Callable[[], datetime]


class Held(NamedTuple):
    """An account that nobody else can change until the transaction ends, and as of when it is known."""

    account: Account
    known_at: datetime


class AccountsTransaction(Protocol):
    """Changes that happen together or not at all, with their events."""

    async def register(self, claims: Claims) -> Account | None:
        """Create the account; None when the subject has one, also one that another transaction made meanwhile."""
        ...

    async def rename(self, claims: Claims) -> Account | None:
        """Store what the token says; None when it says nothing new, is older than what is stored, or nobody calls."""
        ...

    async def hold(self, sub: UUID) -> Held | None:
        """Lock the account of a subject."""
        ...

    async def hold_after(self, account_id: AccountId, limit: int) -> list[Account]:
        """Return up to `limit` accounts with greater ids, by ascending id, that nobody changes until the end."""
        ...

    async def store(self, account: Account, known_at: datetime) -> None:
        """Write a held account; a deleted one is found by no search from then on."""
        ...

    async def publish(self, *events: News) -> None:
        """Tell the world when, and only when, the transaction commits."""
        ...


class Accounts(Protocol):
    """All accounts; every method may raise `Unavailable`."""

    async def with_sub(self, sub: UUID) -> Account | None:
        """Return the account of a subject."""
        ...

    async def with_subs(self, subs: Sequence[UUID]) -> list[Account]:
        """Return those of the subjects' accounts that exist, by ascending id."""
        ...

    async def with_ids(self, ids: Sequence[AccountId]) -> list[Account]:
        """Return those of the accounts that exist, by ascending id."""
        ...

    async def undeleted_after(self, account_id: AccountId, limit: int) -> list[Account]:
        """Return up to `limit` accounts with greater ids that are not deleted, by ascending id."""
        ...

    async def filed_under(self, terms: TermRange, limit: int) -> list[Account]:
        """Return up to `limit` accounts, once each, in the order of their first term in the range."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[AccountsTransaction]:
        """Open a transaction that commits on leaving and rolls back on an exception."""
        ...


class Realm(Protocol):
    """The realm; every method may raise `RealmAway`."""

    async def changes(self, log: Log, since: datetime, skip: int) -> Page[Change]:
        """Return a page of a log's entries from that time on, oldest first, after skipping so many."""
        ...

    async def user(self, sub: UUID) -> RealmUser | None:
        """Return a person as they are now; None when the realm has them no more."""
        ...

    async def users(self, skip: int) -> Page[RealmUser]:
        """Return a page of all people by username, after skipping so many."""
        ...


class Positions(Protocol):
    """How far the logs have been followed, for the one process that follows.

    Every method raises `Unavailable` when that is another process by now.
    """

    async def read(self) -> Mapping[Log, datetime]:
        """Return the time of the last entry that was followed, of each log that has one."""
        ...

    async def advance(self, log: Log, to: datetime) -> None:
        """Remember that everything up to then has been followed."""
        ...


class Lead(Protocol):
    """The right to follow the realm, held by one process at a time."""

    def taken(self) -> AbstractAsyncContextManager[Positions | None]:
        """Hold it until leaving; None while another process does. Raises `Unavailable`."""
        ...
