"""The merged document while services come and go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import respx

from gateway_app.services.describe_api import MAX_AGE_S, DescribeAPI
from messenger_platform.errors import Unavailable

USER, CHAT_1, CHAT_2 = "http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3"


def _answer(*paths: str) -> httpx.Response:
    return httpx.Response(200, json={"openapi": "3.1.0", "paths": {path: {} for path in paths}})


@pytest.fixture
def describe(http: httpx.AsyncClient, clock: Callable[[], float]) -> DescribeAPI:
    return DescribeAPI(
        http,
        {"user": [USER], "chat": [CHAT_1, CHAT_2]},
        own=lambda: {"paths": {"/healthz": {}}},
        info={"title": "T", "version": "1"},
        issuer="http://issuer",
        clock=clock,
    )


async def test_services_are_asked_once_in_a_while(
    services: respx.MockRouter, describe: DescribeAPI, clock: Any
) -> None:
    user = services.get(f"{USER}/openapi.json").mock(return_value=_answer("/api/users"))
    services.get(f"{CHAT_1}/openapi.json").mock(return_value=_answer("/api/chats"))
    for _ in range(5):
        assert list((await describe())["paths"]) == ["/api/users", "/api/chats", "/healthz"]
    assert user.call_count == 1
    user.mock(return_value=_answer("/api/users", "/api/users/new"))
    clock.now += MAX_AGE_S + 1
    assert "/api/users/new" in (await describe())["paths"]


async def test_another_process_answers_for_one_that_is_away(services: respx.MockRouter, describe: DescribeAPI) -> None:
    services.get(f"{USER}/openapi.json").mock(return_value=_answer("/api/users"))
    services.get(f"{CHAT_1}/openapi.json").mock(side_effect=httpx.ConnectError("refused"))
    services.get(f"{CHAT_2}/openapi.json").mock(return_value=_answer("/api/chats"))
    assert "/api/chats" in (await describe())["paths"]


@pytest.mark.parametrize(
    "fault",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.Response(503),
        httpx.Response(200, text="nonsense"),
    ],
    ids=["refused", "slow", "503", "nonsense"],
)
async def test_half_an_api_is_unavailable_and_a_known_one_is_kept(
    services: respx.MockRouter, describe: DescribeAPI, clock: Any, fault: Any
) -> None:
    services.get(f"{USER}/openapi.json").mock(side_effect=[fault, _answer("/api/users"), fault])
    services.get(f"{CHAT_1}/openapi.json").mock(return_value=_answer("/api/chats"))
    with pytest.raises(Unavailable, match="user"):
        await describe()
    known = await describe()
    clock.now += MAX_AGE_S + 1
    assert await describe() == known
