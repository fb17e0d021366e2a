"""Log in as a person does: Keycloak's own page, then authorization code + PKCE as the client `messenger-cli`."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import secrets
from dataclasses import dataclass
from typing import Self

import httpx

CLIENT_ID = "messenger-cli"
REDIRECT_URI = "http://127.0.0.1:43210/callback"
STATE = secrets.token_urlsafe(16)
_FORM = re.compile(r'<form[^>]*action="([^"]+)"')


class LoginFailed(Exception):
    """Keycloak did not let this account in; the text says where it stopped."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the token endpoint gave."""

    access_token: str
    refresh_token: str
    id_token: str


class LoginPage:
    """One browser's worth of cookies, at the realm behind `public_url`."""

    def __init__(self, public_url: str) -> None:
        self._realm = f"{public_url}/realms/messenger/protocol/openid-connect"
        self._browser = httpx.AsyncClient(timeout=30, event_hooks={"response": [self._accept_cookies]})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._browser.aclose()

    async def _accept_cookies(self, _response: httpx.Response) -> None:
        # Browsers send Secure cookies to http://localhost; httpx does not.
        for cookie in self._browser.cookies.jar:
            cookie.secure = False

    async def log_in(self, username: str, password: str) -> Tokens:
        """Fill in the login form and exchange the code; raises `LoginFailed`."""
        verifier = secrets.token_urlsafe(48)
        page = await self._authorize(verifier)
        answer = page
        if page.status_code == httpx.codes.OK:
            answer = await self._submit(page, username=username, password=password, credentialId="")
        params = await self._finish(answer, username)
        return await self._token(
            grant_type="authorization_code", code=params["code"], redirect_uri=REDIRECT_URI, code_verifier=verifier
        )

    async def change_password(self, new: str) -> None:
        """Change the password on Keycloak's page, signed in here, with "sign out from other devices"."""
        page = await self._follow(await self._authorize(secrets.token_urlsafe(48), kc_action="UPDATE_PASSWORD"))
        fields = {"password-new": new, "password-confirm": new, "logout-sessions": "on"}
        await self._finish(await self._submit(page, **fields), "change of password")

    async def _authorize(self, verifier: str, **extra: str) -> httpx.Response:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        params = {
            "client_id": CLIENT_ID,
            "redirect_uri": REDIRECT_URI,
            "response_type": "code",
            "scope": "openid",
            "state": STATE,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **extra,
        }
        return await self._browser.get(f"{self._realm}/auth", params=params)

    async def _submit(self, page: httpx.Response, **fields: str) -> httpx.Response:
        form = _FORM.search(page.text)
        if form is None:
            raise LoginFailed(f"no form at {page.url}")
        return await self._browser.post(html.unescape(form[1]), data=fields)

    async def _follow(self, answer: httpx.Response) -> httpx.Response:
        while answer.is_redirect and not answer.headers["location"].startswith(REDIRECT_URI):
            answer = await self._browser.get(answer.headers["location"])
        return answer

    async def _finish(self, answer: httpx.Response, who: str) -> httpx.QueryParams:
        """Follow Keycloak until it redirects to us, and return what it says."""
        answer = await self._follow(answer)
        if not answer.is_redirect:
            raise LoginFailed(f"{who}: Keycloak answered {answer.status_code} instead of a redirect")
        params = httpx.URL(answer.headers["location"]).params
        if params.get("state") != STATE or "code" not in params:
            raise LoginFailed(f"{who}: {params.get('error_description', 'no code in the redirect')}")
        return params

    async def refresh(self, refresh_token: str) -> Tokens:
        """Spend a refresh token; raises `LoginFailed` when it is no longer good."""
        return await self._token(grant_type="refresh_token", refresh_token=refresh_token)

    async def _token(self, **form: str) -> Tokens:
        response = await self._browser.post(f"{self._realm}/token", data={"client_id": CLIENT_ID, **form})
        if response.status_code != httpx.codes.OK:
            raise LoginFailed(f"the token endpoint answered {response.status_code}: {response.text}")
        body = response.json()
        return Tokens(body["access_token"], body["refresh_token"], body["id_token"])


async def log_in(public_url: str, username: str, password: str) -> Tokens:
    """Log in with a fresh browser."""
    async with LoginPage(public_url) as page:
        return await page.log_in(username, password)
