"""The live events: this instance's own exclusive queue, and typing between instances.

The queue dies with its link, and with it what was in it. So after each new link the hub catches up with what has
happened since shortly before the old one was last known to be alive. The queue is bounded: an instance that cannot
keep up loses the oldest, and the hole in the versions is repaired. A new epoch, also the first one that is met, says
that the log has been begun anew, perhaps with a gap before it: the hub then catches up in the same way, from the last
event that was heard of.
"""

from __future__ import annotations

import asyncio
import logging
import random
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import aio_pika
import msgspec
from aio_pika.abc import AbstractExchange, AbstractIncomingMessage

from messenger_platform.broker import (
    BACK_OFF_S,
    EPHEMERAL_EXCHANGE,
    EVENTS_EXCHANGE,
    LINK_ERRORS,
    UNREADABLE,
    connect,
    until_closed,
)
from messenger_platform.errors import Unavailable
from messenger_platform.events import POSITION_HEADER, Position
from messenger_platform.reconnect import BackOff, reconnect
from messenger_platform.tasks import cancel
from realtime_service.domain import events
from realtime_service.services.hub import Hub
from realtime_service.services.tasks import Tasks

QUEUE_ARGUMENTS: dict[str, str | int] = {"x-queue-type": "classic", "x-max-length": 20_000, "x-overflow": "drop-head"}
# How far before the loss of the link the catching up begins: the relay's lag and the heartbeat that notices the loss.
MARGIN = timedelta(seconds=30)

logger = logging.getLogger(__name__)


class _Typing(msgspec.Struct):
    origin: str
    chat_id: int
    user_id: int


class FanOut:
    """Feed the hub from RabbitMQ, and carry its typing to the other instances."""

    def __init__(self, url: str, hub: Hub) -> None:
        self._url = url
        self._hub = hub
        self._ephemeral: AbstractExchange | None = None
        self._origin = f"{random.getrandbits(64):x}"
        self._typing = msgspec.json.Decoder(_Typing)
        self._publishing = Tasks()
        # From the first moment on: clients may connect before the queue is bound.
        self._lost_at: datetime | None = datetime.now(UTC)
        # Everything said before this time has been heard, as far as the log goes without a gap.
        self._heard_at = self._gap_begins_at = datetime.now(UTC)
        self._epoch: str | None = None
        self._begun_anew = asyncio.Event()
        self.connected = False

    async def check(self) -> None:
        """Raise `Unavailable` while no events arrive."""
        if not self.connected:
            raise Unavailable("RabbitMQ does not answer.")

    async def run(self) -> NoReturn:
        """Consume for ever: connect, declare, consume, on any close back off and start again."""
        await reconnect(self._session, BackOff(*BACK_OFF_S), breaks=LINK_ERRORS, lost=self._lost)

    @staticmethod
    def _lost(error: Exception) -> None:
        logger.warning("the fan-out lost its broker", extra={"error": repr(error)})

    async def _session(self) -> None:
        try:
            await self._consume()
        finally:
            self._lost_at = self._lost_at or datetime.now(UTC)
            self.connected = False
            self._ephemeral = None

    async def _consume(self) -> None:
        connection = await connect(self._url)
        async with connection:
            channel = await connection.channel(publisher_confirms=False)
            queue = await channel.declare_queue(exclusive=True, auto_delete=True, arguments=dict(QUEUE_ARGUMENTS))
            await queue.bind(EVENTS_EXCHANGE, "chat.*")
            await queue.bind(EPHEMERAL_EXCHANGE)
            self._ephemeral = await channel.get_exchange(EPHEMERAL_EXCHANGE, ensure=False)
            self._hub.hold_events()
            await queue.consume(self._take, no_ack=True)
            self.connected = True
            closed = asyncio.ensure_future(until_closed(connection, channel))
            missed = asyncio.ensure_future(self._keep_up())
            try:
                await asyncio.wait({closed, missed}, return_when=asyncio.FIRST_COMPLETED)
                if missed.done():
                    await missed  # An unexpected error ends the process; it must not pass for having caught up.
            finally:
                await cancel(closed, missed)

    async def _keep_up(self) -> NoReturn:
        """Fetch what was missed, at first and whenever the log begins anew; meanwhile the events wait."""
        await self._catch_up((self._lost_at or datetime.now(UTC)) - MARGIN)
        self._lost_at = None
        while True:
            while self._begun_anew.is_set():
                epoch = self._epoch
                await self._catch_up(self._gap_begins_at - MARGIN)
                # Not before: a link that breaks meanwhile leaves the gap to the next one, as does a newer log.
                if epoch == self._epoch:
                    self._begun_anew.clear()
            self._hub.release_events()
            await self._begun_anew.wait()

    async def _catch_up(self, since: datetime) -> None:
        while True:
            try:
                await self._hub.catch_up(since)
            except Unavailable:
                await asyncio.sleep(BACK_OFF_S[0])
            else:
                return

    async def _take(self, message: AbstractIncomingMessage) -> None:
        """Apply a message without waiting, so that messages are applied in the order of their arrival."""
        try:
            if message.exchange == EPHEMERAL_EXCHANGE:
                typing = self._typing.decode(message.body)
                if typing.origin != self._origin:
                    self._hub.show_typing(typing.chat_id, typing.user_id)
                return
            self._notice_epoch(message.headers.get(POSITION_HEADER))
            for envelope in events.envelopes.decode(message.body):
                self._apply(envelope)
                self._heard_at = envelope.time
        except UNREADABLE:
            logger.exception("an event could not be read", extra={"key": message.routing_key})

    def _notice_epoch(self, header: object) -> None:
        """Begin to catch up when a message is of another log than those before."""
        if header is None:
            return
        position = Position.parse(str(header))
        if position.epoch == self._epoch or (self._epoch is not None and position.precedes(self._epoch)):
            return
        logger.info("the log of events begins anew", extra={"epoch": position.epoch})
        self._epoch = position.epoch
        if not self._begun_anew.is_set():
            self._gap_begins_at = self._heard_at
        self._hub.hold_events()
        self._begun_anew.set()

    def _apply(self, envelope: events.Envelope) -> None:
        if envelope.type == "MessageSent":
            self._hub.apply(events.message_sent.decode(envelope.data))
        elif envelope.type == "MessageRead":
            self._hub.apply_read(events.message_read.decode(envelope.data))
        elif envelope.type in events.CHANGES_OF_MESSAGES:
            self._hub.apply(events.message_changed.decode(envelope.data))
        elif envelope.type == "ChatSettingsChanged":
            self._hub.apply_settings(events.chat_settings_changed.decode(envelope.data))
        elif envelope.type == "ChatResynced":
            self._hub.apply(events.chat_resynced.decode(envelope.data))
        elif envelope.type in events.CHAT_EVENTS:
            self._hub.apply(events.chat_event.decode(envelope.data))

    def publish_typing(self, chat_id: int, user_id: int) -> None:
        """Show typing here and at the other instances; droppable, so nobody waits for it."""
        self._hub.show_typing(chat_id, user_id)
        if self._ephemeral is not None:
            body = msgspec.json.encode(_Typing(self._origin, chat_id, user_id))
            message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.NOT_PERSISTENT, expiration=5)
            self._publishing.start(self._publish(self._ephemeral, message))

    @staticmethod
    async def _publish(exchange: AbstractExchange, message: aio_pika.Message) -> None:
        try:
            await exchange.publish(message, "", mandatory=False)
        except (aio_pika.exceptions.AMQPError, OSError, RuntimeError) as error:
            logger.info("typing was dropped", extra={"error": repr(error)})
