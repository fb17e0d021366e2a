"""Hypothesis: clients of a killed realtime process are back in ten seconds with all they have missed."""

from __future__ import annotations

import pytest

from messenger_drill.drill import Drill


@pytest.mark.timeout(400)
async def test_killed_realtime_processes_lose_and_double_nothing(drill: Drill) -> None:
    async with drill.crowd() as crowd:
        recovery = await drill.kill(crowd, ["realtime-1", "realtime-2"], drill.times(10, 2))
        verdict = await crowd.verdict()
        drill.found("realtime killed", verdict, recovery.first(5), recovery.whole(10))
