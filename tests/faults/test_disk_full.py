"""Hypothesis: with a full disk sends are refused and nothing is acknowledged that is not stored; room heals it.

PostgreSQL's WAL is moved to a small tmpfs for it, which needs root. RabbitMQ gets its own alarm by a limit that no disk
has: it blocks its publishers, and sends are acknowledged all the same.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from messenger_bench.world import World, open_database
from messenger_drill.drill import Drill, Recovery
from messenger_drill.findings import Measure, percentile
from messenger_infra import postgres, system
from messenger_testing.e2e import BACK_S
from messenger_testing.login import LoginFailed

ROOM = 128 * 1024**2
FULL_S = 15.0


async def started(drill: Drill) -> None:
    """Start PostgreSQL and wait until everybody has come to terms with it: Keycloak's old connections give a 500."""
    drill.processes.start("postgres")
    await drill.accepts_connections("postgres")
    await drill.processes.healthy()
    async with asyncio.timeout(BACK_S), World(drill.stack) as world:
        while True:
            try:
                await world.accounts(1)
            except LoginFailed:
                await asyncio.sleep(0.5)
            else:
                return


@pytest.fixture
async def small_wal(drill: Drill) -> AsyncIterator[Path]:
    """Move the WAL to a volume of its own for one test."""
    if os.geteuid() != 0:
        pytest.skip("a volume of its own for the WAL needs root")
    wal = postgres.data_folder(drill.stack) / "pg_wal"
    volume = drill.stack.folder / "small-volume"
    await asyncio.to_thread(drill.processes.stop, "postgres")
    size = sum(path.stat().st_size for path in wal.rglob("*") if path.is_file()) + ROOM
    volume.mkdir()
    system.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "tmpfs", volume])
    system.run(["cp", "-a", wal, volume])
    kept = wal.rename(wal.with_name("pg_wal.kept"))
    wal.symlink_to(volume / "pg_wal")
    try:
        await started(drill)
        yield volume
    finally:
        await asyncio.to_thread(drill.processes.stop, "postgres")
        wal.unlink()
        system.run(["cp", "-a", volume / "pg_wal", wal])
        shutil.rmtree(kept)
        system.run(["umount", volume])
        volume.rmdir()
        await started(drill)


async def use_up(drill: Drill, volume: Path) -> None:
    """Leave no byte free, and ask for segments of the WAL until there is none."""
    system.run(["sh", "-c", f"head -c 1G /dev/zero > '{volume}/filling' || true"])
    database = await open_database(drill.stack)
    try:
        while True:
            await database.execute("SELECT pg_logical_emit_message(false, 'filling', repeat('x', 8000000))")
    except (OSError, asyncpg.PostgresError):
        pass  # It has stopped: that is what a full disk does.
    finally:
        database.terminate()


@pytest.mark.drill
@pytest.mark.timeout(400)
async def test_a_full_disk_below_postgresql_loses_nothing(drill: Drill, small_wal: Path) -> None:
    async with drill.crowd() as crowd:
        crowd.talk()
        await crowd.normal()
        await use_up(drill, small_wal)
        full = time.perf_counter()
        await crowd.calm(FULL_S)
        assert crowd.first_after(full) is None, "nothing can have been stored"
        (small_wal / "filling").unlink()
        freed = time.perf_counter()
        await drill.processes.healthy()
        await crowd.all_back()
        await crowd.normal()
        recovery = Recovery(crowd, [freed, time.perf_counter()])
        verdict = await crowd.verdict()
        drill.found("disk full below PostgreSQL", verdict, recovery.first(30), recovery.whole(30))


@pytest.mark.drill
@pytest.mark.timeout(400)
async def test_a_full_disk_below_rabbitmq_delays_events_only(drill: Drill) -> None:
    async with drill.crowd() as crowd:
        crowd.talk()
        await crowd.normal()
        full = time.perf_counter()
        await drill.rabbitmqctl("set_disk_free_limit", "100000GB")
        try:
            await crowd.calm(FULL_S)
        finally:
            await drill.rabbitmqctl("set_disk_free_limit", "200MB")
        freed = time.perf_counter()
        taken = crowd.acknowledgement_s(full, freed)
        await crowd.normal()
        recovery = Recovery(crowd, [freed, time.perf_counter()])
        verdict = await crowd.verdict()
        acknowledged = Measure("acknowledgement p99 meanwhile", percentile(taken, 0.99), 1)
        drill.found("disk full below RabbitMQ", verdict, acknowledged, recovery.first(), recovery.whole(30))
