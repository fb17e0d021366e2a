"""Make an account what the realm says it is."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from messenger_platform.errors import Unavailable
from user_service.domain.accounts import DELETED_NAME, Claims
from user_service.domain.realm import RealmUser
from user_service.events import news_of
from user_service.services.ports import Accounts, AccountsTransaction, Held


class MirrorUser:
    """Store a subject's present state and tell what is new about it, in one transaction.

    Idempotent: the state is stored, not the change, so that changes may be heard of twice, late or out of order. What
    was learned before `known_at` of the stored account is passed over.
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def __call__(self, sub: UUID, user: RealmUser | None, as_of: datetime) -> None:
        """Follow what the realm said at `as_of`, where None says that it has no such subject; raises `Unavailable`.

        A subject that comes and goes unseen gets a deleted account, which its token finds in its way.
        """
        claims = _unnamed(sub, as_of) if user is None else user.claims(as_of)
        async with self._accounts.transaction() as accounts:
            held, is_new = await _hold(accounts, claims)
            if held.known_at > as_of:
                return
            after = (
                held.account.deleted(as_of) if user is None else held.account.following(claims, enabled=user.enabled)
            )
            # Also when nothing is new: a token from before this answer is old from now on.
            await accounts.store(after, as_of)
            for event in news_of(None if is_new else held.account, after):
                await accounts.publish(event)


async def _hold(accounts: AccountsTransaction, claims: Claims) -> tuple[Held, bool]:
    held = await accounts.hold(claims.sub)
    is_new = False
    if held is None:
        is_new = await accounts.register(claims) is not None
        # Ours, or that of a first call at the same moment.
        held = await accounts.hold(claims.sub)
    if held is None:
        raise Unavailable("The account is being removed.")
    return held, is_new


def _unnamed(sub: UUID, as_of: datetime) -> Claims:
    return Claims.cleaned(sub=sub, username="", name=DELETED_NAME, email="", as_of=as_of)
