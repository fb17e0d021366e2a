"""Hypothesis: while PostgreSQL is away sends are refused as unavailable; in five seconds it is made good.

After an immediate stop the slot goes back to the last checkpoint: thousands of events come again and none is shown.
"""

from __future__ import annotations

import asyncio
import signal
import time

import pytest

from messenger_drill.drill import Drill, Recovery

AWAY_S = 3.0


@pytest.mark.timeout(400)
@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGINT], ids=["immediate", "fast"])
async def test_a_stopped_postgresql_loses_no_acknowledged_message(drill: Drill, number: signal.Signals) -> None:
    stopped, back = [], []
    async with drill.crowd() as crowd:
        crowd.talk()
        for _ in range(drill.times(3, 1)):
            await crowd.normal()
            stopped.append(time.perf_counter())
            drill.processes.signal("postgres", number)
            await asyncio.to_thread(drill.processes.stop, "postgres")
            await crowd.calm(AWAY_S)
            drill.processes.start("postgres")
            await drill.accepts_connections("postgres")
            back.append(time.perf_counter())
            await drill.processes.healthy()
            await crowd.all_back()
            await crowd.normal()
        recovery = Recovery(crowd, [*back, time.perf_counter()], again=stopped[1:])
        verdict = await crowd.verdict()
        drill.found(f"PostgreSQL stopped ({number.name})", verdict, recovery.first(5), recovery.whole(5))
