"""Compare all people of the realm with all accounts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from user_service.domain.accounts import Account, AccountId
from user_service.domain.realm import RealmUser
from user_service.services.mirror_user import MirrorUser
from user_service.services.ports import Accounts, Clock, Realm

ACCOUNTS_A_STEP = 100


class ReconcileRealm:
    """One comparison, a bounded step at a time, so that whoever drives it can do other things in between.

    First the realm's people, page by page: who is unknown or otherwise here is stored. Then our accounts: those that
    the realm did not list are asked for one by one, because people who register or leave meanwhile shift its pages.
    Keeps one set of subjects in memory, about 100 bytes each.
    """

    def __init__(self, realm: Realm, accounts: Accounts, mirror: MirrorUser, clock: Clock) -> None:
        self._realm = realm
        self._accounts = accounts
        self._mirror = mirror
        self._clock = clock
        self._read = 0
        self._listed_all = False
        self._listed: set[UUID] = set()
        self._after = AccountId(0)

    async def step(self) -> bool:
        """Do the next step, True while there are more; it can be repeated after `RealmAway` and `Unavailable`."""
        if not self._listed_all:
            await self._read_a_page()
            return True
        accounts = await self._accounts.undeleted_after(self._after, ACCOUNTS_A_STEP)
        for account in accounts:
            if account.sub not in self._listed:
                as_of = self._clock()
                await self._mirror(account.sub, await self._realm.user(account.sub), as_of)
            self._after = account.id
        return bool(accounts)

    async def _read_a_page(self) -> None:
        as_of = self._clock()
        page = await self._realm.users(self._read)
        known = {account.sub: account for account in await self._accounts.with_subs([user.sub for user in page.items])}
        for user in page.items:
            if not _agrees(known.get(user.sub), user, as_of):
                await self._mirror(user.sub, user, as_of)
            self._listed.add(user.sub)
        self._read += page.read
        self._listed_all = page.is_last


def _agrees(account: Account | None, user: RealmUser, as_of: datetime) -> bool:
    return account is not None and account == account.following(user.claims(as_of), enabled=user.enabled)
