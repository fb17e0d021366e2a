"""The realm as the outside meets it: real Keycloak, through the real gateway."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
import secrets
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any

import httpx
import pytest
from keycloak import KeycloakAdmin

pytestmark = [pytest.mark.e2e, pytest.mark.enable_socket]

CLI_REDIRECT = "http://127.0.0.1:43217/callback"
VERIFIER = secrets.token_urlsafe(48)
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
LIMIT = 5


def _claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return decoded


class Browser:
    """One person's browser at the realm's pages."""

    def __init__(self) -> None:
        self.public_url = os.environ["PUBLIC_URL"]
        self.endpoints = f"{self.public_url}/realms/messenger/protocol/openid-connect"
        self.http = httpx.AsyncClient(timeout=30, event_hooks={"response": [self._accept_cookies]})

    async def _accept_cookies(self, _response: httpx.Response) -> None:
        # Browsers send Secure cookies to http://localhost; httpx does not.
        for cookie in self.http.cookies.jar:
            cookie.secure = False

    async def open(
        self, client_id: str = "messenger-cli", redirect_uri: str = CLI_REDIRECT, **changes: Any
    ) -> httpx.Response:
        params = {
            "client_id": client_id, "redirect_uri": redirect_uri, "response_type": "code", "scope": "openid",
            "state": "s", "code_challenge": CHALLENGE, "code_challenge_method": "S256", **changes,
        }  # fmt: skip
        wanted = {name: value for name, value in params.items() if value is not None}
        return await self.http.get(f"{self.endpoints}/auth", params=wanted)

    async def submit(self, page: httpx.Response, username: str, password: str) -> httpx.Response:
        form = re.search(r'<form[^>]*action="([^"]+)"', page.text)
        assert form is not None
        fields = {"username": username, "password": password, "credentialId": ""}
        return await self.http.post(html.unescape(form[1]), data=fields)

    async def token(self, **form: str) -> httpx.Response:
        return await self.http.post(f"{self.endpoints}/token", data=form)

    async def log_in(
        self, username: str, password: str, client_id: str = "messenger-cli", redirect_uri: str = CLI_REDIRECT
    ) -> dict[str, Any]:
        answer = await self.submit(await self.open(client_id, redirect_uri), username, password)
        code = httpx.URL(answer.headers["location"]).params["code"]
        form = {"client_id": client_id, "code": code, "redirect_uri": redirect_uri, "code_verifier": VERIFIER}
        tokens: dict[str, Any] = (await self.token(grant_type="authorization_code", **form)).raise_for_status().json()
        return tokens


@pytest.fixture
async def browsers() -> AsyncIterator[list[Browser]]:
    """Return as many browsers as a test may need, without shared cookies."""
    opened = [Browser() for _ in range(LIMIT + 1)]
    yield opened
    for browser in opened:
        await browser.http.aclose()


@pytest.fixture
def browser(browsers: list[Browser]) -> Browser:
    return browsers[0]


@pytest.fixture
async def person(admin: KeycloakAdmin) -> AsyncIterator[str]:
    """Make an account of this test's own, whose password is `<username>-demo`."""
    username = f"realm-{secrets.token_hex(4)}"
    user_id = await admin.a_create_user(
        {
            "username": username,
            "email": f"{username}@example.com",
            "enabled": True,
            "credentials": [{"type": "password", "value": f"{username}-demo", "temporary": False}],
        }
    )
    yield username
    await admin.a_delete_user(user_id)


@pytest.mark.parametrize("name", ["api-docs", "user-service"])
async def test_provisioning_again_changes_nothing_and_repairs_what_drifted(
    provisioning: ModuleType, admin: KeycloakAdmin, name: str
) -> None:
    assert await provisioning.provision(os.environ) == []
    client_id = await admin.a_get_client_id(name)
    assert client_id is not None
    await admin.a_update_client(client_id, {"name": "drifted"})
    assert await provisioning.provision(os.environ) == [f"client {name}: name"]
    assert await provisioning.provision(os.environ) == []


