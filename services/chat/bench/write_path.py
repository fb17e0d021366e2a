"""How fast the writer is, without HTTP and sockets: `python services/chat/bench/write_path.py`.

Takes the chat service's environment variables. Creates 50 private chats (of people with ids from 900,000,000 on, so
that they are nobody's) and leaves them behind. Prints messages per second with 8 sends in flight per chat, and the
latency from submit to durable at 100 messages/s.
"""

# ruff: noqa: INP001, T201, S311 - a script that prints; its randomness is not cryptography.
from __future__ import annotations

import asyncio
import random
import statistics
import time
import uuid
from datetime import UTC, datetime

import uvloop

from chat_service.domain.batch import Send, Sent
from chat_service.domain.model import ChatId, NewChat, UserId
from chat_service.repositories.chats import Chats
from chat_service.repositories.messages import Messages
from chat_service.services.write_batch import WriteBatch
from chat_service.services.writer import Writer
from chat_service.settings import ChatSettings
from messenger_platform.database import ALONG_INDEXES, create_engine

CHATS = 50
WINDOW = 8
SECONDS = 5.0
RATE = 100.0
TEXT = "A message of quite an ordinary length, as people write them all day long."


async def measure() -> None:
    """Print the figures."""
    engine = create_engine(ChatSettings().runtime_url, application_name="chat bench", planner=ALONG_INDEXES)
    log = Messages(engine)
    writer = Writer(WriteBatch(log))
    running = asyncio.create_task(writer.run())
    pairs = await _chats(Chats(engine))
    await _throughput(writer, pairs, 1.0)  # Warm: connections, statements, caches.
    sent = await _throughput(writer, pairs, SECONDS)
    print(f"{sent / SECONDS:,.0f} messages/s: {CHATS} private chats, {WINDOW} in flight each")
    latencies = await _latencies(writer, pairs)
    cuts = statistics.quantiles(latencies, n=100)
    p50, p95, p99 = cuts[49] * 1000, cuts[94] * 1000, cuts[98] * 1000
    print(f"submit to durable at {RATE:.0f}/s: p50 {p50:.2f} ms, p95 {p95:.2f} ms, p99 {p99:.2f} ms")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await log.close()
    await engine.dispose()


async def _chats(chats: Chats) -> list[tuple[ChatId, UserId, UserId]]:
    first = 900_000_000 + random.randrange(90_000_000)
    pairs = []
    async with chats.transaction() as transaction:
        for number in range(CHATS):
            low, high = UserId(first + 2 * number), UserId(first + 2 * number + 1)
            chat_id = await transaction.create(NewChat(low, (low, high), None, datetime.now(UTC)))
            if chat_id is None:
                raise RuntimeError("Another run has drawn the same numbers: run it again.")
            pairs.append((chat_id, low, high))
    return pairs


async def _send(writer: Writer, chat_id: ChatId, user_id: UserId) -> None:
    answer = await writer.submit(Send(user_id, chat_id, uuid.uuid4(), TEXT))
    if not isinstance(answer, Sent):
        raise RuntimeError(f"refused: {answer!r}")  # noqa: TRY004 - a refusal, not a wrong type.


async def _throughput(writer: Writer, pairs: list[tuple[ChatId, UserId, UserId]], seconds: float) -> int:
    end = time.perf_counter() + seconds
    sent = 0

    async def talk(chat_id: ChatId, user_id: UserId) -> None:
        nonlocal sent
        while time.perf_counter() < end:
            await _send(writer, chat_id, user_id)
            sent += 1

    await asyncio.gather(
        *(talk(chat_id, (low, high)[place % 2]) for chat_id, low, high in pairs for place in range(WINDOW))
    )
    return sent


async def _latencies(writer: Writer, pairs: list[tuple[ChatId, UserId, UserId]]) -> list[float]:
    latencies: list[float] = []

    async def one() -> None:
        chat_id, low, high = random.choice(pairs)
        begun = time.perf_counter()
        await _send(writer, chat_id, random.choice((low, high)))
        latencies.append(time.perf_counter() - begun)

    sends = []
    begun = time.perf_counter()
    for number in range(int(RATE * SECONDS)):
        await asyncio.sleep(max(0.0, begun + number / RATE - time.perf_counter()))
        sends.append(asyncio.create_task(one()))
    await asyncio.gather(*sends)
    return latencies


if __name__ == "__main__":
    uvloop.run(measure())
