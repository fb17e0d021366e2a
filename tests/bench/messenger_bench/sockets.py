"""Clients that cost little: picows sockets that read of a frame only what the benchmark counts.

A text begins with the nanosecond at which it was sent, by the machine's monotonic clock, so that a receiver knows how
long it took without asking anyone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from messenger_bench.world import Account

SETTLE_S = 10.0
TEXT_BYTES = 100
STAMP_DIGITS = 19
_FILLING = "x" * (TEXT_BYTES - STAMP_DIGITS)


class _Message(msgspec.Struct):
    id: int
    chat_id: int
    sender_id: int
    text: str
    client_id: str | None = None


class _Frame(msgspec.Struct):
    type: str
    version: int = 0
    message: _Message | None = None
    detail: str = ""


_decoder = msgspec.json.Decoder(_Frame)


class Count:
    """What all clients of a run have seen; latencies in nanoseconds, kept while `measuring`."""

    def __init__(self) -> None:
        self.measuring = False
        self.sent = 0
        self.acknowledged = 0
        self.delivered = 0
        self.measured = 0
        self.doubled = 0
        self.gaps = 0
        self.refused: list[str] = []
        self.closed = 0
        self.ack_ns: list[int] = []
        self.delivery_ns: list[int] = []

    @property
    def is_clean(self) -> bool:
        """Whether nothing was doubled, out of order, refused or cut."""
        return not (self.doubled or self.gaps or self.refused or self.closed)


class Client(WSListener):  # type: ignore[misc]  # Its Cython class has no types.
    """One socket of an account; `window` is how many of its own messages may be unacknowledged (closed loop)."""

    def __init__(self, account: Account, count: Count, versions: dict[int, int]) -> None:
        self.account = account
        self._count = count
        self._versions = dict(versions)
        self._transport: WSTransport
        self.said_hello = asyncio.get_running_loop().create_future()
        self.chat_id = 0
        self.window = 0
        self._in_flight = 0
        self._last = b""
        self._serial = 0
        self._prefix = f"{account.user_id:08x}-{time.time_ns() >> 20 & 0xFFFF:04x}-4{time.time_ns() >> 8 & 0xFFF:03x}"

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Keep the transport."""
        self._transport = transport

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        """Count a connection that was not closed by us."""
        self._count.closed += 1
        if not self.said_hello.done():
            self.said_hello.set_exception(ConnectionError("closed before hello"))

    def on_ws_frame(self, _transport: WSTransport, frame: WSFrame) -> None:
        """Take a frame; bytes that came before on this socket are a message told twice."""
        body = frame.get_payload_as_bytes()
        if body == self._last:
            self._count.doubled += 1
        self._last = body
        told = _decoder.decode(body)
        if told.type == "message" and told.message is not None:
            self._take(told.version, told.message)
        elif told.type == "hello":
            self.said_hello.set_result(None)
        elif told.type == "error":
            self._count.refused.append(told.detail)

    def _take(self, version: int, message: _Message) -> None:
        count = self._count
        last = self._versions.get(message.chat_id)
        if last is not None and version != last + 1:
            count.doubled += version <= last
            count.gaps += version > last
        self._versions[message.chat_id] = version
        took = time.perf_counter_ns() - int(message.text[:STAMP_DIGITS])
        if message.sender_id == self.account.user_id:
            count.acknowledged += 1
            if count.measuring:
                count.ack_ns.append(took)
            self._in_flight -= 1
            self.fill()
        else:
            count.delivered += 1
            if count.measuring:
                count.measured += 1
                count.delivery_ns.append(took)

    def fill(self) -> None:
        """Send until the window is full."""
        while self._in_flight < self.window:
            self.send(self.chat_id, time.perf_counter_ns())

    def send(self, chat_id: int, at_ns: int) -> str:
        """Send a message that bears this moment, in nanoseconds; returns its client id."""
        self._serial += 1
        self._in_flight += 1
        self._count.sent += 1
        client_id = f"{self._prefix}-8000-{self._serial:012x}"
        text = f"{at_ns:0{STAMP_DIGITS}d}{_FILLING}"
        frame = f'{{"type":"send","chat_id":{chat_id},"client_id":"{client_id}","text":"{text}"}}'
        self._transport.send(WSMsgType.TEXT, frame.encode())
        return client_id

    def cut(self) -> None:
        """Drop the connection without a word; it is not counted."""
        self._count.closed -= 1
        self._transport.underlying_transport.abort()

    def disconnect(self) -> None:
        """Close; it is not counted."""
        self._count.closed -= 1
        self._transport.disconnect()


class Bystander(Client):
    """A member of a group who only listens: reads as little of a frame as will tell its version and its time."""

    last_version = 0

    def on_ws_frame(self, _transport: WSTransport, frame: WSFrame) -> None:
        """Take a frame of the one group there is."""
        body = frame.get_payload_as_bytes()
        if body.startswith(b'{"type":"message","version":'):
            version = int(body[28 : body.index(b",", 28)])
            if self.last_version and version != self.last_version + 1:
                self._count.doubled += version <= self.last_version
                self._count.gaps += version > self.last_version
            self.last_version = version
            self._count.delivered += 1
            if self._count.measuring:
                self._count.measured += 1
                start = body.index(b'"text":"', 28) + 8
                took = time.perf_counter_ns() - int(body[start : start + STAMP_DIGITS])
                self._count.delivery_ns.append(took)
        elif body.startswith(b'{"type":"hello"'):
            self.said_hello.set_result(None)
        elif body.startswith(b'{"type":"error"'):
            self._count.refused.append(body.decode())


async def until(reached: Callable[[], bool], patience_s: float = SETTLE_S) -> None:
    """Wait until a count is reached, or for as long as is reasonable: what is missing then is lost."""
    deadline = time.perf_counter() + patience_s
    while not reached() and time.perf_counter() < deadline:  # noqa: ASYNC110 - many sockets count.
        await asyncio.sleep(0.05)


async def connect(public_url: str, client: Client) -> Any:
    """Open the client's socket and wait for hello."""
    url = public_url.replace("http", "ws", 1) + "/ws"
    await ws_connect(lambda: client, url, extra_headers=client.account.headers, enable_auto_pong=True)
    await client.said_hello
    return client
