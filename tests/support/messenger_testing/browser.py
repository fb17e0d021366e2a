"""A browser without a screen: cookies, redirects, our own Origin, and Keycloak's login page filled in."""

from __future__ import annotations

import html
import re
from typing import Any, Self

import httpx

from messenger_testing.client import LiveClient, open_patiently
from messenger_testing.login import LoginFailed

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_FORM = re.compile(r'<form[^>]*action="([^"]+)"')


class Browser:
    """One profile of a browser at the gateway of `public_url`."""

    def __init__(self, public_url: str, user_agent: str = FIREFOX) -> None:
        self.public_url = public_url
        self.http = httpx.AsyncClient(
            base_url=public_url,
            headers={"User-Agent": user_agent},
            timeout=30,
            event_hooks={"response": [self._accept_cookies]},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def _accept_cookies(self, _response: httpx.Response) -> None:
        # Browsers send Secure cookies to http://localhost; httpx does not.
        for cookie in self.http.cookies.jar:
            cookie.secure = False

    def cookie(self, name: str) -> str | None:
        """Return a cookie of ours."""
        return next((cookie.value for cookie in self.http.cookies.jar if cookie.name == name), None)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        """Navigate or fetch."""
        return await self.http.get(path, **options)

    async def change(self, method: str, path: str, **headers: str) -> httpx.Response:
        """Call as our own page does."""
        return await self.http.request(method, path, headers={"Origin": self.public_url, "X-CSRF": "1", **headers})

    async def log_in(self, username: str, password: str | None = None, return_to: str = "/") -> httpx.Response:
        """Log in through the gateway and return the last answer, the redirect to `return_to`; raises `LoginFailed`.

        A browser that is logged in at Keycloak passes without the form.
        """
        answer = await self.get("/auth/login", params={"return_to": return_to})
        return await self.finish(answer, username, password)

    async def finish(self, answer: httpx.Response, username: str, password: str | None = None) -> httpx.Response:
        """Follow a started login to its end."""
        while True:
            if answer.is_redirect:
                callback = answer.headers["location"].startswith(f"{self.public_url}/auth/callback")
                answer = await self.get(answer.headers["location"])
                again = answer.headers.get("location", "").startswith("/auth/login")
                if callback and not again:
                    return answer
                continue
            form = _FORM.search(answer.text) if answer.status_code == httpx.codes.OK else None
            if form is None or answer.request.method == "POST":
                raise LoginFailed(f"{username}: {answer.status_code} at {answer.url}")
            fields = {"username": username, "password": password or f"{username}-demo", "credentialId": ""}
            answer = await self.http.post(html.unescape(form[1]), data=fields)

    async def walk(self, address: str, username: str, password: str) -> httpx.Response:
        """Go where a person goes from an address of Keycloak's: log in, grant, and follow every redirect."""
        answer = await self.get(address)
        for _ in range(12):
            form = _FORM.search(answer.text)
            if answer.is_redirect:
                answer = await self.get(str(httpx.URL(str(answer.url)).join(answer.headers["location"])))
            elif form is not None:
                fields = {"username": username, "password": password, "credentialId": "", "accept": "Yes"}
                target = httpx.URL(str(answer.url)).join(html.unescape(form[1]))
                hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.text))
                answer = await self.http.post(str(target), data=fields | hidden)
            else:
                return answer
        raise LoginFailed(f"{username}: no end in sight at {answer.url}")

    async def live(self) -> LiveClient:
        """Open a WebSocket with the cookie and our own Origin; while a part is away (503) try again."""
        cookie = "; ".join(f"{name}={self.cookie(name)}" for name in ("access_token",))
        return await open_patiently(
            lambda: LiveClient.open(self.public_url, None, Cookie=cookie, Origin=self.public_url)
        )
