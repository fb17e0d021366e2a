"""Clients that break the protocols below ours, are too large, or too slow: they go, everyone else stays."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from messenger_testing.cast import Cast
from messenger_testing.client import LiveClient

FIN, TEXT, BINARY, CONTINUATION, CLOSE, PING = 0x80, 1, 2, 0, 8, 9
MASK = b"\1\2\3\4"
SLOW_CLIENTS = 200


def _frame(head: int, payload: bytes, *, masked: bool = True) -> bytes:
    """Make a frame of RFC 6455, good or not."""
    bit = 0x80 if masked else 0
    if len(payload) < 126:
        size = bytes([bit | len(payload)])
    elif len(payload) < 65536:
        size = bytes([bit | 126]) + len(payload).to_bytes(2)
    else:
        size = bytes([bit | 127]) + len(payload).to_bytes(8)
    body = bytes(byte ^ MASK[index % 4] for index, byte in enumerate(payload)) if masked else payload
    return bytes([head]) + size + (MASK if masked else b"") + body


@asynccontextmanager
async def _upgraded(
    public_url: str, token: str, extra: str = ""
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]]:
    """Open a WebSocket by hand; the answer's head comes along."""
    url = httpx.URL(public_url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    key = base64.b64encode(os.urandom(16)).decode()
    head = (
        f"GET /ws HTTP/1.1\r\nHost: {url.netloc.decode()}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nAuthorization: Bearer {token}\r\n{extra}\r\n"
    )
    writer.write(head.encode())
    try:
        yield reader, writer, await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    finally:
        writer.close()


async def _close_code(reader: asyncio.StreamReader) -> int:
    """Return the code of the close frame with which a server ends what it says, 0 when there is none."""
    received = b""
    while chunk := await reader.read(65536):
        received += chunk
        # What comes before it is hello, which is ASCII.
        _, found, close = received.partition(bytes([FIN | CLOSE]))
        if found and len(close) >= 3:
            return int.from_bytes(close[1:3])
    return 0


ABUSES: dict[str, tuple[bytes, set[int]]] = {
    "unmasked": (_frame(FIN | TEXT, b'{"type":"ping"}', masked=False), {1002}),
    "reserved bits": (_frame(FIN | 0x70 | TEXT, b"{}"), {1002}),
    "compressed without leave": (_frame(FIN | 0x40 | TEXT, b"\xaa\x56\x2a\x4b"), {1002}),
    "unknown opcode": (_frame(FIN | 3, b"x"), {1002}),
    "long control frame": (_frame(FIN | PING, b"x" * 126), {1002}),
    "control frame in pieces": (_frame(PING, b"x"), {1002}),
    "continuation of nothing": (_frame(FIN | CONTINUATION, b"x"), {1002}),
    "text within text": (_frame(TEXT, b"{") + _frame(FIN | TEXT, b"}"), {1002}),
    "not UTF-8": (_frame(FIN | TEXT, b"\xff\xfe"), {1007}),
    "a surrogate in UTF-8": (_frame(FIN | TEXT, b'"\xed\xa0\x80"'), {1007}),
    "70,000 bytes": (_frame(FIN | TEXT, b'"' + b"x" * 70_000), {1009}),
    "80 pieces of 1,000 bytes": (_frame(TEXT, b"x" * 1000) + _frame(CONTINUATION, b"x" * 1000) * 79, {1009}),
    "2^63 bytes announced": (bytes([FIN | TEXT, 0xFF]) + (2**63 - 1).to_bytes(8) + MASK, {1009, 1002}),
    "bad close code": (_frame(FIN | CLOSE, (1005).to_bytes(2)), {1002}),
}


@pytest.mark.parametrize("abuse", ABUSES)
async def test_who_breaks_the_protocol_is_closed_and_nobody_else(cast: Cast, public_url: str, abuse: str) -> None:
    sent, codes = ABUSES[abuse]
    async with _upgraded(public_url, cast["stranger"].token) as (reader, writer, head):
        assert head.startswith(b"HTTP/1.1 101 ")
        writer.write(sent)
        assert await asyncio.wait_for(_close_code(reader), 10) in codes
    async with await LiveClient.open(public_url, cast["stranger"].token) as live:
        await live.send({"type": "ping"})
        await live.wait_for(lambda frame: frame["type"] == "pong")


async def test_compression_is_never_agreed_to(cast: Cast, public_url: str) -> None:
    offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    async with _upgraded(public_url, cast["stranger"].token, offer) as (_, _, head):
        assert head.startswith(b"HTTP/1.1 101 ")
        assert b"sec-websocket-extensions" not in head.lower()


async def test_the_longest_text_fits_however_it_is_escaped(cast: Cast, stack: AsyncExitStack) -> None:
    live = await stack.enter_async_context(await cast["participant"].live())
    client_id, text = str(uuid.uuid4()), "\\ud83d\\ude00" * 4096
    frame = f'{{"type":"send","chat_id":{cast.chat_id},"client_id":"{client_id}","text":"{text}"}}'
    await live.send_raw(frame)
    assert (await live.wait_for_ack(client_id))["message"]["text"] == "😀" * 4096


async def test_a_thousand_bad_frames_in_a_row_are_abuse_and_end_one_connection(
    cast: Cast, stack: AsyncExitStack
) -> None:
    bystander = await stack.enter_async_context(await cast["participant"].live())
    abuser = await stack.enter_async_context(await cast["stranger"].live())
    with contextlib.suppress(ConnectionClosed):
        for _ in range(1100):
            await abuser.send_raw("{")
    assert await abuser.wait_closed() == 1008
    await bystander.say(cast.chat_id, "ordinary")


async def test_two_hundred_who_send_their_headers_slowly_keep_nobody_waiting(cast: Cast, public_url: str) -> None:
    url = httpx.URL(public_url)
    opened = [await asyncio.open_connection(url.host, url.port) for _ in range(SLOW_CLIENTS)]
    started = time.monotonic()
    for number, (_, writer) in enumerate(opened):
        line = b"GET /ws HTTP/1.1\r\n" if number % 2 else b"POST /api/chats HTTP/1.1\r\nContent-Length: 9\r\n"
        writer.write(line + b"Host: localhost\r\nX-Slow: ")
    took = []
    for _ in range(30):
        before = time.monotonic()
        assert (await cast["creator"].http.get("/api/users/me")).status_code == 200
        took.append(time.monotonic() - before)
    live = await cast["creator"].live()
    await live.say(cast.chat_id, "ordinary")
    assert sorted(took)[len(took) // 2] < 1
    answers = await asyncio.wait_for(asyncio.gather(*(reader.read(-1) for reader, _ in opened)), 15)
    # Five seconds are the limit of README and gateway/README.md; the rest is for a busy machine.
    assert time.monotonic() - started < 12
    assert all(answer == b"" or answer.startswith(b"HTTP/1.1 408 ") for answer in answers)
    for _, writer in opened:
        writer.close()
