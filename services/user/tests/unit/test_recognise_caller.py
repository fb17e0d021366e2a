from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from user_service.domain.accounts import Account, Claims
from user_service.events import UserChanged, UserRegistered
from user_service.services.recognise_caller import RecogniseCaller

MakeClaims = Callable[..., Claims]


async def test_a_known_caller_with_nothing_new_changes_nothing(fake_accounts: Any, claims: MakeClaims) -> None:
    recognise = RecogniseCaller(fake_accounts)
    first = await recognise(claims(name="Alice"))
    assert await recognise(claims(name="Alice")) == first
    assert [type(event) for event in fake_accounts.published] == [UserRegistered]


async def test_a_newer_name_is_stored_and_told_once(fake_accounts: Any, claims: MakeClaims) -> None:
    recognise = RecogniseCaller(fake_accounts)
    first = await recognise(claims(name="Alice", age=300))
    renamed = await recognise(claims(name="Alice Adams"))
    assert (renamed.id, renamed.name) == (first.id, "Alice Adams")
    await recognise(claims(name="Alice Adams"))
    told = [(type(event), getattr(event, "name", None)) for event in fake_accounts.published]
    assert told == [(UserRegistered, "Alice"), (UserChanged, "Alice Adams")]


async def test_an_older_token_does_not_undo_a_newer_name(fake_accounts: Any, claims: MakeClaims) -> None:
    recognise = RecogniseCaller(fake_accounts)
    await recognise(claims(name="Alice Adams"))
    assert (await recognise(claims(name="Alice", age=60))).name == "Alice Adams"
    assert len(fake_accounts.published) == 1


async def test_the_loser_of_a_race_finds_the_winners_account(fake_accounts: Any, claims: MakeClaims) -> None:
    """Between the first look and the INSERT somebody else registers the same subject."""
    winner = await RecogniseCaller(fake_accounts)(claims(name="Alice"))
    looks = 0

    class Late:
        def __getattr__(self, name: str) -> Any:
            return getattr(fake_accounts, name)

        async def with_sub(self, sub: Any) -> Account | None:
            nonlocal looks
            looks += 1
            return None if looks == 1 else await fake_accounts.with_sub(sub)

    assert await RecogniseCaller(Late())(claims(name="Alice")) == winner
    assert len(fake_accounts.published) == 1


async def test_nothing_is_told_when_the_transaction_fails(fake_accounts: Any, claims: MakeClaims) -> None:
    async def fail() -> None:
        async with fake_accounts.transaction() as accounts:
            await accounts.register(claims())
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await fail()
    assert fake_accounts.rows == {}
