"""Hypothesis: every part can be restarted, one after the other, twice, while people talk, and nobody sees an error."""

from __future__ import annotations

import asyncio
import time

import pytest

from messenger_drill.drill import Drill, Recovery
from messenger_drill.findings import Measure

PARTS = ("relay-1", "relay-2", "chat-1", "chat-2", "realtime-1", "realtime-2", "user", "gateway")


@pytest.mark.drill
@pytest.mark.timeout(500)
async def test_a_rolling_restart_is_not_noticed(drill: Drill) -> None:
    async with drill.crowd() as crowd:
        crowd.talk()
        await crowd.normal()
        begun = time.perf_counter()
        for name in PARTS * 2:
            await asyncio.to_thread(drill.processes.stop, name)
            drill.processes.start(name)
            await drill.well(name)
            await crowd.all_back()
        recovery = Recovery(crowd, [begun, time.perf_counter()])
        assert set(crowd.journal.closes) <= {1012}
        verdict = await crowd.verdict()
        drill.found(
            "rolling restart, twice",
            verdict,
            Measure("errors seen", sum(crowd.journal.errors.values()), 0, ""),
            Measure("handshakes refused", crowd.journal.refused_handshakes.total(), 0, ""),
            recovery.acknowledgement(),
        )
