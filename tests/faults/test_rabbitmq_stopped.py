"""Hypothesis: without RabbitMQ sends are acknowledged, and everybody is told within ten seconds of its return.

A broker that is there but answers nothing is the same to the relays, which notice it by its missing heartbeats.
"""

from __future__ import annotations

import asyncio
import time

import pytest

from messenger_drill.drill import Drill, Recovery
from messenger_drill.findings import Measure, percentile


@pytest.mark.timeout(400)
async def test_a_stopped_rabbitmq_delays_and_loses_nothing(drill: Drill) -> None:
    async with drill.crowd() as crowd:
        crowd.talk()
        await crowd.normal()
        stopped = time.perf_counter()
        await asyncio.to_thread(drill.processes.stop, "rabbitmq")
        await crowd.calm(drill.times(10, 4))
        drill.processes.start("rabbitmq")
        await drill.accepts_connections("rabbitmq")
        back = time.perf_counter()
        taken = crowd.acknowledgement_s(stopped, back)
        await drill.processes.healthy()
        await crowd.normal()
        recovery = Recovery(crowd, [back, time.perf_counter()])
        verdict = await crowd.verdict()
        acknowledged = Measure("acknowledgement p99 meanwhile", percentile(taken, 0.99), 1)
        drill.found("RabbitMQ stopped", verdict, acknowledged, recovery.first(5), recovery.whole(10))
