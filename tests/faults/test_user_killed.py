"""Hypothesis: people talk on while the user service is killed again and again; chat and realtime do not need it."""

from __future__ import annotations

import pytest

from messenger_drill.drill import Drill


@pytest.mark.timeout(400)
async def test_a_killed_user_service_disturbs_no_message(drill: Drill) -> None:
    async with drill.crowd() as crowd:
        recovery = await drill.kill(crowd, ["user"], drill.times(5, 1))
        assert not crowd.journal.closes
        assert not crowd.journal.errors
        verdict = await crowd.verdict()
        drill.found("user killed", verdict, recovery.first(), recovery.whole(3))
