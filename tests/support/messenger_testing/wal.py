"""Messages of PostgreSQL's logical replication (pgoutput), good ones and cut ones."""

from __future__ import annotations

import struct

COMMIT_LSN, END_LSN = 0x1000, 0x1030
REFUSALS = (struct.error, ValueError, IndexError)


def begin() -> bytes:
    """Begin a transaction."""
    return b"B" + struct.pack(">QQI", COMMIT_LSN, 0, 7)


def message(prefix: str, body: bytes, *, transactional: bool = True) -> bytes:
    """Emit a logical decoding message."""
    head = b"M" + struct.pack(">BQ", int(transactional), 0x900)
    return head + prefix.encode() + b"\0" + struct.pack(">I", len(body)) + body


def commit() -> bytes:
    """Commit it."""
    return b"C" + struct.pack(">BQQQ", 0, COMMIT_LSN, END_LSN, 0)


def joined(*messages: bytes) -> bytes:
    """Write messages behind each other, each after its length, for `cut`."""
    return b"".join(struct.pack(">H", len(part)) + part for part in messages)


def cut(data: bytes) -> list[bytes]:
    """Read what `joined` wrote, and anything else as well."""
    parts, at = [], 0
    while at + 2 <= len(data):
        size = int.from_bytes(data[at : at + 2])
        parts.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    return parts
