"""Know who calls: the account behind a verified token, created at first sight."""

from __future__ import annotations

from messenger_platform.errors import Unavailable
from user_service.domain.accounts import Account, Claims
from user_service.domain.errors import AccountClosed
from user_service.events import user_changed, user_registered
from user_service.services.ports import Accounts


class RecogniseCaller:
    """Return the caller's account: made once per subject however many first calls race, renamed as newer tokens say.

    One read for a known caller. Otherwise one transaction whose statements the database decides: of any number of
    callers at once exactly one registers (or renames) and publishes, the others find its work done.

    A token outlives its owner's account by some minutes; it neither brings a deleted account back nor names it.
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def __call__(self, claims: Claims) -> Account:
        """Return the account as it is now; raises `AccountClosed`, `Unavailable`."""
        return _open(await self._recognise(claims))

    async def _recognise(self, claims: Claims) -> Account:
        account = await self._accounts.with_sub(claims.sub)
        if account is not None and not account.is_open:
            return account
        if account is not None and account.agrees_with(claims):
            return account
        changed = await self._register(claims) if account is None else None
        changed = changed or await self._rename(claims)
        # Nothing changed: this token is older than what is stored, or another call has just stored the same.
        current = changed or await self._accounts.with_sub(claims.sub)
        if current is None:
            raise Unavailable("The account is being removed. Try again.")
        return current

    async def _register(self, claims: Claims) -> Account | None:
        async with self._accounts.transaction() as accounts:
            account = await accounts.register(claims)
            if account is not None:
                await accounts.publish(user_registered(account))
            return account

    async def _rename(self, claims: Claims) -> Account | None:
        async with self._accounts.transaction() as accounts:
            account = await accounts.rename(claims)
            if account is not None:
                await accounts.publish(user_changed(account))
            return account


def _open(account: Account) -> Account:
    if account.deleted_at is not None:
        raise AccountClosed("The account has been deleted.")
    if account.disabled_at is not None:
        raise AccountClosed("The account is disabled.")
    return account
