"""Hypothesis: 2,000 sockets that are cut at once are back in fifteen seconds, and ask Keycloak nothing: it is away."""

from __future__ import annotations

import asyncio
import time

import pytest

from messenger_bench.world import open_database
from messenger_drill.crowd import Scale
from messenger_drill.drill import Drill
from messenger_drill.findings import Measure, percentile

SOCKETS = Scale(accounts=40, phones_each=50, chats=40, rate=20)
JITTER_S = 10.0
BACKENDS = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND usename ~ '_runtime$'"


@pytest.mark.drill
@pytest.mark.timeout(400)
async def test_a_herd_comes_back_without_keycloak(drill: Drill) -> None:
    async with drill.crowd(SOCKETS) as crowd:
        database = await open_database(drill.stack)
        crowd.talk()
        await crowd.normal()
        before = await database.fetchval(BACKENDS)
        await asyncio.to_thread(drill.processes.stop, "keycloak")
        crowd.journal.handshake_s.clear()
        try:
            for phone in crowd.phones:
                phone.cut(pause_s=JITTER_S)
            cut = time.perf_counter()
            back = asyncio.create_task(crowd.all_back())
            most = before
            while not back.done():
                most = max(most, await database.fetchval(BACKENDS))
                await asyncio.wait([back], timeout=0.5)
            await back
            took = time.perf_counter() - cut
        finally:
            drill.processes.start("keycloak")
            await database.close()
        verdict = await crowd.verdict()
        drill.found(
            f"{len(crowd.phones):,} sockets cut at once, Keycloak away",
            verdict,
            Measure("all back", took, 15),
            Measure("handshake p99", percentile(sorted(crowd.journal.handshake_s), 0.99), 2),
            Measure("database connections before", before, unit=""),
            Measure("at most", most, unit=""),
        )
