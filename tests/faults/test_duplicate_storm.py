"""Hypothesis: a message that arrives one to five times, over two sockets at once, is one message for everybody."""

from __future__ import annotations

import pytest

from messenger_drill.drill import Drill
from messenger_drill.findings import Measure


@pytest.mark.timeout(400)
async def test_a_storm_of_duplicates_makes_one_message_each(drill: Drill) -> None:
    async with drill.crowd() as crowd:
        crowd.copies = 5
        crowd.talk()
        await crowd.calm(drill.times(20, 5))
        verdict = await crowd.verdict()
        copies = Measure("copies sent", crowd.journal.copies, unit="")
        drill.found("each message 1 to 5 times on two sockets", verdict, copies)
