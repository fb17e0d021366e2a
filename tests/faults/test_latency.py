"""Hypothesis: 100 ms ± 50 between clients and gateway, each way, cost a message no more than three round trips."""

from __future__ import annotations

import time

import pytest

from messenger_drill.drill import Drill
from messenger_drill.findings import Measure, percentile
from messenger_drill.proxy import Proxy

ROUND_TRIP_S = 0.2


@pytest.mark.drill
@pytest.mark.timeout(400)
async def test_a_slow_network_loses_and_doubles_nothing(drill: Drill) -> None:
    gateway = int(drill.stack.env["PUBLIC_PORT"])
    async with Proxy(gateway) as proxy, drill.crowd(public_url=f"http://127.0.0.1:{proxy.port}") as crowd:
        crowd.talk()
        begun = time.perf_counter()
        await crowd.calm(10)
        proxy.delay_s, proxy.jitter_s = ROUND_TRIP_S / 2, ROUND_TRIP_S / 4
        delayed = time.perf_counter()
        await crowd.calm(20)
        ended = time.perf_counter()
        usual = percentile(crowd.acknowledgement_s(begun, delayed), 0.99)
        slow = percentile(crowd.acknowledgement_s(delayed, ended), 0.99)
        verdict = await crowd.verdict()
        limit = usual + 3 * ROUND_TRIP_S
        drill.found(
            "100 ms ± 50 each way", verdict, Measure("acknowledgement p99", slow, limit), Measure("without", usual)
        )
