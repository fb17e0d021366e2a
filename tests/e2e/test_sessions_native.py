"""Sessions of native clients: at most five, and dead everywhere within two seconds of their end, however they end."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import httpx
import pytest

from messenger_testing.client import LiveClient
from messenger_testing.e2e import claims_of, stack_setting
from messenger_testing.login import LoginFailed, LoginPage, Tokens
from messenger_testing.people import Person, RealmAdmin

WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Device:
    """A native client, logged in and connected."""

    public_url: str
    page: LoginPage
    tokens: Tokens
    live: LiveClient

    @classmethod
    async def log_in(cls, public_url: str, person: Person) -> Device:
        page = LoginPage(public_url)
        tokens = await page.log_in(person.username, person.password)
        return cls(public_url, page, tokens, await LiveClient.open(public_url, tokens.access_token))

    async def is_in(self) -> bool:
        """Whether REST still answers."""
        headers = {"Authorization": f"Bearer {self.tokens.access_token}"}
        async with httpx.AsyncClient(base_url=self.public_url, headers=headers) as http:
            answers = [(await http.get(path)).status_code for path in ("/api/users/me", "/api/chats")]
        assert set(answers) <= {200, 401}
        return 401 not in answers

    async def dies(self, reason: set[str]) -> None:
        """Insist that everything of this session is dead in time."""
        began = time.monotonic()
        assert await self.live.wait_closed(WITHIN_S) == 4401
        assert self.live.close_reason in reason
        while await self.is_in():
            assert time.monotonic() - began < WITHIN_S
            await asyncio.sleep(0.05)
        with pytest.raises(LoginFailed):
            await self.page.refresh(self.tokens.refresh_token)

    async def leave(self) -> None:
        await self.live.close()
        await self.page.__aexit__()


@pytest.fixture
async def log_in(public_url: str) -> AsyncIterator[Callable[[Person], Awaitable[Device]]]:
    devices: list[Device] = []

    async def log_in(person: Person) -> Device:
        devices.append(await Device.log_in(public_url, person))
        return devices[-1]

    yield log_in
    for device in devices:
        await device.leave()


LogIn = Callable[[Person], Awaitable[Device]]


async def test_a_sixth_login_ends_the_oldest_session_and_leaves_five(person: Person, log_in: LogIn) -> None:
    devices = []
    for _ in range(5):
        devices.append(await log_in(person))
        await asyncio.sleep(1.1)  # Keycloak tells the oldest by whole seconds; there is no event to wait for.
    sixth = await log_in(person)
    await devices[0].dies({"evicted"})
    assert len(await person.sids()) == 5
    for device in [*devices[1:], sixth]:
        assert await device.is_in()
        assert device.live.close_code is None


async def test_an_admins_logout_ends_all_sessions_of_the_user(person: Person, log_in: LogIn) -> None:
    devices = [await log_in(person) for _ in range(2)]
    await person.log_out_everywhere()
    await asyncio.gather(*(device.dies({"revoked"}) for device in devices))


async def test_one_session_ended_by_an_admin_leaves_the_other(person: Person, log_in: LogIn) -> None:
    first, second = [await log_in(person) for _ in range(2)]
    sid = claims_of(first.tokens.access_token)["sid"]
    assert sid in await person.sids()
    await person.end(sid)
    await first.dies({"revoked"})
    assert await second.is_in()


async def test_a_disabled_user_is_out(person: Person, log_in: LogIn) -> None:
    device = await log_in(person)
    await person.set_enabled(enabled=False)
    await device.dies({"revoked"})


async def test_a_deleted_user_is_out(person: Person, log_in: LogIn) -> None:
    device = await log_in(person)
    await person.remove()
    await device.dies({"revoked"})


async def test_the_own_logout_ends_this_session(person: Person, log_in: LogIn, public_url: str) -> None:
    device, other = [await log_in(person) for _ in range(2)]
    async with httpx.AsyncClient() as http:
        response = await http.post(
            f"{public_url}/realms/messenger/protocol/openid-connect/logout",
            data={"client_id": "messenger-cli", "refresh_token": device.tokens.refresh_token},
        )
    assert response.status_code == 204
    await device.dies({"revoked", "logout"})
    assert await other.is_in()


async def test_a_new_password_signs_out_the_other_devices_and_keeps_this_one(person: Person, log_in: LogIn) -> None:
    here, other = [await log_in(person) for _ in range(2)]
    await here.page.change_password("another-correct-horse")
    await other.dies({"revoked"})
    assert await here.is_in()
    assert here.live.close_code is None


async def _fetches_of_keys() -> int:
    """Count how often Envoy has fetched the realm's keys."""
    async with httpx.AsyncClient() as http:
        stats = await http.get(f"http://127.0.0.1:{stack_setting('ENVOY_ADMIN_PORT')}/stats?filter=jwks_fetch_success")
    return int(stats.text.rsplit(" ", 1)[1])


@pytest.mark.timeout(150)
async def test_a_new_signing_key_disturbs_nobody(admin: RealmAdmin, person: Person, log_in: LogIn) -> None:
    before = await log_in(person)
    config = {"priority": ["50"], "algorithm": ["RS256"], "keySize": ["2048"], "enabled": ["true"], "active": ["true"]}
    key = {
        "name": f"rotation-{person.username}",
        "providerId": "rsa-generated",
        "providerType": "org.keycloak.keys.KeyProvider",
        "parentId": (await admin.call("GET", "")).json()["id"],
        "config": config,
    }
    # The recipe of keycloak/README.md: first published, and signing only when everybody has seen it.
    path = "/components/" + (await admin.call("POST", "/components", json=key)).headers["location"].rsplit("/", 1)[1]
    try:
        seen = await _fetches_of_keys()
        async with asyncio.timeout(90):
            while await _fetches_of_keys() == seen:  # noqa: ASYNC110 - it is Envoy that counts.
                await asyncio.sleep(0.5)
        await admin.call("PUT", path, json={**key, "config": {**config, "priority": ["200"]}})
        after = await log_in(person)
        assert _kid(after.tokens.access_token) != _kid(before.tokens.access_token)
        assert await after.is_in()
        assert await before.is_in()
        fresh = await before.page.refresh(before.tokens.refresh_token)
        assert _kid(fresh.access_token) == _kid(after.tokens.access_token)
        await before.live.send({"type": "auth", "token": fresh.access_token})
        await before.live.send({"type": "ping"})
        await before.live.wait_for(lambda frame: frame["type"] == "pong")
        assert [frame for frame in before.live.frames if frame["type"] == "error"] == []
    finally:
        await admin.call("DELETE", path)


def _kid(token: str) -> str:
    header = token.split(".", maxsplit=1)[0]
    return str(json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"])
