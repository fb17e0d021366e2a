"""A consumer of a durable queue: in order, one at a time, patient with what is away, rid of what is poison."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aio_pika
import msgspec
import pytest
from aio_pika.abc import AbstractExchange, AbstractIncomingMessage

from messenger_platform.broker import EVENTS_EXCHANGE, Consumer
from messenger_platform.errors import Unavailable

pytestmark = pytest.mark.integration
QUEUE, KEY = "chat.users", "user.profile"


def broker_url(user: str, password: str) -> str:
    address = f"{os.environ['RABBITMQ_HOST']}:{os.environ['RABBITMQ_PORT']}/{os.environ['RABBITMQ_VHOST']}"
    return f"amqp://{user}:{os.environ[password]}@{address}"


@pytest.fixture
async def exchange() -> AsyncIterator[AbstractExchange]:
    """Publish as the relay does, into an empty queue."""
    reader = await aio_pika.connect(broker_url("chat", "RABBITMQ_CHAT_PASSWORD"))
    queue = await (await reader.channel()).get_queue(QUEUE, ensure=False)
    await queue.purge()
    await reader.close()
    connection = await aio_pika.connect(broker_url("relay", "RABBITMQ_RELAY_PASSWORD"))
    channel = await connection.channel()
    yield await channel.get_exchange(EVENTS_EXCHANGE, ensure=False)
    await connection.close()


async def publish(exchange: AbstractExchange, *bodies: bytes) -> None:
    for body in bodies:
        await exchange.publish(aio_pika.Message(body), KEY)


@asynccontextmanager
async def consuming(handler: Callable[[AbstractIncomingMessage], Awaitable[None]]) -> AsyncIterator[None]:
    consumer = Consumer(broker_url("chat", "RABBITMQ_CHAT_PASSWORD"), QUEUE, handler)
    task = asyncio.create_task(consumer.run())
    await asyncio.wait_for(consumer.connected.wait(), 10)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_messages_are_handled_one_after_the_other_in_their_order(exchange: AbstractExchange) -> None:
    handled: list[bytes] = []
    busy = 0
    done = asyncio.Event()

    async def handle(message: AbstractIncomingMessage) -> None:
        nonlocal busy
        busy += 1
        assert busy == 1
        # The first takes the longest: whoever handled them side by side would overtake it.
        await asyncio.sleep(0.05 if message.body == b"0" else 0)
        handled.append(message.body)
        busy -= 1
        if len(handled) == 50:
            done.set()

    async with consuming(handle):
        await publish(exchange, *(str(number).encode() for number in range(50)))
        await asyncio.wait_for(done.wait(), 10)
    assert handled == [str(number).encode() for number in range(50)]


async def test_what_is_away_is_waited_for_however_long_without_losing_a_message(
    exchange: AbstractExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("messenger_platform.broker.BACK_OFF_S", (0.001, 0.002))
    tries = 0
    handled: list[tuple[bytes, bool]] = []
    done = asyncio.Event()

    async def handle(message: AbstractIncomingMessage) -> None:
        nonlocal tries
        tries += 1
        if tries <= 40:  # Twice the delivery limit.
            raise Unavailable("The database does not answer.")
        handled.append((message.body, bool(message.redelivered)))
        if len(handled) == 2:
            done.set()

    async with consuming(handle):
        await publish(exchange, b"first", b"second")
        await asyncio.wait_for(done.wait(), 10)
    assert handled == [(b"first", False), (b"second", False)]


@pytest.mark.parametrize("unreadable", [msgspec.DecodeError("not an event"), KeyError("x-pos"), RecursionError()])
async def test_what_cannot_be_read_goes_to_the_dead_letters_at_once(
    exchange: AbstractExchange, unreadable: Exception
) -> None:
    handled: list[bytes] = []
    done = asyncio.Event()

    async def handle(message: AbstractIncomingMessage) -> None:
        handled.append(message.body)
        if message.body == b"poison":
            raise unreadable
        done.set()

    async with consuming(handle):
        await publish(exchange, b"poison", b"good")
        await asyncio.wait_for(done.wait(), 30)
    assert handled == [b"poison", b"good"], "it is as unreadable the second time: no delivery is wasted on it"


async def test_poison_goes_to_the_dead_letters_and_the_rest_goes_on(
    exchange: AbstractExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("messenger_platform.broker.BACK_OFF_S", (0.01, 0.02))
    handled: list[bytes] = []
    done = asyncio.Event()

    async def handle(message: AbstractIncomingMessage) -> None:
        if message.body == b"poison":
            raise RuntimeError("it breaks whoever touches it")
        handled.append(message.body)
        done.set()

    async with consuming(handle):
        await publish(exchange, b"poison", b"good")
        await asyncio.wait_for(done.wait(), 30)
    assert handled == [b"good"]
