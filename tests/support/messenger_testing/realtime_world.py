"""The realtime service with fakes around it: a socket that keeps what is written, a chat service with a log."""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from messenger_platform.errors import InvalidToken, Unavailable
from messenger_platform.limits import TokenBuckets
from messenger_platform.tokens import Principal
from realtime_service.domain.events import MessageSent
from realtime_service.domain.frames import Message
from realtime_service.services.client_session import ClientSession, Collaborators, Limits
from realtime_service.services.connection import Connection
from realtime_service.services.hub import Hub
from realtime_service.services.op_batches import OpBatches
from realtime_service.services.ports import ChatDifference, ChatLog, ChatVersion, Entry, OpResult
from realtime_service.services.synchronise import Synchronise

Frame = dict[str, Any]


def read_frames(data: bytes) -> list[Frame]:
    """Parse unmasked WebSocket text frames."""
    frames = []
    while data:
        assert data[0] == 0x81
        length, start = data[1], 2
        if length == 126:
            length, start = int.from_bytes(data[2:4], "big"), 4
        elif length == 127:
            length, start = int.from_bytes(data[2:10], "big"), 10
        frames.append(msgspec.json.decode(data[start : start + length]))
        data = data[start + length :]
    return frames


class FakeSocket:
    """Keeps frames and the close; `unsent_bytes` is set by the test."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.writes = 0
        self.reads = True
        self.unsent_bytes = 0
        self.closed: tuple[int, str] | None = None
        self._changed = asyncio.Event()

    @property
    def is_open(self) -> bool:
        return self.closed is None

    def write(self, frames: bytes) -> None:
        self.writes += 1
        self.frames += read_frames(frames)
        self._changed.set()

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True

    async def drained(self) -> None:
        await asyncio.sleep(0)

    def close(self, code: int, reason: str) -> None:
        self.closed = self.closed or (code, reason)
        self._changed.set()

    async def until(self, condition: Callable[[], Any]) -> None:
        """Wait for something that a write or a close makes true."""
        async with asyncio.timeout(5):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def versions(self) -> list[int]:
        return [frame["version"] for frame in self.frames if frame["type"] in {"message", "message_changed", "chat"}]

    def of(self, kind: str) -> list[Frame]:
        return [frame for frame in self.frames if frame["type"] == kind]


class FakeChats:
    """The chat service: logs by chat, members by chat; `away` makes every call fail; `gate` holds the answers."""

    shards = 1

    def __init__(self) -> None:
        self.logs: dict[int, list[Entry]] = {}
        self.people: dict[int, list[int]] = {}
        self.results: list[OpResult] = []
        self.written: list[list[Mapping[str, Any]]] = []
        self.changed: list[ChatVersion] = []
        self.away = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.calls: list[str] = []

    async def _call(self, name: str) -> None:
        self.calls.append(name)
        await self.gate.wait()
        if self.away:
            raise Unavailable("The chat service does not answer.")

    async def write(self, shard: int, ops: Sequence[Mapping[str, Any]]) -> list[OpResult]:
        self.written.append(list(ops))
        await self._call("write")
        return [self.results.pop(0) for _ in ops]

    async def sync(self, user_id: int, chats: Mapping[str, int]) -> list[ChatDifference]:
        await self._call("sync")
        answer = []
        for key, version in chats.items():
            chat_id = int(key)
            if user_id not in self.people.get(chat_id, []):
                answer.append(ChatDifference(chat_id, error="not_found"))
                continue
            log = self.logs.get(chat_id, [])
            last = log[-1].version if log else 0
            answer.append(
                ChatDifference(chat_id, last, 2, 7, 5, entries=[entry for entry in log if entry.version > version])
            )
        return answer

    async def members(self, chat_id: int) -> tuple[int, list[int]]:
        await self._call("members")
        return 1, self.people.get(chat_id, [])

    async def changed_since(self, user_ids: Sequence[int], since: str) -> list[ChatVersion]:
        await self._call("changed_since")
        return self.changed

    async def entries(self, chat_id: int, after_version: int) -> ChatLog:
        await self._call("entries")
        log = self.logs.get(chat_id, [])
        last = log[-1].version if log else 0
        return ChatLog(last, self.people[chat_id], [entry for entry in log if entry.version > after_version])


class FakeMemberships:
    """The projection; empty unless the test fills it."""

    def __init__(self) -> None:
        self.known: dict[int, tuple[int, list[int]]] = {}

    async def find(self, chat_id: int) -> tuple[int, list[int]] | None:
        return self.known.get(chat_id)


class FakeVerifier:
    """Accepts the tokens it was told of."""

    def __init__(self) -> None:
        self.principals: dict[str, Principal] = {}

    async def verify(self, token: str) -> Principal:
        if token not in self.principals:
            raise InvalidToken("The token's signature is wrong.")
        return self.principals[token]


class World:
    """A hub with everything around it."""

    def __init__(self, *, limits: Limits | None = None) -> None:
        self.chats = FakeChats()
        self.memberships = FakeMemberships()
        self.hub = Hub(self.chats, self.memberships)
        self.batches = OpBatches(self.chats, 0)
        self.verifier = FakeVerifier()
        self.typed: list[tuple[int, int]] = []
        off = TokenBuckets(0, 1)
        self.shared = Collaborators(
            hub=self.hub,
            batches=[self.batches],
            synchronise=Synchronise(self.chats, self.hub.version_of),
            verifier=self.verifier,  # type: ignore[arg-type]  # The one method that is used.
            limits=limits or Limits(off, off, off),
            publish_typing=lambda chat_id, user_id: self.typed.append((chat_id, user_id)),
        )
        self._ids = itertools.count(100)

    def connect(self, user_id: int, *, expires_in: float = 300) -> tuple[Connection, FakeSocket]:
        socket = FakeSocket()
        connection = Connection(
            socket,
            user_id=user_id,
            sub=f"sub-{user_id}",
            sid=f"sid-{user_id}",
            issued_at=time.time(),
            expires_at=time.time() + expires_in,
            schedule=self.hub.connections.schedule,
        )
        self.hub.add(connection)
        return connection, socket

    def session(self, user_id: int, **options: Any) -> tuple[ClientSession, FakeSocket]:
        connection, socket = self.connect(user_id, **options)
        return ClientSession(connection, self.shared), socket

    def message(self, sender_id: int = 1, chat_id: int = 10, client_id: str | None = None) -> Message:
        number = next(self._ids)
        return Message(
            number, chat_id, sender_id, f"text {number}", "2026-11-22T10:00:00Z", False, client_id or str(uuid.uuid4())
        )

    def sent(self, version: int, *, to: list[int] | None = None, **fields: Any) -> MessageSent:
        return MessageSent(version, self.message(**fields), to=[1, 2] if to is None else to)


async def settle() -> None:
    """Let everything that is ready run."""
    for _ in range(20):
        await asyncio.sleep(0)
