"""The health of all parts at once."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
import respx

from gateway_app.services.watch_readiness import MAX_AGE_S, WatchReadiness

PARTS = {"user": "http://127.0.0.1:1/readyz", "chat-1": "http://127.0.0.1:2/readyz"}


@pytest.fixture
def watch(http: httpx.AsyncClient, clock: Any) -> WatchReadiness:
    return WatchReadiness(http, PARTS, clock=clock)


async def test_one_round_serves_everyone_within_a_second(
    services: respx.MockRouter, watch: WatchReadiness, clock: Any
) -> None:
    user = services.get(PARTS["user"]).respond(200)
    services.get(PARTS["chat-1"]).respond(200)
    answers = await asyncio.gather(*(watch() for _ in range(20)))
    assert answers == [{"user": True, "chat-1": True}] * 20
    assert user.call_count == 1
    user.respond(503)
    clock.now += MAX_AGE_S + 0.1
    assert await watch() == {"user": False, "chat-1": True}


@pytest.mark.parametrize(
    "fault", [httpx.ConnectError("refused"), httpx.RemoteProtocolError("cut"), httpx.ReadTimeout("slow")]
)
async def test_a_part_that_is_away_is_not_ready(
    services: respx.MockRouter, watch: WatchReadiness, fault: Exception
) -> None:
    services.get(PARTS["user"]).mock(side_effect=fault)
    services.get(PARTS["chat-1"]).respond(200)
    assert await watch() == {"user": False, "chat-1": True}


async def test_a_part_that_hangs_is_not_ready_and_delays_nobody_for_ever(
    services: respx.MockRouter, http: httpx.AsyncClient
) -> None:
    async def hang(_request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    services.get(PARTS["user"]).mock(side_effect=hang)
    services.get(PARTS["chat-1"]).respond(200)
    assert await WatchReadiness(http, PARTS, timeout_s=0.05)() == {"user": False, "chat-1": True}
