"""From a verified subject to the integer id of its account: the user service knows, everyone remembers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import httpx
import msgspec

from messenger_platform.errors import InvalidToken, Unavailable
from messenger_platform.tokens import Principal

CACHE_SIZE = 100_000
MAX_ASKED = 100  # The user service answers about so many ids at once.

K = TypeVar("K")
V = TypeVar("V")


Announced = Callable[[str], Awaitable[int | None]]


class _Me(msgspec.Struct):
    id: int


class Person(msgspec.Struct, frozen=True):
    """An account as everyone may see it."""

    id: int
    username: str
    name: str


class Accounts:
    """Ask the user service with the caller's own token; ids never change, so they are cached without an end.

    While it is away, `announced` finds the id of a subject in a projection of its events, where the process has one.
    """

    def __init__(self, http: httpx.AsyncClient, user_url: str, announced: Announced | None = None) -> None:
        self._http = http
        self._user_url = user_url
        self._announced = announced
        self._ids: OrderedDict[str, int] = OrderedDict()
        self._known: OrderedDict[int, None] = OrderedDict()

    async def id_of(self, principal: Principal) -> int:
        """Return the account's id, which the user service creates at first sight; raises `Unavailable`."""
        known = self._ids.get(principal.sub)
        if known is not None:
            return known
        try:
            response = await self._get("/api/users/me", principal)
            user_id = msgspec.json.decode(response.content, type=_Me).id
        except Unavailable:
            found = await self._announced(principal.sub) if self._announced is not None else None
            if found is None:
                raise
            user_id = found
        _remember(self._ids, principal.sub, user_id)
        _remember(self._known, user_id, None)
        return user_id

    async def exists(self, user_id: int, principal: Principal) -> bool:
        """Tell whether an account has this id, asking on behalf of `principal`; raises `Unavailable`."""
        if user_id in self._known:
            return True
        response = await self._get(f"/api/users/{user_id}", principal)
        if response.status_code == httpx.codes.NOT_FOUND:
            return False
        _remember(self._known, user_id, None)
        return True

    async def people(self, user_ids: Sequence[int], principal: Principal) -> list[Person]:
        """Return those of the people who have accounts, asking on behalf of `principal`; raises `Unavailable`."""
        found: list[Person] = []
        for start in range(0, len(user_ids), MAX_ASKED):
            asked = ",".join(map(str, user_ids[start : start + MAX_ASKED]))
            response = await self._get(f"/api/users?ids={asked}", principal)
            found += msgspec.json.decode(response.content, type=list[Person])
        return found

    async def _get(self, path: str, principal: Principal) -> httpx.Response:
        headers = {"Authorization": f"Bearer {principal.token}"}
        try:
            response = await self._http.get(self._user_url + path, headers=headers, timeout=3.0)
        except httpx.HTTPError as error:
            raise Unavailable("The user service does not answer. Try again.") from error
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise InvalidToken("The token is no longer accepted.")
        if response.status_code not in {httpx.codes.OK, httpx.codes.NOT_FOUND}:
            raise Unavailable("The user service does not answer. Try again.")
        return response


def _remember(cache: OrderedDict[K, V], key: K, value: V) -> None:
    cache[key] = value
    if len(cache) > CACHE_SIZE:
        cache.popitem(last=False)
