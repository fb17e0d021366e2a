"""Hypothesis: ten times as much as it can carry costs little of what it does carry; the rest is refused at once.

The limits per user, which would refuse nearly all of it, are off on the test stack: this is what lies behind them. The
load comes from the same two cores, as fast as they give it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import msgspec
import pytest
from picows import WSFrame, WSMsgType, WSTransport

from messenger_bench.pairs import Pairs
from messenger_bench.sockets import Client
from messenger_bench.world import World
from messenger_drill.drill import Drill
from messenger_drill.findings import Measure, percentile
from messenger_drill.verdict import PROMISED_ERRORS, Verdict

TICK_S = 0.01
NS = 1e9
USUAL_RATE = 100
ANSWERED_S = 120.0


class Pusher(Client):
    """Sends whatever happens, and notes when each refusal came."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type] # As the client's own.
        self.refusal_s: list[float] = []
        self.is_cut = False
        self._sent_at: dict[str, float] = {}

    @property
    def unanswered(self) -> int:
        """How many of its messages were neither acknowledged nor refused."""
        return self._in_flight - len(self.refusal_s)

    @property
    def done(self) -> int:
        """How many of its messages are not to be waited for, besides the acknowledged."""
        return self._in_flight if self.is_cut else len(self.refusal_s)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Note that it was cut."""
        self.is_cut = True
        super().on_ws_disconnected(transport)

    def push(self) -> None:
        """Send one more."""
        self._sent_at[self.send(self.chat_id, time.perf_counter_ns())] = time.perf_counter()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take a frame; a refusal is timed."""
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
        elif frame.get_payload_as_memoryview()[:15] == b'{"type":"error"':
            told = msgspec.json.decode(frame.get_payload_as_bytes())
            assert told["code"] in PROMISED_ERRORS, told
            self.refusal_s.append(time.perf_counter() - self._sent_at[told["client_id"]])
        else:
            super().on_ws_frame(transport, frame)


async def steadily(senders: Sequence[Pusher], rate: float, seconds: float) -> None:
    """Send at a rate, in turn, whether or not anything is answered."""
    begun, sent = time.perf_counter(), 0
    while (passed := time.perf_counter() - begun) < seconds:
        due = int(passed * rate)
        for number in range(sent, due):
            senders[number % len(senders)].push()
        sent = due
        await asyncio.sleep(TICK_S)


@pytest.mark.drill
@pytest.mark.timeout(400)
@pytest.mark.parametrize("times", [3, 10])
async def test_overload_is_refused_and_the_rest_carried(drill: Drill, times: int) -> None:
    async with World(drill.stack) as world:
        people = Pairs(world, 50, Pusher)
        await people.gather()
        senders, count = people.clients[::2], people.count
        for sender in senders:
            sender.window = 8
            sender.fill()
        await asyncio.sleep(3)
        before = count.delivered
        await asyncio.sleep(10)
        capacity = (count.delivered - before) / 10
        for sender in senders:
            sender.window = 0
        await people.settle()
        usual = await latencies(people, senders)
        begun, sent, delivered = time.perf_counter(), count.sent, count.delivered
        await steadily(senders, times * capacity, 10)
        took = time.perf_counter() - begun
        offered, carried = (count.sent - sent) / took, (count.delivered - delivered) / took
        refusals = sorted(second for sender in senders for second in sender.refusal_s)
        await asyncio.sleep(5)
        after = await latencies(people, senders)
        await people.settle(lambda: sum(sender.done for sender in senders), ANSWERED_S)
        drill.found(
            f"overload, {times} times the capacity aimed at",
            await judge(people, world, senders),
            Measure("offered, of the capacity", offered / capacity, unit=""),
            Measure("clients cut", sum(client.is_cut for client in people.clients), 0, ""),
            Measure("capacity", capacity, unit="messages/s"),
            Measure("carried, of it", carried / capacity, 0.8, "", at_least=True),
            Measure("refused after, p99", percentile(refusals, 0.99), 0.05),
            Measure("delivery p99 five seconds later, of the usual", after / usual, 1.5, ""),
        )
        people.leave()


async def latencies(people: Pairs, senders: Sequence[Pusher]) -> float:
    """Return the p99 of deliveries at a usual rate, in seconds."""
    people.count.delivery_ns.clear()
    people.count.measuring = True
    await steadily(senders, USUAL_RATE, 5)
    people.count.measuring = False
    return percentile(sorted(people.count.delivery_ns), 0.99) / NS


async def judge(people: Pairs, world: World, senders: Sequence[Pusher]) -> Verdict:
    """Compare what was sent with what was acknowledged, refused, delivered and stored.

    A client that was cut would come back and repeat; these do not, so that what they still wait for counts as nothing.
    """
    count, stored = people.count, await world.stored(people.versions)
    return Verdict(
        sent=count.sent,
        acknowledged=count.acknowledged,
        lost=max(0, count.acknowledged - min(stored, count.delivered)),
        phantom=max(0, count.delivered - stored),
        doubled=count.doubled,
        gaps=count.gaps,
        unacknowledged=sum(sender.unanswered for sender in senders if not sender.is_cut),
    )
