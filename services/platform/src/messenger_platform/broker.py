"""RabbitMQ: names of the topology, and a consumer that survives its broker.

A plain connection, never the robust variant: a lost link ends everything that hung on it, and the loop starts
over from an empty slate. Durable exchanges, queues and bindings are made by the deployment before the relay starts.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import NoReturn

import aio_pika
import msgspec
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage
from aio_pika.connection import make_url

from messenger_platform.errors import Unavailable
from messenger_platform.reconnect import BackOff, reconnect
from messenger_platform.tasks import cancel

EVENTS_EXCHANGE = "messenger.events"
EPHEMERAL_EXCHANGE = "messenger.ephemeral"
BACK_OFF_S = (0.2, 5.0)
# What a connection and its channels fail with when the link breaks.
LINK_ERRORS = (aio_pika.exceptions.AMQPError, OSError, TimeoutError, RuntimeError)

UNREADABLE = (msgspec.MsgspecError, LookupError, ValueError, RecursionError)
"""What reading a body or a header fails with."""

Handler = Callable[[AbstractIncomingMessage], Awaitable[None]]
logger = logging.getLogger(__name__)


async def connect(url: str) -> AbstractConnection:
    """Connect within 5 s, or raise and leave nothing behind.

    `aio_pika.connect` leaves a connection that could not be opened to the garbage collector, which then closes it in a
    task of whatever loop runs at that time, or complains when none does.
    """
    connection = aio_pika.Connection(make_url(url))
    try:
        await connection.connect(timeout=5)
    except BaseException:
        await connection.close()
        raise
    return connection


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

    Messages are handled one after the other, in the order of the queue; each is acknowledged when its handler has
    committed. A handler that raises `Unavailable` is called again with the same message until what it needs is back.
    A message that it cannot read goes to the dead letters at once: a second delivery would bring the same bytes.
    Any other error ends the session: the message goes back to its place, and after the queue's delivery limit the
    broker moves it to the dead letters as poison.
    """

    def __init__(self, url: str, queue: str, handler: Handler, *, prefetch: int = 100) -> None:
        self._url = url
        self._queue = queue
        self._handler = handler
        self._prefetch = prefetch
        self.connected = asyncio.Event()

    async def run(self) -> NoReturn:
        """Run until cancelled."""
        await reconnect(self._session, BackOff(*BACK_OFF_S), breaks=(Exception,), lost=self._lost)

    def _lost(self, error: Exception) -> None:
        if isinstance(error, LINK_ERRORS):
            logger.warning("consumer lost its broker", extra={"queue": self._queue, "error": repr(error)})
        else:
            logger.error("consumer could not apply a message", extra={"queue": self._queue}, exc_info=error)

    async def _session(self) -> None:
        try:
            await self._consume()
        finally:
            self.connected.clear()

    async def _consume(self) -> None:
        connection = await connect(self._url)
        async with connection:
            channel = await connection.channel()
            await channel.set_qos(prefetch_count=self._prefetch)
            queue = await channel.get_queue(self._queue, ensure=False)
            arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
            await queue.consume(arrived.put)
            self.connected.set()
            closed = asyncio.ensure_future(until_closed(connection, channel))
            working = asyncio.ensure_future(self._work(arrived))
            try:
                await asyncio.wait({closed, working}, return_when=asyncio.FIRST_COMPLETED)
                if working.done():
                    await working
            finally:
                await cancel(closed, working)

    async def _work(self, arrived: asyncio.Queue[AbstractIncomingMessage]) -> NoReturn:
        while True:
            message = await arrived.get()
            if await self._apply(message):
                await message.ack()

    async def _apply(self, message: AbstractIncomingMessage) -> bool:
        """Hand a message over until it is applied; False when it was moved to the dead letters instead."""
        delay = BACK_OFF_S[0]
        while True:
            try:
                await self._handler(message)
            except Unavailable as error:
                logger.warning("consumer waits", extra={"queue": self._queue, "error": str(error)})
                await asyncio.sleep(delay)
                delay = min(delay * 2, BACK_OFF_S[1])
            except UNREADABLE:
                logger.exception("a message could not be read", extra={"queue": self._queue})
                await message.reject(requeue=False)
                return False
            except Exception:
                # Only a return counts as a delivery that failed; to close the link alone would repeat it for ever.
                await message.reject(requeue=True)
                raise
            else:
                return True
