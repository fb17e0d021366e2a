"""What becomes of an account when the realm says something of its owner: in memory and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from user_service.domain.accounts import Claims
from user_service.domain.errors import AccountClosed
from user_service.domain.realm import RealmUser
from user_service.domain.search import TermRange
from user_service.events import UserChanged, UserDeleted, UserDisabled, UserEnabled, UserRegistered
from user_service.services.mirror_user import MirrorUser
from user_service.services.ports import Accounts
from user_service.services.recognise_caller import RecogniseCaller

Person = Callable[..., RealmUser]
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def token_of(user: RealmUser, issued_at: datetime) -> Claims:
    return user.claims(issued_at)


async def found(accounts: Accounts, query: str) -> list[str]:
    return [account.username for account in await accounts.filed_under(TermRange.beginning_with(query), 10)]


async def test_a_person_of_the_realm_has_an_account_before_the_first_call(accounts: Accounts, person: Person) -> None:
    await MirrorUser(accounts)(person().sub, person(), NOON)
    account = await accounts.with_sub(person().sub)
    assert account is not None
    assert (account.username, account.name, account.email) == ("alice", "Alice Adams", "alice@example.org")
    assert await RecogniseCaller(accounts)(token_of(person(), after(5))) == account
    assert await accounts.with_subs([person().sub, uuid4()]) == [account]


async def test_a_new_name_is_stored_and_an_older_token_does_not_undo_it(accounts: Accounts, person: Person) -> None:
    recognise = RecogniseCaller(accounts)
    first = await recognise(token_of(person(), NOON))
    await MirrorUser(accounts)(first.sub, person(name="Alice Brown", email="brown@example.org"), after(2))
    account = await recognise(token_of(person(), after(1)))
    assert (account.id, account.name, account.email) == (first.id, "Alice Brown", "brown@example.org")
    assert await found(accounts, "brown") == ["alice"]
    assert await found(accounts, "adams") == []


async def test_an_answer_that_changes_nothing_still_makes_older_tokens_old(accounts: Accounts, person: Person) -> None:
    """Renamed and named back again: a token from in between comes last."""
    await MirrorUser(accounts)(person().sub, person(), NOON)
    await MirrorUser(accounts)(person().sub, person(), after(10))
    account = await RecogniseCaller(accounts)(token_of(person(name="In Between"), after(5)))
    assert account.name == "Alice Adams"


async def test_an_older_answer_does_not_undo_a_newer_one(accounts: Accounts, person: Person) -> None:
    mirror = MirrorUser(accounts)
    await mirror(person().sub, None, after(10))
    await mirror(person().sub, person(), after(5))
    account = await accounts.with_sub(person().sub)
    assert account is not None
    assert account.deleted_at == after(10)


async def test_a_disabled_account_is_refused_and_not_renamed_until_it_is_enabled(
    accounts: Accounts, person: Person
) -> None:
    mirror, recognise = MirrorUser(accounts), RecogniseCaller(accounts)
    await mirror(person().sub, person(enabled=False), NOON)
    account = await accounts.with_sub(person().sub)
    assert account is not None
    assert (account.disabled_at, account.deleted_at) == (NOON, None)
    with pytest.raises(AccountClosed):
        await recognise(token_of(person(), after(60)))
    with pytest.raises(AccountClosed):
        await recognise(token_of(person(name="Mallory"), after(60)))
    async with accounts.transaction() as transaction:
        assert await transaction.rename(token_of(person(name="Mallory"), after(60))) is None
    await mirror(person().sub, person(enabled=False), after(30))
    still = await accounts.with_sub(person().sub)
    assert still is not None
    assert still.disabled_at == NOON
    await mirror(person().sub, person(), after(61))
    assert (await recognise(token_of(person(), after(62)))).disabled_at is None


async def test_a_deleted_account_keeps_its_id_and_nothing_of_its_owner(accounts: Accounts, person: Person) -> None:
    mirror, recognise = MirrorUser(accounts), RecogniseCaller(accounts)
    first = await recognise(token_of(person(), NOON))
    await mirror(person().sub, None, after(1))
    await mirror(person().sub, None, after(2))
    (account,) = await accounts.with_ids([first.id])
    assert (account.username, account.name, account.email) == (f"deleted-{first.id}", "Deleted account", None)
    assert account.deleted_at == after(1)
    for query in ("alice", "adams", "deleted", "account"):
        assert await found(accounts, query) == []
    with pytest.raises(AccountClosed):
        await recognise(token_of(person(), after(200)))
    assert await accounts.with_sub(person().sub) == account
    assert account not in await accounts.undeleted_after(type(first.id)(0), 100)


async def test_a_subject_that_came_and_went_unseen_is_not_brought_to_life_by_its_token(
    accounts: Accounts, person: Person
) -> None:
    await MirrorUser(accounts)(person().sub, None, NOON)
    with pytest.raises(AccountClosed):
        await RecogniseCaller(accounts)(token_of(person(), after(-10)))


async def test_only_the_realm_brings_a_deleted_account_back(accounts: Accounts, person: Person) -> None:
    """A realm restored from a backup has its people again."""
    mirror = MirrorUser(accounts)
    first = await RecogniseCaller(accounts)(token_of(person(), NOON))
    await mirror(person().sub, None, after(1))
    await mirror(person().sub, person(), after(2))
    assert await accounts.with_sub(person().sub) == first
    assert await found(accounts, "adams") == ["alice"]


async def test_what_happened_is_told_in_order_and_once(fake_accounts: Any, person: Person) -> None:
    mirror, sub = MirrorUser(fake_accounts), person().sub
    said = [
        person(),
        person(),
        person(name="Alice Brown"),
        person(name="Alice Brown", enabled=False),
        person(name="Alice Brown", enabled=False),
        person(name="Alice Brown"),
        None,
        None,
        person(enabled=False),
    ]
    for second, user in enumerate(said):
        await mirror(sub, user, after(second))
    assert [type(event) for event in fake_accounts.published] == [
        UserRegistered,
        UserChanged,
        UserDisabled,
        UserEnabled,
        UserChanged,
        UserDeleted,
        UserChanged,
        UserDisabled,
    ]
    names = [event.name for event in fake_accounts.published if isinstance(event, UserChanged)]
    assert names == ["Alice Brown", "Deleted account", "Alice Adams"]
    assert {(event.id, event.sub) for event in fake_accounts.published} == {(1, sub)}


async def test_a_person_who_is_met_disabled_is_told_as_both(fake_accounts: Any, person: Person) -> None:
    await MirrorUser(fake_accounts)(person().sub, person(enabled=False), NOON)
    assert [type(event) for event in fake_accounts.published] == [UserRegistered, UserDisabled]
