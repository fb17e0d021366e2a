"""Names of people, asked of the user service a hundred at a time."""

from __future__ import annotations

import httpx
import pytest
import respx

from messenger_platform.accounts import Accounts, Person
from messenger_platform.errors import Unavailable
from messenger_platform.tokens import Principal

CALLER = Principal("sub", "sid", "alice", "Alice", "", frozenset(), 0.0, 0.0, "token")


def _several(request: httpx.Request) -> httpx.Response:
    assert request.headers["authorization"] == "Bearer token"
    asked = [int(part) for part in request.url.params["ids"].split(",")]
    assert len(asked) <= 100
    people = [{"id": number, "username": f"u{number}", "name": f"N{number}"} for number in asked if number % 2]
    return httpx.Response(200, json=people)


async def test_people_are_asked_for_in_portions_and_those_without_accounts_are_left_out() -> None:
    with respx.mock as mock:
        route = mock.get(url__startswith="http://user/api/users").mock(side_effect=_several)
        async with httpx.AsyncClient() as http:
            accounts = Accounts(http, "http://user")
            found = await accounts.people(range(1, 251), CALLER)
            assert await accounts.people([], CALLER) == []
    assert route.call_count == 3
    assert found[0] == Person(1, "u1", "N1")
    assert [person.id for person in found] == list(range(1, 251, 2))


async def test_who_is_announced_is_known_without_the_user_service() -> None:
    announced = {"sub": 7}

    async def find(sub: str) -> int | None:
        return announced.get(sub)

    with respx.mock as mock:
        mock.get("http://user/api/users/me").mock(side_effect=httpx.ConnectError("away"))
        async with httpx.AsyncClient() as http:
            assert await Accounts(http, "http://user", announced=find).id_of(CALLER) == 7
            announced.clear()
            with pytest.raises(Unavailable):
                await Accounts(http, "http://user", announced=find).id_of(CALLER)


async def test_a_user_service_that_is_away_is_unavailable() -> None:
    with respx.mock as mock:
        mock.get(url__startswith="http://user/api/users").mock(side_effect=httpx.ConnectError("away"))
        async with httpx.AsyncClient() as http:
            with pytest.raises(Unavailable):
                await Accounts(http, "http://user").people([1], CALLER)
