"""Hypothesis: a clock that is five minutes off, or leaps back an hour, changes neither order nor delivery."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from messenger_drill.drill import Drill, Recovery
from messenger_drill.stand_in import stand_in
from messenger_infra import system

FOLDERS = Path("/usr/lib")


def library() -> str:
    """Return libfaketime, installed if it is not there."""
    name = "*/faketime/libfaketime.so.1"
    if not list(FOLDERS.glob(name)):
        system.install(["faketime"])
    return str(next(FOLDERS.glob(name)))


@pytest.mark.drill
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("name", "offset"), [("chat-1", "+5m"), ("chat-2", "-5m"), ("relay-1", "-5m"), ("chat-1", "-1h")]
)
async def test_a_wrong_clock_changes_nothing(drill: Drill, name: str, offset: str) -> None:
    clock = {"LD_PRELOAD": library(), "FAKETIME": offset, "DONT_FAKE_MONOTONIC": "1"}
    async with drill.crowd() as crowd:
        crowd.talk()
        await crowd.normal()
        begun = time.perf_counter()
        async with stand_in(drill.stack, name, clock):
            await crowd.normal()
            await crowd.calm(10)
        await crowd.normal()
        recovery = Recovery(crowd, [begun, time.perf_counter()])
        verdict = await crowd.verdict()
        drill.found(f"clock of {name} {offset}", verdict, recovery.acknowledgement())
