"""What is left of a connection that could not be opened."""

from __future__ import annotations

import aio_pika
import pytest
from aio_pika.exceptions import AMQPConnectionError

from messenger_platform.broker import connect


@pytest.mark.enable_socket
async def test_a_refused_connection_is_closed_and_not_left_to_the_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[aio_pika.Connection] = []

    class Noted(aio_pika.Connection):
        async def connect(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - aio-pika's.
            made.append(self)
            await super().connect(timeout)

    monkeypatch.setattr(aio_pika, "Connection", Noted)
    with pytest.raises(AMQPConnectionError):
        await connect("amqp://127.0.0.1:1/")

    assert [connection.is_closed for connection in made] == [True]
