"""The link's methods without a socket, over the message log in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr

from chat_service.controllers.link import Link
from chat_service.services.read_log import ReadLog
from chat_service.services.write_batch import WriteBatch
from chat_service.services.writer import Writer

ALICE, BOB = 1, 2


class NoLogs:
    """Nothing here reads the log."""

    def snapshot(self) -> Any:
        raise AssertionError("not read here")


class Client:
    def __init__(self, link: Link) -> None:
        self.link = link
        self._last_id = 0

    async def call(self, method: str, params: Any) -> Any:
        self._last_id += 1
        answer = await self.raw({"id": self._last_id, "method": method, "params": params})
        assert answer["id"] == self._last_id
        return answer

    async def raw(self, frame: Any) -> Any:
        body = frame if isinstance(frame, bytes) else json.dumps(frame).encode()
        return json.loads(await self.link.start(body))


@pytest.fixture
async def client(memory_storage: Any) -> AsyncIterator[Client]:
    await memory_storage.private(ALICE, BOB)
    writer = Writer(WriteBatch(memory_storage.log))
    task = asyncio.create_task(writer.run())
    yield Client(Link(writer, ReadLog(NoLogs()), SecretStr("secret")))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def send(text: str, *, user_id: int = ALICE, chat_id: int = 1, client_id: int = 7) -> dict[str, Any]:
    return {
        "op": "send",
        "user_id": user_id,
        "chat_id": chat_id,
        "client_id": str(UUID(int=client_id)),
        "text": text,
    }


async def test_operations_are_answered_in_their_order(client: Client) -> None:
    ops = [
        send(" one ", client_id=1),
        send("two", client_id=2, user_id=BOB),
        send("one", client_id=1),
        send("other", client_id=1),
        send("x" * 4097),
        send("a\0b"),
        send("hi", user_id=66),
        {"op": "read", "user_id": ALICE, "chat_id": 1, "message_id": 2},
        {"op": "read", "user_id": ALICE, "chat_id": 1, "message_id": 99},
    ]
    results = (await client.call("write", {"ops": ops}))["result"]
    assert [result.get("error", "ok") for result in results] == [
        "ok",
        "ok",
        "ok",
        "conflict",
        "too_long",
        "bad_frame",
        "not_found",
        "ok",
        "not_found",
    ]
    assert all(result["detail"] for result in results if "error" in result)
    assert [result["version"] for result in results[:3]] == [2, 3, 2]
    assert [result["duplicate"] for result in results[:3]] == [False, False, True]
    assert results[0]["to"] == [ALICE, BOB]
    assert results[7] == {}
    message = results[0]["message"]
    assert message.pop("timestamp").endswith("Z")
    assert message == {
        "id": 1,
        "chat_id": 1,
        "sender_id": ALICE,
        "text": "one",
        "client_id": str(UUID(int=1)),
        "is_read": False,
    }


async def test_writes_enter_the_queue_in_the_order_of_their_frames(client: Client) -> None:
    started = [
        client.link.start(
            json.dumps({"id": n, "method": "write", "params": {"ops": [send(str(n), client_id=n)]}}).encode()
        )
        for n in range(1, 6)
    ]
    # Awaited backwards: the order of the versions is that of `start`.
    answers = [json.loads(await answer) for answer in reversed(started)]
    assert [answer["result"][0]["version"] for answer in answers] == [6, 5, 4, 3, 2]


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"ops": 1},
        {"ops": [{"op": "drop"}]},
        {"ops": [send("hi", chat_id=0)]},
        {"ops": [send("hi", chat_id=2**53)]},
        {"ops": [{**send("hi"), "client_id": "no uuid"}]},
        {"ops": [{"op": "read", "user_id": ALICE, "chat_id": 1, "message_id": "1"}]},
    ],
)
async def test_a_malformed_write_is_refused_as_a_whole(client: Client, params: Any) -> None:
    assert (await client.call("write", params))["error"]["code"] == "bad_frame"


@pytest.mark.parametrize("frame", [b"", b"{", b"[]", b'{"id":"x","method":"write","params":{}}', b"\xff"])
async def test_a_broken_frame_gets_an_error(client: Client, frame: bytes) -> None:
    answer = await client.raw(frame)
    assert (answer["id"], answer["error"]["code"]) == (0, "bad_frame")


async def test_an_unknown_method_gets_an_error(client: Client) -> None:
    assert (await client.call("drop", {}))["error"]["code"] == "bad_frame"


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("sync", {"user_id": 1, "chats": {"x": 1}}),
        ("sync", {"user_id": 1, "chats": {"1": -1}}),
        ("sync", {"user_id": 1, "chats": {str(number): 0 for number in range(1, 1002)}}),
        ("members", {"chat_id": 0}),
        ("entries", {"chat_id": 1, "after_version": 0, "limit": 501}),
        ("changed_since", {"user_ids": [1], "since": "2030-01-01T00:00:00"}),
    ],
)
async def test_malformed_questions_are_refused(client: Client, method: str, params: Any) -> None:
    assert (await client.call(method, params))["error"]["code"] == "bad_frame"


async def test_what_breaks_inside_is_unavailable_and_says_nothing(client: Client) -> None:
    error = (await client.call("members", {"chat_id": 1}))["error"]
    assert error["code"] == "unavailable"
    assert "not read here" not in error["detail"]


@pytest.mark.parametrize(
    "credential", ["", "secret", "Internal", "Internal secre", "Internal secret2", "Bearer secret", "ü"]
)
def test_only_the_service_credential_is_accepted(client: Client, credential: str) -> None:
    assert not client.link.accepts(credential)
    assert client.link.accepts("Internal secret")
