"""W1 and W2: people who talk in pairs."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from messenger_bench.costs import Meter
from messenger_bench.figures import latency, outcome
from messenger_bench.sockets import SETTLE_S, Client, Count, connect, until
from messenger_bench.world import World

C = TypeVar("C", bound=Client)


class Pairs(Generic[C]):
    """Pairs of accounts, both online, each pair with a private chat; `kind` is the class of their clients."""

    def __init__(self, world: World, pairs: int, kind: type[C] = Client) -> None:  # type: ignore[assignment] # mypy#3737
        self._world = world
        self._kind = kind
        self._pairs = pairs
        self.count = Count()
        self.clients: list[C] = []
        self.versions: dict[int, int] = {}

    async def gather(self) -> None:
        """Log in, find the chats, connect."""
        accounts = await self._world.accounts(2 * self._pairs)
        couples = list(zip(accounts[::2], accounts[1::2], strict=True))
        chats = [await self._world.private_chat(one, other) for one, other in couples]
        self.versions = await self._world.versions(chats)
        for couple, chat_id in zip(couples, chats, strict=True):
            for account in couple:
                client = self._kind(account, self.count, {chat_id: self.versions[chat_id]})
                client.chat_id = chat_id
                self.clients.append(await connect(self._world.public_url, client))

    async def settle(self, refused: Callable[[], int] = lambda: 0, patience_s: float = SETTLE_S) -> None:
        """Wait until all that was sent has been acknowledged and delivered or refused, for as long as is reasonable."""

        def is_settled() -> bool:
            return min(self.count.acknowledged, self.count.delivered) + refused() >= self.count.sent

        await until(is_settled, patience_s)

    async def result(self) -> dict[str, Any]:
        """Say what became of what was sent."""
        stored = await self._world.stored(self.versions)
        return outcome(self.count, deliveries=self.count.sent, stored=stored)

    def leave(self) -> None:
        """Disconnect all."""
        for client in self.clients:
            client.disconnect()


async def w1(world: World, *, seconds: float, warm_up: float, pairs: int = 50, rate: float = 100) -> dict[str, Any]:
    """Send at fixed moments, whether or not earlier sends were answered (open loop)."""
    people = Pairs(world, pairs)
    await people.gather()
    meter = Meter(world.stack)
    turns = itertools.cycle(people.clients)
    start = time.perf_counter()
    for number in range(int(rate * (warm_up + seconds))):
        moment = start + number / rate
        await asyncio.sleep(max(0.0, moment - time.perf_counter()))
        if not people.count.measuring and moment - start >= warm_up:
            people.count.measuring = True
            meter.start()
        client = next(turns)
        client.send(client.chat_id, int(moment * 1e9))
    spent = meter.stop()
    await people.settle()
    people.leave()
    return {
        "rate": rate,
        "acknowledgement_ms": latency(people.count.ack_ns),
        "delivery_ms": latency(people.count.delivery_ns),
        "cpu_ms_per_message": spent.per(people.count.measured),
        **await people.result(),
    }


async def w2(world: World, *, seconds: float, warm_up: float, pairs: int = 50, window: int = 8) -> dict[str, Any]:
    """Keep `window` messages of one of each pair unacknowledged (closed loop): the capacity."""
    people = Pairs(world, pairs)
    await people.gather()
    for client in people.clients[::2]:
        client.window = window
        client.fill()
    await asyncio.sleep(warm_up)
    meter = Meter(world.stack)
    people.count.measuring = True
    meter.start()
    await asyncio.sleep(seconds)
    people.count.measuring = False
    spent = meter.stop()
    for client in people.clients:
        client.window = 0
    await people.settle()
    people.leave()
    delivered = people.count.measured
    return {
        "delivered_per_s": round(delivered / spent.seconds),
        "servers_cpu_s_per_1000": round(spent.servers / delivered * 1000, 4),
        "cpu_ms_per_message": spent.per(delivered),
        "acknowledgement_ms": latency(people.count.ack_ns),
        "delivery_ms": latency(people.count.delivery_ns),
        **await people.result(),
    }
