"""Background tasks end with their service, even one that takes a cancellation for something else."""

from __future__ import annotations

import asyncio

import pytest

from messenger_platform.service import background
from messenger_platform.tasks import cancel


async def test_a_task_that_swallows_a_cancellation_is_cancelled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("messenger_platform.tasks.CANCEL_AGAIN_S", 0.01)
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while swallowed < 3:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                swallowed += 1
        await asyncio.sleep(60)

    async with asyncio.timeout(5):
        async with background(stubborn()):
            await asyncio.sleep(0)
    assert swallowed == 3


async def test_nothing_to_cancel_is_nothing_to_do() -> None:
    await cancel()
