"""The user service as a resync asks it: to announce its accounts again."""

from __future__ import annotations

import httpx
import msgspec

from messenger_platform.errors import Unavailable

TIMEOUT_S = 10.0


class _Page(msgspec.Struct):
    accounts: int
    next_after: int | None


_pages = msgspec.json.Decoder(_Page)


class UserService:
    """Announces accounts page by page (`services.ports.Colleague`)."""

    def __init__(self, http: httpx.AsyncClient, url: str, internal_secret: str) -> None:
        self._http = http
        self._url = f"{url}/internal/announcements"
        self._headers = {"Authorization": f"Internal {internal_secret}"}

    async def announce(self, after: int) -> tuple[int, int | None]:
        """Have a page announced; returns how many there were and where the next begins. Raises `Unavailable`."""
        try:
            answer = await self._http.post(self._url, params={"after": after}, headers=self._headers, timeout=TIMEOUT_S)
            answer.raise_for_status()
            page = _pages.decode(answer.content)
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            raise Unavailable(f"The user service does not answer at {self._url}: {error!r}.") from error
        return page.accounts, page.next_after
