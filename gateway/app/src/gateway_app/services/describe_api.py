"""The whole API in one OpenAPI document."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

import httpx

from gateway_app.domain.openapi import Document, merged
from messenger_platform.errors import Unavailable

MAX_AGE_S = 15.0
TIMEOUT_S = 3.0


class DescribeAPI:
    """Merge what the services say of themselves; what a service said once serves while it is away.

    A description lives `MAX_AGE_S` seconds. A service that never answered makes the whole `Unavailable`: half an API
    would look like all of it.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        services: Mapping[str, Sequence[str]],
        *,
        own: Callable[[], Document],
        info: Document,
        issuer: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._services = services
        self._own = own
        self._info = info
        self._issuer = issuer
        self._clock = clock
        self._heard: dict[str, Document] = {}
        self._merged: Document | None = None
        self._merged_at = float("-inf")
        self._lock = asyncio.Lock()

    async def __call__(self) -> Document:
        """Return the document; raises `Unavailable`."""
        async with self._lock:
            if self._merged is None or self._clock() - self._merged_at > MAX_AGE_S:
                await asyncio.gather(*(self._ask(service, urls) for service, urls in self._services.items()))
                documents = {service: self._heard[service] for service in self._services}
                self._merged = merged({**documents, "gateway": self._own()}, info=self._info, issuer=self._issuer)
                self._merged_at = self._clock()
            return self._merged

    async def _ask(self, service: str, urls: Sequence[str]) -> None:
        for url in urls:
            try:
                response = await self._http.get(f"{url}/openapi.json", timeout=TIMEOUT_S)
                if response.status_code == httpx.codes.OK:
                    self._heard[service] = response.json()
                    return
            except (httpx.HTTPError, ValueError):
                continue  # Another process of the service may answer.
        if service not in self._heard:
            raise Unavailable(f"The {service} service does not describe itself. Try again.")
