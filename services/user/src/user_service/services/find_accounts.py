"""Find other people: by id, or by the beginning of a name."""

from __future__ import annotations

from collections.abc import Sequence

from messenger_platform.limits import TokenBuckets
from user_service.domain.accounts import Account, AccountId
from user_service.domain.errors import AccountNotFound
from user_service.domain.search import TermRange
from user_service.services.ports import Accounts


class FindAccounts:
    """Answer who has an id and whose name begins with a text; searches are limited per searcher, look-ups are not."""

    def __init__(self, accounts: Accounts, searches: TokenBuckets) -> None:
        self._accounts = accounts
        self._searches = searches

    async def one(self, account_id: AccountId) -> Account:
        """Return the account; raises `AccountNotFound`."""
        found = await self._accounts.with_ids([account_id])
        if not found:
            raise AccountNotFound("There is no such user.")
        return found[0]

    async def many(self, ids: Sequence[AccountId]) -> list[Account]:
        """Return those that exist, by ascending id."""
        return await self._accounts.with_ids(ids)

    async def matching(self, searcher: AccountId, query: str, limit: int) -> list[Account]:
        """Return up to `limit` accounts that a text begins to name; raises `QueryRefused`, `TooManyRequests`."""
        terms = TermRange.beginning_with(query)
        self._searches.charge(searcher)
        return await self._accounts.filed_under(terms, limit)
