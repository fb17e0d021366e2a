"""The database goes away behind a small TCP gate and comes back; nobody sees a 500, and nothing has to be restarted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from chat_service.settings import ChatSettings


class Gate:
    """Forwards TCP connections to PostgreSQL while it is open; shutting it cuts all that pass."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._server: asyncio.Server | None = None
        self._passing: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._forward, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._passing):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(*self._target)
        await asyncio.gather(self._pipe(reader, there_writer), self._pipe(there_reader, writer))

    async def _pipe(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        self._passing.add(sink)
        try:
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        except OSError:
            pass  # One side was cut: so is the other.
        finally:
            self._passing.discard(sink)
            sink.transport.abort()


@pytest.fixture
async def gate(settings: ChatSettings) -> AsyncIterator[Gate]:
    gate = Gate(settings.postgres_host, settings.postgres_port)
    await gate.open()
    yield gate
    await gate.shut()


@pytest.fixture
def tuned(settings: ChatSettings, gate: Gate) -> ChatSettings:
    return settings.model_copy(update={"postgres_host": "127.0.0.1", "postgres_port": gate.port})


async def test_a_database_that_is_away_is_503_everywhere_and_all_recovers_by_itself(people: Any, gate: Gate) -> None:
    alice, bob = await people("alice"), await people("bob")
    chat_id = await alice.private(bob)
    sent = await alice.say(chat_id)
    body = {"client_id": str(uuid4()), "text": "later"}
    messages = f"/api/chats/{chat_id}/messages"
    assert await alice.history(chat_id) == [sent]
    await gate.shut()
    for method, path, content in [
        ("POST", messages, body),
        ("POST", f"/api/chats/{chat_id}/read", {"message_id": sent["id"]}),
        ("GET", f"/api/history/{chat_id}", None),
        ("GET", "/api/chats", None),
        ("GET", f"/api/chats/{chat_id}", None),
        ("POST", "/api/chats", {"type": "group", "title": "T", "participant_ids": [bob.id]}),
        ("DELETE", f"/api/chats/{chat_id}/participants/{bob.id}", None),
    ]:
        problem = await alice.call(method, path, 503, content)
        assert problem["code"] == "unavailable"
    await alice.call("GET", f"/api/history/{chat_id}", 503, None, offset=0)
    response = await alice.client.get("/readyz")
    assert (response.status_code, response.json()["parts"]) == (503, {"database": False})
    assert (await alice.client.get("/healthz")).status_code == 200
    await gate.open()
    later = await alice.call("POST", messages, 201, body)
    assert await alice.call("POST", messages, 200, body) == later
    assert [m["text"] for m in await bob.history(chat_id)] == ["hi", "later"]
    assert (await alice.client.get("/readyz")).status_code == 200


async def test_connections_that_died_while_nobody_asked_are_replaced_unseen(people: Any, gate: Gate) -> None:
    alice, bob = await people("alice"), await people("bob")
    chat_id = await alice.private(bob)
    sent = await alice.say(chat_id)
    for _ in range(3):
        assert await asyncio.gather(*(alice.history(chat_id) for _ in range(40))) == [[sent]] * 40
        await gate.shut()
        await gate.open()
        await asyncio.sleep(0.1)  # The event loop sees their ends.


async def test_a_send_whose_answer_was_lost_is_told_apart_by_its_client_id(people: Any, gate: Gate) -> None:
    alice, bob = await people("alice"), await people("bob")
    chat_id = await alice.private(bob)
    path = f"/api/chats/{chat_id}/messages"
    bodies = [{"client_id": str(uuid4()), "text": str(number)} for number in range(30)]
    calls = [asyncio.create_task(alice.client.post(path, json=body)) for body in bodies]
    await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
    await gate.shut()
    first = [answer.status_code for answer in await asyncio.gather(*calls)]
    assert set(first) <= {201, 503}
    await gate.open()
    again = [(await alice.client.post(path, json=body)).status_code for body in bodies]
    assert set(again) <= {200, 201}
    # Whoever had a 201 gets a 200 now; a 503 may have been written or not, and is written once in the end.
    assert all(later == 200 for before, later in zip(first, again, strict=True) if before == 201)
    texts = [message["text"] for message in await bob.history(chat_id, limit=200)]
    assert sorted(texts, key=int) == [str(number) for number in range(30)]
