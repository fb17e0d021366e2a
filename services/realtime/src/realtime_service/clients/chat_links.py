"""The links to the chat processes: one WebSocket each, many calls on it at once.

A lost link fails the calls that were under way with `Unavailable` and is opened again with back-off; the callers
decide whether to repeat. One link per chat process, because a chat belongs to the process of its shard.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, TypeVar

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from messenger_platform.errors import Unavailable
from messenger_platform.reconnect import BackOff, reconnect
from realtime_service.services.ports import ChatDifference, ChatLog, ChatVersion, OpResult

CALL_TIMEOUT_S = 5.0
BACK_OFF_S = (0.1, 0.5)
MAX_ENTRIES = 500

T = TypeVar("T")
logger = logging.getLogger(__name__)


class _Error(msgspec.Struct):
    code: str
    detail: str


class _Answer(msgspec.Struct):
    id: int
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: _Error | None = None


class _Members(msgspec.Struct):
    version: int
    participants: list[int]


class _Differences(msgspec.Struct):
    chats: list[ChatDifference]


class ChatLink:
    """The link to one chat process."""

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Internal {secret}"}
        self._socket: ClientConnection | None = None
        self._calls: dict[int, asyncio.Future[msgspec.Raw]] = {}
        self._last_id = 0
        self._back_off = BackOff(*BACK_OFF_S)
        self._answers = msgspec.json.Decoder(_Answer)
        self._encoder = msgspec.json.Encoder()

    @property
    def is_up(self) -> bool:
        """Whether calls can be made."""
        return self._socket is not None

    async def run(self) -> NoReturn:
        """Keep the link open for ever."""
        breaks = (OSError, TimeoutError, WebSocketException)
        await reconnect(self._session, self._back_off, breaks=breaks, lost=self._lost)

    def _lost(self, error: Exception) -> None:
        logger.warning("the chat link is down", extra={"url": self._url, "error": repr(error)})

    async def _session(self) -> None:
        try:
            async with connect(
                self._url,
                additional_headers=self._headers,
                compression=None,
                max_size=None,
                open_timeout=3,
                ping_interval=5,
                ping_timeout=5,
                proxy=None,
            ) as socket:
                self._back_off.reset()
                self._socket = socket
                await self._read(socket)
        finally:
            self._fail_calls()

    async def _read(self, socket: ClientConnection) -> None:
        async for body in socket:
            answer = self._answers.decode(body)
            call = self._calls.pop(answer.id, None)
            if call is None or call.done():
                continue
            if answer.error is not None:
                call.set_exception(Unavailable(answer.error.detail))
            else:
                call.set_result(answer.result)

    def _fail_calls(self) -> None:
        self._socket = None
        calls, self._calls = self._calls, {}
        for call in calls.values():
            if not call.done():
                call.set_exception(Unavailable("The link to the chat service broke."))

    async def call(self, method: str, params: Mapping[str, Any], result: type[T]) -> T:
        """Call a method and decode its result; raises `Unavailable` after 5 s or without a link."""
        socket = self._socket
        if socket is None:
            raise Unavailable("The chat service does not answer.")
        self._last_id += 1
        call_id = self._last_id
        call = self._calls[call_id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S):
                await socket.send(self._encoder.encode({"id": call_id, "method": method, "params": params}))
                raw = await call
        except (TimeoutError, WebSocketException) as error:
            raise Unavailable("The chat service does not answer.") from error
        finally:
            self._calls.pop(call_id, None)
        try:
            return msgspec.json.decode(raw, type=result)
        except msgspec.DecodeError as error:
            logger.exception("the chat service's answer could not be read", extra={"method": method})
            raise Unavailable("The chat service's answer could not be read.") from error


class ChatLinks:
    """The chat service as the use cases see it (`services.ports.Chats`)."""

    def __init__(self, urls: Sequence[str], secret: str) -> None:
        self.links = [ChatLink(url, secret) for url in urls]

    @property
    def shards(self) -> int:
        """How many chat processes there are."""
        return len(self.links)

    async def check(self) -> None:
        """Raise `Unavailable` unless every link is up."""
        if not all(link.is_up for link in self.links):
            raise Unavailable("A chat link is down.")

    async def write(self, shard: int, ops: Sequence[Mapping[str, Any]]) -> list[OpResult]:
        """Perform a batch of sends and reads."""
        results = await self.links[shard].call("write", {"ops": ops}, list[OpResult])
        if len(results) != len(ops):
            raise Unavailable("The chat service answered another batch.")
        return results

    async def sync(self, user_id: int, chats: Mapping[str, int]) -> list[ChatDifference]:
        """Ask each shard for its chats; all answers or none."""
        by_shard: dict[int, dict[str, int]] = {}
        for chat_id, version in chats.items():
            by_shard.setdefault(int(chat_id) % self.shards, {})[chat_id] = version
        answers = await asyncio.gather(
            *(
                self.links[shard].call("sync", {"user_id": user_id, "chats": asked}, _Differences)
                for shard, asked in by_shard.items()
            )
        )
        return [difference for answer in answers for difference in answer.chats]

    async def members(self, chat_id: int) -> tuple[int, list[int]]:
        """Return `(version, participants)`."""
        answer = await self._link_of(chat_id).call("members", {"chat_id": chat_id}, _Members)
        return answer.version, answer.participants

    async def changed_since(self, user_ids: Sequence[int], since: str) -> list[ChatVersion]:
        """Return the chats of these users that changed at or after `since`."""
        return await self.links[0].call("changed_since", {"user_ids": user_ids, "since": since}, list[ChatVersion])

    async def entries(self, chat_id: int, after_version: int) -> ChatLog:
        """Return the log after a version, at most 500 entries."""
        params = {"chat_id": chat_id, "after_version": after_version, "limit": MAX_ENTRIES}
        return await self._link_of(chat_id).call("entries", params, ChatLog)

    def _link_of(self, chat_id: int) -> ChatLink:
        return self.links[chat_id % self.shards]
