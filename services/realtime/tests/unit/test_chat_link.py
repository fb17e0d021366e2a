"""The link to a chat process: calls and answers over a real WebSocket, and what happens when it breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest
from websockets.asyncio.server import Server, ServerConnection, serve

from messenger_platform.errors import Unavailable
from realtime_service.clients.chat_links import ChatLinks

pytestmark = pytest.mark.enable_socket

Answers = Callable[[str, dict[str, Any]], Awaitable[Any]]


class ChatProcess:
    """A chat process that answers as the test says."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.authorization: list[str | None] = []
        self.server: Server | None = None

    async def handle(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self.authorization.append(socket.request.headers.get("Authorization"))
        async for body in socket:
            request = msgspec.json.decode(body)
            self.asked.append((request["method"], request["params"]))
            answer = self.answers[request["method"]]
            if answer == "hang up":
                await socket.close()
                return
            await socket.send(msgspec.json.encode({"id": request["id"], **answer}))


@pytest.fixture
async def process() -> AsyncIterator[ChatProcess]:
    process = ChatProcess()
    async with serve(process.handle, "127.0.0.1", 0) as server:
        process.server = server
        yield process


@pytest.fixture
async def links(process: ChatProcess) -> AsyncIterator[ChatLinks]:
    assert process.server is not None
    port = process.server.sockets[0].getsockname()[1]
    links = ChatLinks([f"ws://127.0.0.1:{port}/internal/link"], "secret")
    running = asyncio.create_task(links.links[0].run())
    await up(links)
    yield links
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def up(links: ChatLinks) -> None:
    async with asyncio.timeout(5):
        while not links.links[0].is_up:  # noqa: ASYNC110 - the link has no event for it.
            await asyncio.sleep(0.01)


async def test_a_sync_is_read_with_messages_and_changes(process: ChatProcess, links: ChatLinks) -> None:
    message = {
        "id": 5,
        "chat_id": 10,
        "sender_id": 1,
        "text": "hi",
        "timestamp": "2026-11-22T10:00:00Z",
        "is_read": True,
    }
    chat = {"id": 10, "type": "group", "title": "T", "participants": []}
    process.answers["sync"] = {
        "result": {
            "chats": [
                {
                    "chat_id": 10,
                    "version": 2,
                    "unread_count": 1,
                    "read_up_to": 0,
                    "read_by_all_up_to": 0,
                    "too_long": False,
                    "entries": [{"version": 1, "chat": chat}, {"version": 2, "message": message}],
                },
                {"chat_id": 11, "error": "not_found"},
            ]
        }
    }
    known, unknown = await links.sync(1, {"10": 0, "11": 0})
    assert msgspec.json.decode(known.entries[0].chat) == chat
    assert known.entries[1].message is not None
    assert known.entries[1].message.is_read is True
    assert not known.entries[1].chat
    assert unknown.error == "not_found"
    assert process.asked == [("sync", {"user_id": 1, "chats": {"10": 0, "11": 0}})]
    assert process.authorization == ["Internal secret"]


async def test_calls_answered_out_of_order_find_their_callers(process: ChatProcess, links: ChatLinks) -> None:
    process.answers["members"] = {"result": {"version": 3, "participants": [1, 2]}}
    process.answers["changed_since"] = {"result": []}
    members, changed = await asyncio.gather(links.members(10), links.changed_since([1], "2026-11-22T10:00:00Z"))
    assert members == (3, [1, 2])
    assert changed == []


@pytest.mark.parametrize(
    "answer",
    [
        {"error": {"code": "unavailable", "detail": "The database does not answer."}},
        {"result": {"unexpected": "shape"}},
        {"result": [{}]},
        "hang up",
    ],
)
async def test_what_cannot_be_answered_is_unavailable(process: ChatProcess, links: ChatLinks, answer: Any) -> None:
    process.answers["write"] = answer
    with pytest.raises(Unavailable):
        await links.write(0, [{"op": "read"}, {"op": "read"}])


async def test_a_broken_link_comes_back(process: ChatProcess, links: ChatLinks) -> None:
    process.answers = {"write": "hang up", "members": {"result": {"version": 1, "participants": []}}}
    with pytest.raises(Unavailable):
        await links.write(0, [{"op": "read"}])
    await up(links)
    assert await links.members(10) == (1, [])


async def test_without_a_link_a_call_fails_at_once() -> None:
    links = ChatLinks(["ws://127.0.0.1:1/internal/link"], "secret")
    with pytest.raises(Unavailable):
        await links.members(10)
