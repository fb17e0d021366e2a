"""Accounts are announced again, all of them, as they are: in memory and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from user_service.domain.accounts import AccountId
from user_service.domain.realm import RealmUser
from user_service.events import UserChanged, UserDeleted, UserDisabled, announcement_of
from user_service.services import announce_accounts
from user_service.services.announce_accounts import AnnounceAccounts
from user_service.services.mirror_user import MirrorUser
from user_service.services.ports import Accounts

Person = Callable[..., RealmUser]
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


async def test_every_account_is_announced_once_page_by_page(
    accounts: Accounts, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announce_accounts, "PAGE", 2)
    for name in ("alice", "bob", "carol", "dave"):
        user = person(name)
        await MirrorUser(accounts)(user.sub, user, NOON)
    await MirrorUser(accounts)(person("dave").sub, None, NOON + timedelta(seconds=1))
    announce = AnnounceAccounts(accounts)
    pages, after = [], AccountId(0)
    while True:
        page = await announce(after)
        pages.append(page.accounts)
        if page.next_after is None:
            break
        after = page.next_after
    assert pages == [2, 2, 0]


async def test_an_announcement_says_the_state_and_the_end(accounts: Accounts, person: Person) -> None:
    mirror = MirrorUser(accounts)
    states = {"open": person("open"), "shut": person("shut", enabled=False), "gone": None}
    told = {}
    for name, state in states.items():
        user = person(name)
        await mirror(user.sub, user, NOON)
        await mirror(user.sub, state, NOON + timedelta(seconds=1))
        (account,) = await accounts.with_subs([user.sub])
        told[name] = [type(news) for news in announcement_of(account)]
    assert told == {"open": [UserChanged], "shut": [UserChanged, UserDisabled], "gone": [UserChanged, UserDeleted]}