@pytest.mark.parametrize("username", ["alice", "bob", "carol", "dave", "erin", "admin-demo"])
async def test_demo_accounts_can_log_in(admin: KeycloakAdmin, browser: Browser, username: str) -> None:
    page = await browser.open()
    password = username if username == "admin-demo" else f"{username}-demo"
    answer = await browser.submit(page, username, password)
    assert answer.status_code == 302
    assert "code=" in answer.headers["location"]
    user_id = await admin.a_get_user_id(username)
    assert user_id is not None
    roles = await admin.a_get_composite_realm_roles_of_user(user_id)
    assert {"user", "admin"} & {role["name"] for role in roles} == (
        {"user", "admin"} if "admin" in username else {"user"}
    )


async def test_access_token_is_slim_short_and_for_us(browser: Browser, person: str) -> None:
    tokens = await browser.log_in(person, f"{person}-demo")
    claims = _claims(tokens["access_token"])
    assert claims["iss"] == f"{browser.public_url}/realms/messenger"
    assert (claims["aud"], claims["azp"], claims["typ"]) == ("messenger-api", "messenger-cli", "Bearer")
    assert claims["exp"] - claims["iat"] == 300
    assert claims["realm_access"] == {"roles": ["user"]}
    assert "resource_access" not in claims
    assert len(tokens["access_token"]) < 1500
    me = await browser.http.get(
        f"{browser.public_url}/api/users/me", headers={"Authorization": f"Bearer {tokens['access_token']}"}
    )
    assert me.status_code == 200
    for other in ("id_token", "refresh_token"):
        headers = {"Authorization": f"Bearer {tokens[other]}"}
        assert (await browser.http.get(f"{browser.public_url}/api/users/me", headers=headers)).status_code == 401


async def test_swagger_logs_in_without_a_secret_and_keeps_no_refresh_token(browser: Browser, person: str) -> None:
    redirect_uri = f"{browser.public_url}/api/docs/oauth2-redirect"
    tokens = await browser.log_in(person, f"{person}-demo", "api-docs", redirect_uri)
    assert "refresh_token" not in tokens
    assert _claims(tokens["access_token"])["azp"] == "api-docs"


@pytest.mark.parametrize(
    ("redirect_uri", "accepted"),
    [
        ("http://127.0.0.1:1/callback", True),
        ("http://127.0.0.1/callback", True),
        ("http://127.0.0.1:43217/other", False),
        ("http://127.0.0.1:43217/callback/../other", False),
        ("http://127.0.0.1:43217/callback?x=1", False),
        ("http://127.0.0.1.evil.example/callback", False),
        ("http://127.0.0.1:43217@evil.example/callback", False),
        ("https://evil.example/callback", False),
        ("javascript:alert(1)", False),
    ],
)
async def test_codes_go_to_known_addresses_only(browser: Browser, redirect_uri: str, accepted: bool) -> None:  # noqa: FBT001 - a row of the table.
    page = await browser.open(redirect_uri=redirect_uri)
    assert page.status_code == (200 if accepted else 400)


async def test_login_needs_pkce_and_offers_no_offline_access(browser: Browser) -> None:
    without = await browser.open(code_challenge=None, code_challenge_method=None)
    assert "error=invalid_request" in without.headers["location"]
    plain = await browser.open(code_challenge=VERIFIER, code_challenge_method="plain")
    assert "error=invalid_request" in plain.headers["location"]
    offline = await browser.open(scope="openid offline_access")
    assert "error=invalid_scope" in offline.headers["location"]


@pytest.mark.parametrize("client_id", ["messenger-cli", "api-docs", "gateway", "admin-cli", "account-console"])
async def test_passwords_are_taken_on_the_login_page_only(browser: Browser, client_id: str) -> None:
    answer = await browser.token(grant_type="password", client_id=client_id, username="alice", password="alice-demo")
    assert answer.status_code in {400, 401}
    assert "access_token" not in answer.json()


