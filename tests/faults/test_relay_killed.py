"""Hypothesis: a relay that is killed is replaced by the one beside it within a second, and tells nothing twice."""

from __future__ import annotations

import pytest

from messenger_drill.drill import Drill


@pytest.mark.timeout(400)
async def test_killed_relays_lose_and_double_nothing(drill: Drill) -> None:
    async with drill.crowd() as crowd:
        recovery = await drill.kill(crowd, ["relay-1", "relay-2"], drill.times(20, 3))
        verdict = await crowd.verdict()
        drill.found("relay killed", verdict, recovery.first(1), recovery.whole(), recovery.acknowledgement())
