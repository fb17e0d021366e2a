"""What the machine allows at most: the parts of a message's way alone, measured in the same run."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import os
import re
import socket
import time
from typing import Any

from messenger_bench.reading import ask
from messenger_bench.world import Account, World
from messenger_infra import postgres

CLIENTS = 16
BATCH = 200
FRAME = b"x" * 300
WRITES = 200_000
_TABLE = """
CREATE SCHEMA IF NOT EXISTS bench;
DROP TABLE IF EXISTS bench.one_row;
CREATE TABLE bench.one_row (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL)
"""
_ONE = "INSERT INTO bench.one_row (text) VALUES (repeat('x', 100));\n"
_MANY = "INSERT INTO bench.one_row (text) SELECT repeat('x', 100) FROM generate_series(1, $1::int)"


async def limits(world: World, *, seconds: float, warm_up: float) -> dict[str, Any]:
    """Measure each limit once."""
    nobody = Account(0, "nobody", "none")
    refusals = itertools.repeat("/api/users/me")
    await ask(world, nobody, refusals, warm_up, CLIENTS)
    return {
        **await database(world, seconds),
        "socket_writes_per_s": await asyncio.to_thread(socket_writes),
        "envoy_alone_per_s": (await ask(world, nobody, refusals, seconds, CLIENTS))["requests_per_s"],
    }


async def database(world: World, seconds: float) -> dict[str, float]:
    """Measure PostgreSQL, row by row and in batches."""
    await world.database.execute(_TABLE)
    try:
        return {
            "one_row_commits_per_s": await _one_row_commits(world, seconds),
            "batched_inserts_per_s": await _batched_inserts(world, seconds),
        }
    finally:
        await world.database.execute("DROP SCHEMA bench CASCADE")


async def _one_row_commits(world: World, seconds: float) -> float:
    """Return what pgbench commits, 16 clients with one row a transaction."""
    env = world.stack.env
    script = world.stack.folder / "bench.sql"
    script.write_text(_ONE)
    running = await asyncio.create_subprocess_exec(
        postgres.binaries() / "pgbench",
        *("-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "1", "-T", str(max(1, int(seconds))), "-f", str(script)),
        *("-h", env["POSTGRES_HOST"], "-p", env["POSTGRES_PORT"], "-U", "postgres", env["POSTGRES_DB"]),
        env={**os.environ, "PGPASSWORD": env["POSTGRES_SUPERUSER_PASSWORD"]},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await running.communicate()
    script.unlink()
    said = re.search(rb"tps = ([0-9.]+)", output)
    if said is None:
        raise RuntimeError(f"pgbench said nothing of its rate: {output.decode()}")
    return round(float(said[1]))


async def _batched_inserts(world: World, seconds: float) -> float:
    """Return the rows a second of one connection that commits 200 at a time."""
    rows, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        await world.database.execute(_MANY, BATCH)
        rows += BATCH
    return round(rows / (time.perf_counter() - start))


def _drain(listener: socket.socket) -> None:
    peer, _ = listener.accept()
    while peer.recv(1 << 20):
        pass


def socket_writes() -> float:
    """Return how many frames of 300 bytes one process writes into a loopback socket, one by one."""
    listener = socket.create_server(("127.0.0.1", 0))
    reader = multiprocessing.get_context("fork").Process(target=_drain, args=(listener,))
    reader.start()
    with socket.create_connection(listener.getsockname()) as writer:
        start = time.perf_counter()
        for _ in range(WRITES):
            writer.sendall(FRAME)
        took = time.perf_counter() - start
    reader.join()
    listener.close()
    return round(WRITES / took)
