"""Hypothesis: when one part cannot reach another, deadlines fire within five seconds, and all heals with the network.

The network is a proxy of ours between two parts; it holds everything back in both directions, or in one, and closes
nothing, as a dead switch does.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from messenger_drill.crowd import Crowd
from messenger_drill.drill import Drill, Recovery
from messenger_drill.findings import Measure, percentile
from messenger_drill.proxy import Proxy
from messenger_drill.stand_in import stand_in

AWAY_S = 30.0


@asynccontextmanager
async def between(drill: Drill, names: Sequence[str], setting: str, ports: Sequence[int]) -> AsyncIterator[list[Proxy]]:
    """Put a proxy between these processes and each of the ports; the setting is a port, or a list of URLs."""
    async with AsyncExitStack() as stack:
        proxies = [await stack.enter_async_context(Proxy(port)) for port in ports]
        urls = ",".join(f"http://127.0.0.1:{proxy.port}" for proxy in proxies)
        value = urls if setting.endswith("URLS") else str(proxies[0].port)
        for name in names:
            await stack.enter_async_context(stand_in(drill.stack, name, {setting: value}))
        yield proxies


async def hold(crowd: Crowd, proxies: Sequence[Proxy], *, back: bool) -> Recovery:
    """Hold everything back for half a minute, or only what comes back."""
    crowd.talk()
    await crowd.normal()
    for proxy in proxies:
        proxy.hold(there=not back, back=True)
    await crowd.calm(AWAY_S)
    for proxy in proxies:
        proxy.release()
    mended = time.perf_counter()
    await crowd.all_back()
    await crowd.normal()
    await crowd.calm(5)
    return Recovery(crowd, [mended, time.perf_counter()])


@pytest.mark.drill
@pytest.mark.timeout(400)
@pytest.mark.parametrize("back", [False, True], ids=["both directions", "answers only"])
async def test_realtime_that_cannot_reach_chat(drill: Drill, back: bool) -> None:  # noqa: FBT001 - a parameter of the test
    ports = [drill.stack.port("CHAT"), drill.stack.port("CHAT") + 1]
    async with between(drill, ["realtime-1"], "CHAT_URLS", ports) as proxies, drill.crowd() as crowd:
        recovery = await hold(crowd, proxies, back=back)
        refused = Measure("refused after, p99", percentile(sorted(crowd.journal.refusal_s), 0.99), 5)
        verdict = await crowd.verdict()
        fault = f"realtime cut off from chat ({'answers only' if back else 'both directions'})"
        drill.found(fault, verdict, refused, recovery.first(), recovery.whole(10))


@pytest.mark.drill
@pytest.mark.timeout(400)
async def test_relays_whose_link_to_the_broker_stalls(drill: Drill) -> None:
    ports = [drill.stack.port("RABBITMQ")]
    async with between(drill, ["relay-1", "relay-2"], "RABBITMQ_PORT", ports) as proxies, drill.crowd() as crowd:
        recovery = await hold(crowd, proxies, back=False)
        verdict = await crowd.verdict()
        drill.found("relays cut off from RabbitMQ", verdict, recovery.first(), recovery.whole(10))


@pytest.mark.drill
@pytest.mark.timeout(400)
async def test_a_chat_process_that_cannot_reach_the_database(drill: Drill) -> None:
    ports = [drill.stack.port("POSTGRES")]
    async with between(drill, ["chat-1"], "POSTGRES_PORT", ports) as proxies, drill.crowd() as crowd:
        recovery = await hold(crowd, proxies, back=False)
        refused = Measure("refused after, p99", percentile(sorted(crowd.journal.refusal_s), 0.99), 5)
        verdict = await crowd.verdict()
        drill.found("chat cut off from PostgreSQL", verdict, refused, recovery.first(), recovery.whole(10))
