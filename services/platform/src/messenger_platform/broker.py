"""RabbitMQ: names of the topology, and a consumer that survives its broker.

Plain `aio_pika.connect`, never the robust variant: a lost link ends everything that hung on it, and the loop starts
over from an empty slate. Durable exchanges, queues and bindings are made by the deployment before the relay starts.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage

EVENTS_EXCHANGE = "messenger.events"
EPHEMERAL_EXCHANGE = "messenger.ephemeral"
BACK_OFF_S = (0.2, 5.0)

Handler = Callable[[AbstractIncomingMessage], Awaitable[None]]
logger = logging.getLogger(__name__)


async def until_closed(connection: AbstractConnection, channel: AbstractChannel) -> None:
    """Wait until the channel or its connection closes, whoever closes it."""
    loop = asyncio.get_running_loop()
    closed: asyncio.Future[None] = loop.create_future()

    def finish(*_: object) -> None:
        if not closed.done():
            closed.set_result(None)

    connection.close_callbacks.add(finish)
    channel.close_callbacks.add(finish)
    if not (connection.is_closed or channel.is_closed):
        await closed


class Consumer:
    """Consume one durable queue for ever: connect, consume, on any close back off and start again.

    The handler commits its work and then the message is acknowledged. A handler that raises returns the message to
    its place in the queue by closing the channel, so the order is kept; after the queue's delivery limit the broker
    moves a poison message to the dead letters.
    """

    def __init__(self, url: str, queue: str, handler: Handler, *, prefetch: int = 100) -> None:
        self._url = url
        self._queue = queue
        self._handler = handler
        self._prefetch = prefetch
        self.connected = asyncio.Event()

    async def run(self) -> None:
        """Run until cancelled."""
        delay = BACK_OFF_S[0]
        while True:
            try:
                await self._session()
                delay = BACK_OFF_S[0]
            except (aio_pika.exceptions.AMQPError, OSError, RuntimeError) as error:
                logger.warning("consumer lost its broker", extra={"queue": self._queue, "error": repr(error)})
            self.connected.clear()
            await asyncio.sleep(delay * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not cryptography.
            delay = min(delay * 2, BACK_OFF_S[1])

    async def _session(self) -> None:
        connection = await aio_pika.connect(self._url, timeout=5)
        async with connection:
            channel = await connection.channel()
            await channel.set_qos(prefetch_count=self._prefetch)
            queue = await channel.get_queue(self._queue, ensure=False)
            failed: list[BaseException] = []

            async def deliver(message: AbstractIncomingMessage) -> None:
                if failed:
                    return  # What came behind a failure goes back to the queue with the channel.
                try:
                    await self._handler(message)
                    await message.ack()
                except Exception as error:
                    logger.exception("consumer could not apply a message", extra={"queue": self._queue})
                    failed.append(error)
                    await channel.close()

            await queue.consume(deliver)
            self.connected.set()
            await until_closed(connection, channel)
