"""What the use cases ask of storage."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from uuid import UUID

from user_service.domain.accounts import Account, AccountId, Claims
from user_service.domain.search import TermRange
from user_service.events import Profile


class AccountsTransaction(Protocol):
    """Changes that happen together or not at all, with their events."""

    async def register(self, claims: Claims) -> Account | None:
        """Create the account; None when the subject has one, also one that another transaction made meanwhile."""
        ...

    async def rename(self, claims: Claims) -> Account | None:
        """Store what the token says; None when it says nothing new or is older than the stored one's source."""
        ...

    async def publish(self, event: Profile) -> None:
        """Tell the world when, and only when, the transaction commits."""
        ...


class Accounts(Protocol):
    """All accounts; every method may raise `Unavailable`."""

    async def with_sub(self, sub: UUID) -> Account | None:
        """Return the account of a subject."""
        ...

    async def with_ids(self, ids: Sequence[AccountId]) -> list[Account]:
        """Return those of the accounts that exist, by ascending id."""
        ...

    async def filed_under(self, terms: TermRange, limit: int) -> list[Account]:
        """Return up to `limit` accounts, once each, in the order of their first term in the range."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[AccountsTransaction]:
        """Open a transaction that commits on leaving and rolls back on an exception."""
        ...
