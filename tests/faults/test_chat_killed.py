"""Hypothesis: what a killed chat process had in hand is sent again with the same ids, within three seconds."""

from __future__ import annotations

import pytest

from messenger_drill.drill import Drill


@pytest.mark.timeout(400)
async def test_killed_chat_processes_lose_and_double_nothing(drill: Drill) -> None:
    async with drill.crowd() as crowd:
        recovery = await drill.kill(crowd, ["chat-1", "chat-2"], drill.times(10, 2))
        verdict = await crowd.verdict()
        drill.found("chat killed", verdict, recovery.first(), recovery.whole(3), recovery.acknowledgement(5))
