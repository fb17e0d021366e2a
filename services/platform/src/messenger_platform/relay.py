"""The WAL relay: logical decoding messages of committed transactions → RabbitMQ, in commit order, at least once.

Guarantees
    Every event of a committed transaction is published, in commit order, with a publisher confirm, before the slot
    forgets it. After a crash some are published again with the same position, which consumers compare.
Who owns the stream
    The replication slot is the lock: two relays run, the second waits until PostgreSQL frees the slot.
    The slot is made by the deployment, and anew by a resync only. No slot, or a lost one, means lost events: the relay
    refuses to start (docs/operations.md). Of several slots the newest counts.
Faults
    Crash-only: a refused confirm, a returned message, a closed channel or a lost link ends the process, and the
    supervisor starts it again from the slot's position. There is no reconnect logic to be wrong. At its start it waits
    for servers that are away, so that it is there in the moment they are.
Shutdown
    What is not confirmed is not acknowledged, so it comes again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import struct
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

import aio_pika
import psycopg2
import psycopg2.errors
from aio_pika.abc import AbstractExchange
from psycopg2.extras import LogicalReplicationConnection, ReplicationCursor

from messenger_platform.broker import EVENTS_EXCHANGE, connect
from messenger_platform.events import CONTENT_TYPE, POSITION_HEADER, WAL_PREFIX, Position

PUBLICATION = "messenger_relay"
SLOT_NAME = re.compile(r"relay_(\d+)")
REMEDY = "Run `make resync` (python -m chat_service resync): it makes a new slot and brings every reader up to date."
RETRY_S = 0.1
CONNECT_TIMEOUT_S = 3
FEEDBACK_S = 0.1
IDLE_S = 1.0
WINDOW = 500  # AMQP messages that may await their confirm.
_PREFIX = WAL_PREFIX.encode()
T = TypeVar("T")

logger = logging.getLogger(__name__)


class NoSlot(Exception):  # noqa: N818 - errors are named as facts.
    """The replication slot is gone or lost: events are missing, and only a resync brings the readers back."""


class BrokerLost(Exception):  # noqa: N818 - errors are named as facts.
    """RabbitMQ refused, returned or did not confirm a message, or the link broke."""


@dataclass(slots=True)
class Transaction:
    """A committed transaction on its way: acknowledged to PostgreSQL when all its messages are confirmed."""

    end_lsn: int
    messages: list[tuple[str, bytes]] = field(default_factory=list)
    unconfirmed: int = 0


class Decoder:
    """Reads pgoutput (protocol 1, messages on): `feed` returns a transaction at its commit, otherwise None."""

    def __init__(self) -> None:
        self._open: Transaction | None = None

    @property
    def in_transaction(self) -> bool:
        """Whether a begin was seen whose commit was not."""
        return self._open is not None

    def feed(self, payload: bytes) -> Transaction | None:
        """Take one pgoutput message; kinds that carry no event are passed over."""
        kind = payload[:1]
        if kind == b"B":
            self._open = Transaction(end_lsn=0)
        elif kind == b"M":
            self._message(payload)
        elif kind == b"C":
            # Int8 flags, Int64 commit LSN, Int64 end LSN, Int64 time.
            (end_lsn,) = struct.unpack_from(">Q", payload, 10)
            done, self._open = self._open, None
            if done is not None:
                done.end_lsn = end_lsn
                return done
        return None

    def _message(self, payload: bytes) -> None:
        # Int8 flags (1 = transactional), Int64 LSN, String prefix, Int32 length, bytes.
        if payload[1] != 1 or self._open is None:
            return  # Heartbeats and strangers' non-transactional messages are no events.
        end = payload.index(b"\0", 10)
        prefix = payload[10:end]
        if prefix.startswith(_PREFIX):
            self._open.messages.append((prefix[len(_PREFIX) :].decode(), payload[end + 5 :]))


class WALRelay:
    """Stream the slot and publish; `run` ends only by an exception, and then the process should end.

    `mandatory_keys` are the routing keys that some durable queue must receive: a message of theirs that no queue
    takes is fatal, while live fan-out may have no listener.
    """

    def __init__(self, *, dsn: str, broker_url: str, mandatory_keys: frozenset[str]) -> None:
        self._dsn = dsn
        self._broker_url = broker_url
        self._mandatory_keys = mandatory_keys
        self._decoder = Decoder()
        self._outstanding: deque[Transaction] = deque()
        self._confirms: set[asyncio.Task[None]] = set()
        self._window = asyncio.Semaphore(WINDOW)
        self._confirmed_lsn = 0
        self._reported_lsn = 0
        self._wake = asyncio.Event()
        self._error: BaseException | None = None
        self.active = False
        self.connected = False

    async def run(self) -> None:
        """Connect to RabbitMQ and PostgreSQL when they are there, wait for the slot, stream until something breaks."""
        broker = await self._reach("RabbitMQ", lambda: connect(self._broker_url))
        async with broker:
            broker.close_callbacks.add(lambda *_: self._fail(BrokerLost("The broker closed the connection.")))
            channel = await broker.channel(publisher_confirms=True, on_return_raises=True)
            channel.close_callbacks.add(lambda *_: self._fail(BrokerLost("The broker closed the channel.")))
            exchange = await channel.get_exchange(EVENTS_EXCHANGE, ensure=False)
            cursor = await self._reach("PostgreSQL", lambda: _connect(self._dsn))
            self.connected = True
            try:
                epoch = await self._take_slot(cursor)
                self.active = True
                logger.info("relay is active", extra={"epoch": epoch})
                await self._stream(cursor, exchange, epoch)
            finally:
                cursor.connection.close()

    def _fail(self, error: BaseException) -> None:
        self._error = self._error or error
        self._wake.set()

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    async def _reach(self, name: str, attempt: Callable[[], Awaitable[T]]) -> T:
        told = False
        while True:
            self._check()
            try:
                return await attempt()
            except (OSError, psycopg2.OperationalError) as error:
                if not told:
                    logger.warning("a server takes no connection yet", extra={"server": name, "error": repr(error)})
                told = True
            await asyncio.sleep(RETRY_S)

    async def _take_slot(self, cursor: ReplicationCursor) -> str:
        """Wait until the slot is free, as the standby does for as long as the other relay lives."""
        while True:
            self._check()
            epoch = _start_replication(cursor)
            if epoch is not None:
                return epoch
            await asyncio.sleep(RETRY_S)

    async def _stream(self, cursor: ReplicationCursor, exchange: AbstractExchange, epoch: str) -> None:
        loop = asyncio.get_running_loop()
        loop.add_reader(cursor.fileno(), self._wake.set)  # type: ignore[no-untyped-call]  # The stubs lack it.
        try:
            while True:
                self._check()
                self._wake.clear()
                message = cursor.read_message()
                if message is None:
                    self._feed_back(cursor)
                    # The timer is for feedback only: data and failures wake the loop themselves.
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(FEEDBACK_S if self._outstanding else IDLE_S):
                            await self._wake.wait()
                    continue
                transaction = self._decoder.feed(message.payload)
                if transaction is not None:
                    await self._publish(transaction, exchange, epoch)
        finally:
            loop.remove_reader(cursor.fileno())  # type: ignore[no-untyped-call]  # As above.

    async def _publish(self, transaction: Transaction, exchange: AbstractExchange, epoch: str) -> None:
        """Start publishing in order; the confirms come back on their own."""
        self._outstanding.append(transaction)
        transaction.unconfirmed = len(transaction.messages)
        for index, (routing_key, body) in enumerate(transaction.messages):
            await self._window.acquire()
            message = aio_pika.Message(
                body,
                content_type=CONTENT_TYPE,
                delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                headers={POSITION_HEADER: str(Position.at(epoch, transaction.end_lsn, index))},
            )
            # Tasks start in the order of their creation and queue up at the channel's lock, so the order is kept.
            task = asyncio.create_task(self._confirm(transaction, exchange, message, routing_key))
            self._confirms.add(task)
            task.add_done_callback(self._confirms.discard)
        self._settle()
        await asyncio.sleep(0)

    async def _confirm(
        self, transaction: Transaction, exchange: AbstractExchange, message: aio_pika.Message, routing_key: str
    ) -> None:
        try:
            await exchange.publish(message, routing_key, mandatory=routing_key in self._mandatory_keys)
        except Exception as error:  # noqa: BLE001 - whatever it was, the message is not confirmed and we end.
            self._fail(BrokerLost(f"A message with key {routing_key} was not confirmed: {error!r}"))
            return
        finally:
            self._window.release()
        transaction.unconfirmed -= 1
        self._settle()

    def _settle(self) -> None:
        """Move the confirmed position over the oldest transactions that are confirmed whole."""
        while self._outstanding and not self._outstanding[0].unconfirmed:
            self._confirmed_lsn = self._outstanding.popleft().end_lsn

    def _feed_back(self, cursor: ReplicationCursor) -> None:
        """Tell PostgreSQL what it may forget; when idle, follow its own position, or quiet chats would hold the WAL."""
        if not self._outstanding and not self._decoder.in_transaction:
            self._confirmed_lsn = max(self._confirmed_lsn, cursor.wal_end)
        if self._confirmed_lsn > self._reported_lsn:
            cursor.send_feedback(flush_lsn=self._confirmed_lsn, force=True)  # type: ignore[no-untyped-call]  # As above.
            self._reported_lsn = self._confirmed_lsn


async def _connect(dsn: str) -> ReplicationCursor:
    # This blocks the loop, as what follows does, and it has nothing else to do: for milliseconds, or for the timeout
    # when nobody answers. In a thread, a cancellation could leave the stream running with nobody to read it.
    connection = psycopg2.connect(
        dsn, connection_factory=LogicalReplicationConnection, connect_timeout=CONNECT_TIMEOUT_S
    )
    cursor: ReplicationCursor = connection.cursor()
    return cursor


def _start_replication(cursor: ReplicationCursor) -> str | None:
    """Start the stream and return its epoch; None while another relay holds the slot.

    Raises `NoSlot` when there is no slot to hold.
    """
    slot, incarnation = _find_slot(cursor)
    cursor.execute("IDENTIFY_SYSTEM")
    system, timeline, *_ = cursor.fetchone() or ("", "")
    try:
        cursor.start_replication(
            slot_name=slot,
            decode=False,
            status_interval=5,
            options={"proto_version": "1", "publication_names": PUBLICATION, "messages": "true"},
        )
    except psycopg2.errors.ObjectInUse:
        return None
    return f"{system}.{timeline}.{incarnation}"


def _find_slot(cursor: ReplicationCursor) -> tuple[str, int]:
    cursor.execute(
        "SELECT slot_name, wal_status FROM pg_replication_slots "
        "WHERE database = current_database() AND slot_type = 'logical'"
    )
    slots = [
        (int(match[1]), name, status)
        for name, status in cursor.fetchall()
        if (match := SLOT_NAME.fullmatch(name)) is not None
    ]
    if not slots:
        raise NoSlot(f"There is no replication slot relay_<n>: events may be missing. {REMEDY}")
    incarnation, name, status = max(slots)
    if status == "lost":
        raise NoSlot(f"The replication slot {name} is lost: events are missing. {REMEDY}")
    return name, incarnation
