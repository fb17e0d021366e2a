"""Hypothesis: clients that stop reading are cut before they cost memory, and nobody else waits for them."""

from __future__ import annotations

import time

import pytest

from messenger_drill.drill import Drill
from messenger_drill.findings import Measure, percentile

STALLED_SHARE = 10
HOLDERS = ("realtime", "envoy")
BYTES = 3000
KB = 1024


@pytest.mark.timeout(400)
async def test_slow_readers_disturb_nobody(drill: Drill) -> None:
    async with drill.crowd(padding=BYTES, receive_buffer=64 * KB) as crowd:
        crowd.talk()
        begun = time.perf_counter()
        await crowd.calm(drill.times(15, 4))
        before_kb, stopped = drill.memory_kb(*HOLDERS), time.perf_counter()
        stalled = crowd.phones[::STALLED_SHARE]
        for phone in stalled:
            phone.pause_reading()
        await crowd.calm(drill.times(45, 12))
        grown_kb, resumed = drill.memory_kb(*HOLDERS) - before_kb, time.perf_counter()
        usual = percentile(crowd.delivery_s(begun, stopped, besides=stalled), 0.99)
        meanwhile = percentile(crowd.delivery_s(stopped, resumed, besides=stalled), 0.99)
        for phone in stalled:
            phone.resume_reading()
        verdict = await crowd.verdict()
        drill.found(
            f"{len(stalled)} of {len(crowd.phones)} stop reading",
            verdict,
            Measure("others' delivery p99, ratio", meanwhile / usual, 1.2, ""),
            Measure("memory grown per stalled client", grown_kb / len(stalled), 64, "kB"),
            Measure("cut", sum(phone.ends > 0 for phone in stalled), unit="of them"),
        )
