"""Sessions of native clients: at most five, and dead everywhere within two seconds of their end, however they end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import httpx
import pytest

from messenger_testing.client import LiveClient
from messenger_testing.e2e import claims_of, stack_setting
from messenger_testing.login import LoginFailed, LoginPage, Tokens
from messenger_testing.realm import PASSWORD, RealmAdmin

WITHIN_S = 2.0


@pytest.fixture
async def admin() -> AsyncIterator[RealmAdmin]:
    async with RealmAdmin(stack_setting("KEYCLOAK_URL"), stack_setting("KEYCLOAK_ADMIN_PASSWORD")) as admin:
        yield admin


@dataclass(frozen=True, slots=True)
class Device:
    """A native client, logged in and connected."""

    public_url: str
    page: LoginPage
    tokens: Tokens
    live: LiveClient

    @classmethod
    async def log_in(cls, public_url: str, username: str) -> Device:
        page = LoginPage(public_url)
        tokens = await page.log_in(username, PASSWORD)
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
async def log_in(public_url: str) -> AsyncIterator[Callable[[str], Awaitable[Device]]]:
    devices: list[Device] = []

    async def log_in(username: str) -> Device:
        devices.append(await Device.log_in(public_url, username))
        return devices[-1]

    yield log_in
    for device in devices:
        await device.leave()


LogIn = Callable[[str], Awaitable[Device]]


async def test_a_sixth_login_ends_the_oldest_session_and_leaves_five(admin: RealmAdmin, log_in: LogIn) -> None:
    user_id, username = await admin.new_user("six")
    devices = []
    for _ in range(5):
        devices.append(await log_in(username))
        await asyncio.sleep(1.1)  # Keycloak tells the oldest by whole seconds; there is no event to wait for.
    sixth = await log_in(username)
    await devices[0].dies({"evicted"})
    assert len(await admin.sessions(user_id)) == 5
    for device in [*devices[1:], sixth]:
        assert await device.is_in()
        assert device.live.close_code is None


async def test_an_admins_logout_ends_all_sessions_of_the_user(admin: RealmAdmin, log_in: LogIn) -> None:
    user_id, username = await admin.new_user("logout")
    devices = [await log_in(username) for _ in range(2)]
    await admin.call("POST", f"/users/{user_id}/logout")
    await asyncio.gather(*(device.dies({"revoked"}) for device in devices))


async def test_one_session_ended_by_an_admin_leaves_the_other(admin: RealmAdmin, log_in: LogIn) -> None:
    user_id, username = await admin.new_user("one")
    first, second = [await log_in(username) for _ in range(2)]
    sid = next(
        session["id"]
        for session in await admin.sessions(user_id)
        if session["id"] == claims_of(first.tokens.access_token)["sid"]
    )
    await admin.call("DELETE", f"/sessions/{sid}")
    await first.dies({"revoked"})
    assert await second.is_in()


async def test_a_disabled_user_is_out(admin: RealmAdmin, log_in: LogIn) -> None:
    user_id, username = await admin.new_user("disabled")
    device = await log_in(username)
    await admin.call("PUT", f"/users/{user_id}", json={"enabled": False})
    await device.dies({"revoked"})


async def test_a_deleted_user_is_out(admin: RealmAdmin, log_in: LogIn) -> None:
    user_id, username = await admin.new_user("deleted")
    device = await log_in(username)
    await admin.call("DELETE", f"/users/{user_id}")
    await device.dies({"revoked"})


async def test_the_own_logout_ends_this_session(admin: RealmAdmin, log_in: LogIn, public_url: str) -> None:
    _, username = await admin.new_user("own")
    device, other = [await log_in(username) for _ in range(2)]
    async with httpx.AsyncClient() as http:
        response = await http.post(
            f"{public_url}/realms/messenger/protocol/openid-connect/logout",
            data={"client_id": "messenger-cli", "refresh_token": device.tokens.refresh_token},
        )
    assert response.status_code == 204
    await device.dies({"revoked", "logout"})
    assert await other.is_in()
