"""Announce accounts again, to those who may have missed events of theirs."""

from __future__ import annotations

from typing import NamedTuple

from user_service.domain.accounts import AccountId
from user_service.events import announcement_of
from user_service.services.ports import Accounts

PAGE = 250


class Announced(NamedTuple):
    """How many accounts a page had, and where the next one begins; None after the last."""

    accounts: int
    next_after: AccountId | None


class AnnounceAccounts:
    """Publish the state of every account, a page at a time: safe at any time, and to repeat.

    The accounts of a page are held while their events are written, so that an announcement and a change reach the
    readers in the order in which they happened.
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def __call__(self, after: AccountId) -> Announced:
        """Announce the accounts with greater ids, at most 250. Raises `Unavailable`."""
        async with self._accounts.transaction() as transaction:
            page = await transaction.hold_after(after, PAGE)
            await transaction.publish(*(event for account in page for event in announcement_of(account)))
        return Announced(len(page), page[-1].id if len(page) == PAGE else None)
