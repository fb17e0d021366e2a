"""What every storage of accounts must do: run against the stand-in in memory and against PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from user_service.domain.accounts import AccountId, Claims
from user_service.domain.search import TermRange
from user_service.services.ports import Accounts
from user_service.services.recognise_caller import RecogniseCaller

MakeClaims = Callable[..., Claims]


async def found(accounts: Accounts, query: str, limit: int = 20) -> list[str]:
    return [account.username for account in await accounts.filed_under(TermRange.beginning_with(query), limit)]


async def test_a_subject_is_registered_once(accounts: Accounts, claims: MakeClaims) -> None:
    async with accounts.transaction() as transaction:
        first = await transaction.register(claims(name="Alice", email="alice@example.org"))
        second = await transaction.register(claims(name="Alice"))
    assert first is not None
    assert second is None
    assert await accounts.with_sub(first.sub) == first
    assert first.email == "alice@example.org"


async def test_an_unknown_subject_has_no_account(accounts: Accounts, claims: MakeClaims) -> None:
    assert await accounts.with_sub(claims().sub) is None


@pytest.mark.parametrize(
    ("name", "age", "renamed"),
    [("Alice", 0, False), ("Alicia", 0, True), ("Alicia", 100, True), ("Alicia", 101, False)],
)
async def test_a_rename_needs_a_new_name_and_a_token_that_is_not_older(
    accounts: Accounts, claims: MakeClaims, name: str, age: float, *, renamed: bool
) -> None:
    await RecogniseCaller(accounts)(claims(name="Alice", age=100))
    async with accounts.transaction() as transaction:
        account = await transaction.rename(claims(name=name, age=age))
    assert (account is not None) is renamed
    stored = await accounts.with_sub(claims().sub)
    assert stored is not None
    assert stored.name == ("Alicia" if renamed else "Alice")


async def test_a_failed_transaction_leaves_nothing(accounts: Accounts, claims: MakeClaims) -> None:
    async def fail() -> None:
        async with accounts.transaction() as transaction:
            await transaction.register(claims())
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    assert await accounts.with_sub(claims().sub) is None


async def test_look_up_by_ids_leaves_out_the_unknown(accounts: Accounts, claims: MakeClaims) -> None:
    recognise = RecogniseCaller(accounts)
    alice, bob = await recognise(claims("alice")), await recognise(claims("bob"))
    asked = [bob.id, AccountId(2**53 - 1), alice.id, bob.id]
    assert await accounts.with_ids(asked) == sorted([alice, bob], key=lambda account: account.id)


async def test_search_answers_each_account_once_in_the_order_of_what_matched(
    accounts: Accounts, claims: MakeClaims
) -> None:
    recognise = RecogniseCaller(accounts)
    await recognise(claims("zed", name="Ali Alison Alimar"))
    await recognise(claims("alice", name="Alice Adams"))
    await recognise(claims("bob", name="Bob Aliot"))
    await recognise(claims("ali", name="ali"))
    await recognise(claims("carol", name="Carol"))
    assert await found(accounts, "ALI") == ["ali", "zed", "alice", "bob"]
    assert await found(accounts, "ali", limit=2) == ["ali", "zed"]
    assert await found(accounts, "%") == []
    assert await found(accounts, "_") == []


async def test_a_renamed_account_is_found_by_the_new_name_only(accounts: Accounts, claims: MakeClaims) -> None:
    recognise = RecogniseCaller(accounts)
    await recognise(claims("alice", name="Alice Adams", age=10))
    await recognise(claims("alice/ally", name="Alice Brown"))
    assert await found(accounts, "ada") == []
    assert await found(accounts, "brown") == ["ally"]
    assert await found(accounts, "alice") == ["ally"]
