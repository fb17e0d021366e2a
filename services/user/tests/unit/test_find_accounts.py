from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from messenger_platform.errors import TooManyRequests
from messenger_platform.limits import TokenBuckets
from user_service.domain.accounts import AccountId, Claims
from user_service.domain.errors import AccountNotFound, QueryRefused
from user_service.services.find_accounts import FindAccounts
from user_service.services.recognise_caller import RecogniseCaller

ALICE, BOB = AccountId(1), AccountId(2)


async def test_a_person_that_does_not_exist_is_not_found(fake_accounts: Any) -> None:
    with pytest.raises(AccountNotFound):
        await FindAccounts(fake_accounts, TokenBuckets(0, 0)).one(AccountId(7))


async def test_searches_are_limited_for_each_searcher_alone(fake_accounts: Any, claims: Callable[..., Claims]) -> None:
    now = 0.0
    find = FindAccounts(fake_accounts, TokenBuckets(rate=0.5, burst=2, clock=lambda: now))
    await RecogniseCaller(fake_accounts)(claims("alice"))
    for _ in range(2):
        assert len(await find.matching(ALICE, "ali", 10)) == 1
    with pytest.raises(TooManyRequests) as refused:
        await find.matching(ALICE, "ali", 10)
    assert refused.value.retry_after == pytest.approx(2)
    assert len(await find.matching(BOB, "ali", 10)) == 1
    now = 2.0
    assert len(await find.matching(ALICE, "ali", 10)) == 1


async def test_a_refused_text_costs_nothing(fake_accounts: Any) -> None:
    find = FindAccounts(fake_accounts, TokenBuckets(rate=0.5, burst=1, clock=lambda: 0.0))
    with pytest.raises(QueryRefused):
        await find.matching(ALICE, "", 10)
    assert await find.matching(ALICE, "a", 10) == []
