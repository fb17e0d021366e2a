"""Domain events as CloudEvents 1.0 in batched mode, and how they enter the WAL.

The WAL is the outbox: `emit` writes the events as logical decoding messages inside the caller's transaction, so they
exist if and only if the transaction commits. The relay forwards each message's bytes untouched; hence the batches are
packed here, at most 50 events or 64 KiB each.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

WAL_PREFIX = "messenger."
CONTENT_TYPE = "application/cloudevents-batch+json"
POSITION_HEADER = "x-pos"
MAX_EVENTS = 50
MAX_BYTES = 64 * 1024
# For callers that speak asyncpg directly: $1 the prefix, $2 the body, both from `wal_messages`.
EMIT_SQL = "SELECT pg_logical_emit_message(true, $1, $2::bytea)"
_EMIT = text("SELECT pg_logical_emit_message(true, :prefix, CAST(:body AS bytea))")

T = TypeVar("T")
# Together they are unique for all time, without asking the kernel for random bytes with each event.
_PROCESS = secrets.token_hex(12)
_serial = itertools.count(1)
_encoder = msgspec.json.Encoder()


class Event(msgspec.Struct, omit_defaults=False):
    """One CloudEvent; `data` is the payload of the type, encoded with the envelope in one pass."""

    type: str
    source: str
    subject: str
    data: Any
    specversion: str = "1.0"
    id: str = msgspec.field(default_factory=lambda: f"{_PROCESS}-{next(_serial):x}")
    time: datetime = msgspec.field(default_factory=lambda: datetime.now(UTC))


def pack(events: Iterable[Event]) -> list[bytes]:
    """Encode events into JSON arrays of at most 50 events and, unless one event alone is larger, 64 KiB."""
    batches: list[bytes] = []
    parts: list[bytes] = []
    size = 0
    for event in events:
        body = _encoder.encode(event)
        if parts and (len(parts) == MAX_EVENTS or size + len(body) > MAX_BYTES):
            batches.append(b"[" + b",".join(parts) + b"]")
            parts, size = [], 0
        parts.append(body)
        size += len(body) + 1
    if parts:
        batches.append(b"[" + b",".join(parts) + b"]")
    return batches


def wal_messages(events: Iterable[tuple[str, Event]]) -> list[tuple[str, bytes]]:
    """Pack `(routing key, event)` pairs into `(WAL prefix, body)`; the order of the events is kept."""
    messages: list[tuple[str, bytes]] = []
    run: list[Event] = []
    key = ""
    for routing_key, event in events:
        if run and routing_key != key:
            messages += [(WAL_PREFIX + key, body) for body in pack(run)]
            run = []
        key = routing_key
        run.append(event)
    messages += [(WAL_PREFIX + key, body) for body in pack(run)]
    return messages


def decode_batch(body: bytes, decoder: msgspec.json.Decoder[list[T]]) -> list[T]:
    """Decode an AMQP body with the consumer's own reader; unknown fields are ignored."""
    return decoder.decode(body)


class Position(msgspec.Struct, frozen=True, order=True):
    """Where an AMQP message stands in the log: `(commit end LSN, index in the transaction)` of one epoch.

    Positions of one epoch compare by `order`; another epoch (slot made anew, restored backup) starts a new log.
    """

    order: str
    epoch: str

    def precedes(self, epoch: str) -> bool:
        """Tell whether this position is of an older log than `epoch`: a leftover of a slot that was replaced.

        An epoch is `system.timeline.incarnation`, and the slots of one cluster are numbered upwards. Logs of other
        clusters and timelines cannot be compared; the one that was met last counts.
        """
        log, _, own = self.epoch.rpartition(".")
        other, _, current = epoch.rpartition(".")
        return log == other and own.isdecimal() and current.isdecimal() and int(own) < int(current)

    def __str__(self) -> str:
        return f"{self.epoch}:{self.order}"

    @classmethod
    def parse(cls, header: str) -> Position:
        """Read the `x-pos` header; raises `ValueError` when it is malformed."""
        epoch, separator, order = header.rpartition(":")
        if not separator or not epoch or len(order) != 25:  # noqa: PLR2004 - 16 hex digits, a dash, 8 hex digits.
            raise ValueError(f"not a position: {header!r}")
        return cls(order=order, epoch=epoch)

    @classmethod
    def at(cls, epoch: str, lsn: int, index: int) -> Position:
        """Make the position of the `index`-th message of the transaction that ends at `lsn`."""
        return cls(order=f"{lsn:016x}-{index:08x}", epoch=epoch)


async def emit(connection: AsyncConnection | AsyncSession, events: Iterable[tuple[str, Event]]) -> None:
    """Write `(routing key, event)` pairs into the WAL as part of the connection's open transaction."""
    for prefix, body in wal_messages(events):
        await connection.execute(_EMIT, {"prefix": prefix, "body": body})
