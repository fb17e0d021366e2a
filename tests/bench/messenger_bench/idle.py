"""W4: people who are online and say nothing."""

from __future__ import annotations

import asyncio
import resource
import time
from typing import Any

from messenger_bench.costs import Meter
from messenger_bench.sockets import Bystander, Count, connect
from messenger_bench.world import Account, World

CONNECTS_AT_ONCE = 64
SPARE_FILES = 1_000
FILES_EACH = 2
"""Of Envoy, which has a file for each of its two sides."""
SIDES = ("realtime", "envoy")


class Crowd:
    """Many sockets, spread over the accounts."""

    def __init__(self, world: World, accounts: list[Account]) -> None:
        self._world = world
        self._accounts = accounts
        self.count = Count()
        self.clients: list[Bystander] = []

    async def connect(self, sockets: int) -> float:
        """Open so many sockets; returns the seconds until the last has had its hello."""
        places = asyncio.Semaphore(CONNECTS_AT_ONCE)

        async def join(number: int) -> None:
            async with places:
                client = Bystander(self._accounts[number % len(self._accounts)], self.count, {})
                self.clients.append(await connect(self._world.public_url, client))

        start = time.perf_counter()
        await asyncio.gather(*(join(number) for number in range(sockets)))
        return time.perf_counter() - start

    def cut(self) -> None:
        """Drop all of them without a word, as a network does."""
        for client in self.clients:
            client.cut()
        self.clients.clear()


async def w4(
    world: World, *, seconds: float, warm_up: float, sockets: int = 10_000, accounts: int = 200
) -> dict[str, Any]:
    """Memory of an idle socket, connects a second, and all of them coming back at once."""
    sockets = min(sockets, _most_sockets())
    crowd = Crowd(world, await world.accounts(accounts))
    await crowd.connect(accounts)  # What is made once for each account is no part of a socket.
    meter = Meter(world.stack)
    before = meter.memory_kb()
    meter.start()
    took = await crowd.connect(sockets)
    spent = meter.stop()
    await asyncio.sleep(warm_up)
    after = meter.memory_kb()
    meter.start()
    await asyncio.sleep(seconds)
    idle = meter.stop()
    crowd.cut()
    meter.start()
    back = await crowd.connect(sockets)
    herd = meter.stop()
    cut = crowd.count.closed
    crowd.cut()
    each = {side: round((after[side] - before[side]) / sockets, 1) for side in SIDES}
    return {
        "sockets": sockets,
        "kb_per_socket": {**each, "together": round(sum(each.values()), 1)},
        "connects_per_s": round(sockets / took),
        "cpu_ms_per_connect": spent.per(sockets),
        "idle_cpu_share": round(idle.servers / idle.seconds, 3),
        "reconnect_s": round(back, 2),
        "reconnect_cpu_ms": herd.per(sockets),
        "refused": len(crowd.count.refused),
        "cut": cut,
    }


def _most_sockets() -> int:
    """Return how many sockets the open files of one process allow, with all that the system allows us taken."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return (hard - SPARE_FILES) // FILES_EACH