async def test_sixth_login_ends_the_least_recently_used(browsers: list[Browser], person: str) -> None:
    logins = [await browser.log_in(person, f"{person}-demo") for browser in browsers]
    answers = [
        await browser.token(
            grant_type="refresh_token", client_id="messenger-cli", refresh_token=tokens["refresh_token"]
        )
        for browser, tokens in zip(browsers, logins, strict=True)
    ]
    assert sum(answer.status_code == 200 for answer in answers) == LIMIT
    refused = next(answer for answer in answers if answer.status_code != 200)
    assert refused.json()["error"] == "invalid_grant"


async def test_spent_refresh_token_is_refused(browser: Browser, person: str) -> None:
    tokens = await browser.log_in(person, f"{person}-demo")
    form = {"grant_type": "refresh_token", "client_id": "messenger-cli", "refresh_token": tokens["refresh_token"]}
    assert (await browser.token(**form)).status_code == 200
    assert (await browser.token(**form)).json()["error"] == "invalid_grant"


async def test_device_code_is_offered(browser: Browser) -> None:
    form = {"client_id": "messenger-cli", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    answer = await browser.http.post(f"{browser.endpoints}/auth/device", data=form)
    assert answer.status_code == 200
    assert answer.json()["verification_uri"].startswith(f"{browser.public_url}/realms/messenger/device")


async def test_only_one_key_is_published_and_it_is_rs256(browser: Browser) -> None:
    keys = (await browser.http.get(f"{browser.endpoints}/certs")).json()["keys"]
    assert [(key["kty"], key["alg"], key["use"]) for key in keys] == [("RSA", "RS256", "sig")]


@pytest.mark.parametrize(("language", "words"), [("en", "Log in to your account"), ("ru", "Вход в аккаунт")])
async def test_login_page_wears_our_theme(browser: Browser, language: str, words: str) -> None:
    page = await browser.open(ui_locales=language)
    assert words in page.text
    style = re.search(r'href="([^"]+messenger\.css[^"]*)"', page.text)
    assert style is not None
    assert (await browser.http.get(f"{browser.public_url}{style[1]}")).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/admin/messenger/console/",
        "/admin/realms/messenger/users",
        "/realms/master/.well-known/openid-configuration",
        "/realms/messenger/clients-registrations/openid-connect",
        "/realms/messenger/protocol/saml/descriptor",
        "/metrics",
        "/health",
    ],
)
async def test_administration_is_not_behind_the_gateway(browser: Browser, path: str) -> None:
    answer = await browser.http.get(f"{browser.public_url}{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["server"] == "messenger"


async def test_admin_console_answers_on_loopback(browser: Browser) -> None:
    answer = await browser.http.get(f"{os.environ['KEYCLOAK_URL']}/admin/messenger/console/")
    assert answer.status_code == 200


async def test_someone_new_registers_with_name_mail_and_password(browser: Browser, admin: KeycloakAdmin) -> None:
    username = f"new-{secrets.token_hex(4)}"
    page = await browser.open()
    link = re.search(r'href="([^"]+/login-actions/registration[^"]+)"', page.text)
    assert link is not None
    form_page = await browser.http.get(httpx.URL(browser.public_url).join(html.unescape(link[1])))
    form = re.search(r'<form[^>]*action="([^"]+)"', form_page.text)
    assert form is not None
    password = "correct horse"
    fields = {
        "username": username,
        "email": f"{username}@example.com",
        "password": password,
        "password-confirm": password,
    }
    answer = await browser.http.post(html.unescape(form[1]), data=fields)
    assert "code=" in answer.headers["location"]
    user_id = await admin.a_get_user_id(username)
    assert user_id is not None
    await admin.a_delete_user(user_id)
