"""Whether all parts of the system are ready."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

import httpx

MAX_AGE_S = 1.0
TIMEOUT_S = 2.0


class WatchReadiness:
    """Ask every part, all at once; one round serves everyone who asks within `MAX_AGE_S` seconds."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        addresses: Mapping[str, str],
        *,
        timeout_s: float = TIMEOUT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._addresses = addresses
        self._timeout_s = timeout_s
        self._clock = clock
        self._parts: dict[str, bool] = {}
        self._asked_at = float("-inf")
        self._lock = asyncio.Lock()

    async def __call__(self) -> dict[str, bool]:
        """Return for each part, by name, whether it is ready; one that stays silent for `timeout_s` seconds is not."""
        async with self._lock:
            if self._clock() - self._asked_at > MAX_AGE_S:
                answers = await asyncio.gather(*(self._is_ready(url) for url in self._addresses.values()))
                self._parts = dict(zip(self._addresses, answers, strict=True))
                self._asked_at = self._clock()
            return self._parts

    async def _is_ready(self, url: str) -> bool:
        try:
            async with asyncio.timeout(self._timeout_s):
                response = await self._http.get(url)
        except (httpx.HTTPError, TimeoutError):
            return False
        return response.status_code == httpx.codes.OK
