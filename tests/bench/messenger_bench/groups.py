"""W3: a group in which all are online."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from messenger_bench.costs import Meter
from messenger_bench.figures import latency, outcome
from messenger_bench.sockets import Bystander, Client, Count, connect, until
from messenger_bench.stored import add_strangers
from messenger_bench.world import World

CONNECTS_AT_ONCE = 16


class Group:
    """A group of accounts with a socket each, or several; the first one sends.

    When it has more participants than `online` accounts, the others are nobody's, and never connect.
    """

    def __init__(self, world: World, online: int, sockets_each: int = 1, participants: int = 0) -> None:
        self.world = world
        self._online = online
        self._strangers = max(0, participants - online)
        self._sockets_each = sockets_each
        self.count = Count()
        self.sender: Client
        self._others: list[Bystander] = []
        self._versions: dict[int, int] = {}

    async def gather(self) -> None:
        """Log in, make the group, connect."""
        first, *others = await self.world.accounts(self._online)
        chat_id = await self.world.group(first, "Everybody", [other.user_id for other in others])
        await add_strangers(self.world.database, chat_id, self._strangers)
        self._versions = await self.world.versions([chat_id])
        self.sender = Client(first, self.count, self._versions)
        self.sender.chat_id = chat_id
        await connect(self.world.public_url, self.sender)
        places = asyncio.Semaphore(CONNECTS_AT_ONCE)

        async def join(account: Any) -> None:
            async with places:
                client = Bystander(account, self.count, {})
                client.last_version = self._versions[chat_id]
                self._others.append(await connect(self.world.public_url, client))

        await asyncio.gather(*(join(account) for account in others for _ in range(self._sockets_each)))

    @property
    def deliveries(self) -> int:
        """How many deliveries all that was sent must make."""
        return self.count.sent * len(self._others)

    async def settle(self) -> None:
        """Wait until everything has arrived, or for as long as is reasonable."""
        await until(lambda: self.count.delivered >= self.deliveries)

    async def result(self) -> dict[str, Any]:
        """Say what became of what was sent."""
        return outcome(self.count, deliveries=self.deliveries, stored=await self.world.stored(self._versions))

    def leave(self) -> None:
        """Disconnect all."""
        for client in (self.sender, *self._others):
            client.disconnect()


async def w3(world: World, *, seconds: float, warm_up: float, members: int = 200, window: int = 64) -> dict[str, Any]:
    """Ten messages a second (open loop), then as many as go (closed loop)."""
    slow = await _slowly(world, seconds=seconds, warm_up=warm_up, members=members)
    fast = await at_most(Group(world, members), seconds=seconds, warm_up=warm_up, window=window)
    return {"at_10_per_s": slow, "at_most": fast}


async def _slowly(world: World, *, seconds: float, warm_up: float, members: int, rate: float = 10) -> dict[str, Any]:
    group = Group(world, members)
    await group.gather()
    meter = Meter(world.stack)
    last_receiver: list[int] = []
    start = time.perf_counter()
    for number in range(int(rate * (warm_up + seconds))):
        moment = start + number / rate
        await asyncio.sleep(max(0.0, moment - time.perf_counter()))
        if number and group.count.measuring:
            last_receiver.append(max(group.count.delivery_ns[-(members - 1) :], default=0))
        if not group.count.measuring and moment - start >= warm_up:
            group.count.measuring = True
            meter.start()
        group.sender.send(group.sender.chat_id, int(moment * 1e9))
    spent = meter.stop()
    await group.settle()
    group.leave()
    return {
        "last_receiver_ms": latency([took for took in last_receiver if took]),
        "delivery_ms": latency(group.count.delivery_ns),
        "cpu_ms_per_delivery": spent.per(group.count.measured),
        **await group.result(),
    }


async def at_most(group: Group, *, seconds: float, warm_up: float, window: int) -> dict[str, Any]:
    """Keep `window` messages of the sender unacknowledged: the highest rate."""
    await group.gather()
    group.sender.window = window
    group.sender.fill()
    await asyncio.sleep(warm_up)
    meter = Meter(group.world.stack)
    group.count.measuring = True
    meter.start()
    await asyncio.sleep(seconds)
    group.count.measuring = False
    spent = meter.stop()
    group.sender.window = 0
    await group.settle()
    group.leave()
    delivered = group.count.measured
    return {
        "deliveries_per_s": round(delivered / spent.seconds),
        "messages_per_s": round(len(group.count.ack_ns) / spent.seconds),
        "servers_cpu_s_per_1000": round(spent.servers / max(delivered, 1) * 1000, 5),
        "cpu_ms_per_delivery": spent.per(delivered),
        "delivery_ms": latency(group.count.delivery_ns),
        **await group.result(),
    }
