"""Hypothesis: what no consumer can read ends among the dead letters or is passed over, and everything else goes on."""

from __future__ import annotations

import asyncio

import aio_pika
import pytest

from messenger_drill.drill import Drill
from messenger_drill.findings import Measure
from messenger_infra.topology import DEAD, EPHEMERAL, EVENTS, QUEUES

KEYS = ("chat.message", "chat.membership", "chat.settings", "user.profile", "session.ended")
BODIES = (b"", b"\xff\xfe", b"[" * 2000, b'{"type":"message.sent"}', b'[{"type":17}]')
DEATH_S = 40.0


async def publish(drill: Drill, user: str, exchange: str, keys: tuple[str, ...]) -> None:
    """Publish every unreadable body on every key."""
    env = drill.stack.env
    connection = await aio_pika.connect(
        host="127.0.0.1",
        port=drill.stack.port("RABBITMQ"),
        login=user,
        password=env[f"RABBITMQ_{user.upper()}_PASSWORD"],
        virtualhost=env["RABBITMQ_VHOST"],
    )
    async with connection:
        channel = await connection.channel()
        target = await channel.get_exchange(exchange, ensure=False)
        for key in keys:
            for body in BODIES:
                await target.publish(aio_pika.Message(body), key, mandatory=False)


@pytest.mark.timeout(400)
async def test_poison_stops_nobody(drill: Drill) -> None:
    before = await drill.queued(DEAD)
    async with drill.crowd() as crowd:
        crowd.talk()
        await crowd.normal()
        await publish(drill, "relay", EVENTS, KEYS)
        await publish(drill, "realtime", EPHEMERAL, ("",))
        async with asyncio.timeout(DEATH_S):
            # Each durable queue gets every body once, by one of the keys.
            while (dead := await drill.queued(DEAD) - before) < len(BODIES) * len(QUEUES):
                await crowd.calm(0.2)
        await crowd.normal()
        verdict = await crowd.verdict()
        drill.found("poison on every exchange", verdict, Measure("dead letters", dead, unit=""))
