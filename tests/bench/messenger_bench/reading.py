"""W5: pages of history and the list of chats, by REST."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from messenger_bench.costs import Meter
from messenger_bench.figures import latency
from messenger_bench.stored import make_groups, speak
from messenger_bench.world import Account, World

PAGE = 50
SIZES = (10_000, 1_000_000)
CHATS = 500
OK = b"HTTP/1.1 200"


class Reader:
    """One keep-alive HTTP connection: the next request leaves when the answer is whole."""

    def __init__(self, public_url: str, account: Account) -> None:
        parts = urlsplit(public_url)
        self._address = (parts.hostname, parts.port)
        self._head = f"Host: {parts.netloc}\r\nAuthorization: Bearer {account.token}\r\n\r\n"

    async def read(self, paths: Iterator[str], until: float, took: list[int]) -> int:
        """Ask for one path after the other until then; returns how many answers were no page."""
        reader, writer = await asyncio.open_connection(*self._address)
        wrong = 0
        while time.perf_counter() < until:
            start = time.perf_counter_ns()
            writer.write(f"GET {next(paths)} HTTP/1.1\r\n{self._head}".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.partition(b":")[2]))
            took.append(time.perf_counter_ns() - start)
            wrong += not head.startswith(OK)
        writer.close()
        return wrong


async def w5(world: World, *, seconds: float, warm_up: float, clients: int = 16) -> dict[str, Any]:
    """Pages anywhere in a chat of ten thousand and of a million messages, and a list of 500 chats."""
    one, other = await world.accounts(2)
    found: dict[str, Any] = {}
    for size in SIZES:
        paths = await pages(world, one, other, size)
        await ask(world, one, paths, warm_up, clients)
        found[f"page_of_{size}"] = await ask(world, one, paths, seconds, clients)
    listed: int = await world.database.fetchval("SELECT count(*) FROM participant WHERE user_id = $1", other.user_id)
    if listed < CHATS:
        await make_groups(world.database, other.user_id, one.user_id, CHATS - listed)
    lists = itertools.repeat("/api/chats?limit=50")
    await ask(world, other, lists, warm_up, clients)
    found["list_of_500_chats"] = await ask(world, other, lists, seconds, clients)
    return found


async def _chat_of(world: World, one: Account, other: Account, size: int) -> int:
    """Return a group with that many messages, made at its first use."""
    title = f"{size} messages"
    known: int | None = await world.database.fetchval(
        "SELECT id FROM chat WHERE title = $1 AND creator_id = $2", title, one.user_id
    )
    if known is not None:
        return known
    chat_id = await world.group(one, title, [other.user_id])
    await speak(world.database, chat_id, [one.user_id, other.user_id], size)
    return chat_id


async def pages(world: World, one: Account, other: Account, size: int) -> Iterator[str]:
    """Return requests for pages anywhere in a group of these two with that many messages."""
    chat_id = await _chat_of(world, one, other, size)
    return _anywhere(chat_id, *await _ids(world, chat_id))


def _anywhere(chat_id: int, first: int, last: int) -> Iterator[str]:
    while True:
        yield f"/api/history/{chat_id}?limit={PAGE}&before_id={first + secrets.randbelow(last - first)}"


async def _ids(world: World, chat_id: int) -> tuple[int, int]:
    row = await world.database.fetchrow("SELECT min(id), max(id) FROM message WHERE chat_id = $1", chat_id)
    return row["min"], row["max"]


async def ask(world: World, account: Account, paths: Iterator[str], seconds: float, clients: int) -> dict[str, Any]:
    took: list[int] = []
    until = time.perf_counter() + seconds
    meter = Meter(world.stack)
    meter.start()
    wrong = await asyncio.gather(*(Reader(world.public_url, account).read(paths, until, took) for _ in range(clients)))
    spent = meter.stop()
    return {
        "requests_per_s": round(len(took) / spent.seconds),
        "ms": latency(took),
        "servers_cpu_s_per_1000": round(spent.servers / len(took) * 1000, 4),
        "cpu_ms_per_request": spent.per(len(took)),
        "refused": sum(wrong),
    }
