"""One client that survives: it repeats what was not acknowledged, comes back when it was cut, and syncs each time.

What it does is what the contract asks of every client. What it shows, chat by chat, is kept: that is what its user
would have seen.
"""

from __future__ import annotations

import asyncio
import random
import socket
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
from picows import WSError, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from messenger_bench.world import Account

PATIENCE_S = 2.0
"""How long an acknowledgement may take before the message is sent again."""
GAP_S = 0.5
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 2.0
HELLO_S = 5.0
PING_S = 4.0
PAGE = 200


@dataclass(slots=True)
class Sending:
    """A message on its way; times are `time.perf_counter()` in seconds."""

    chat_id: int
    sent_at: float
    next_try_at: float
    acknowledged_at: float = 0.0
    message_id: int = 0
    shown_at: dict[Phone, float] = field(default_factory=dict)


@dataclass(slots=True)
class Shown:
    """A chat as it stands on one phone."""

    version: int = 0
    ids: list[int] = field(default_factory=list)
    known: dict[int, int] = field(default_factory=dict)  # Message id to version; 0: learnt from the history.
    ahead: dict[int, dict[str, Any] | None] = field(default_factory=dict)


class Journal:
    """What all phones of a crowd have noted."""

    def __init__(self) -> None:
        self.sendings: dict[str, Sending] = {}
        self.errors: Counter[str] = Counter()
        self.refusal_s: list[float] = []
        self.handshake_s: list[float] = []
        self.closes: Counter[int] = Counter()
        self.refused_handshakes: Counter[int] = Counter()
        self.contradictions: list[str] = []
        self.repeated = 0
        self.copies = 0
        self.too_long = 0

    def shown(self, phone: Phone, text: str) -> None:
        """Note that one more phone shows a message; its text begins with its client id."""
        sending = self.sendings.get(text[:36])
        if sending is not None:
            sending.shown_at[phone] = time.perf_counter()


class _Line(WSListener):
    """One connection of a phone."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone
        self.transport: WSTransport | None = None
        self.hello = asyncio.get_running_loop().create_future()
        self.ended = asyncio.Event()
        self.code: int = 1006

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            self.code = frame.get_close_code() or 1005
            transport.disconnect()
            return
        told = msgspec.json.decode(frame.get_payload_as_bytes())
        if told["type"] == "hello":
            self.hello.set_result(None)
        else:
            self._phone.take(told)

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        self.ended.set()
        if not self.hello.done():
            self.hello.cancel()

    def say(self, frame: dict[str, Any]) -> None:
        if self.transport is not None and not self.ended.is_set():
            self.transport.send(WSMsgType.TEXT, msgspec.json.encode(frame))

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.underlying_transport.abort()

    def close(self) -> None:
        if self.transport is not None:
            self.transport.disconnect()


class Phone:
    """A device of an account; `chats` are the versions from which on it wants to know everything."""

    def __init__(
        self,
        journal: Journal,
        account: Account,
        http: httpx.AsyncClient,
        chats: dict[int, int],
        seed: int,
        *,
        receive_buffer: int = 0,
    ) -> None:
        self.account = account
        self.chats = {chat_id: Shown(version) for chat_id, version in chats.items()}
        self._journal = journal
        self.ends = 0
        self._url = str(http.base_url).rstrip("/")
        self._receive_buffer = receive_buffer
        self._pause_s = FIRST_PAUSE_S
        self._chance = random.Random(seed)
        self._line: _Line | None = None
        self._http = http
        self._unacknowledged: dict[str, str] = {}
        self._refills: set[asyncio.Task[None]] = set()
        self._is_waiting = False
        self._synced = asyncio.Event()
        self._life = asyncio.create_task(self._live())

    @property
    def is_back(self) -> bool:
        """Whether it is connected and has all it had missed."""
        return self._synced.is_set()

    async def back(self) -> None:
        """Wait until it is connected and has all it had missed."""
        await self._synced.wait()

    async def leave(self) -> None:
        """Close everything."""
        for task in (self._life, *self._refills):
            task.cancel()
        await asyncio.gather(self._life, *self._refills, return_exceptions=True)
        if self._line is not None:
            self._line.close()

    def cut(self, pause_s: float = FIRST_PAUSE_S) -> None:
        """Drop the connection without a word, and come back after at most so many seconds."""
        self._pause_s = pause_s
        if self._line is not None:
            self._line.abort()

    def pause_reading(self) -> None:
        """Take nothing from the socket any more, and do nothing about it."""
        if self._line is not None and self._line.transport is not None:
            self._line.transport.underlying_transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on, if there still is a connection."""
        if self._line is not None and self._line.transport is not None and not self._line.ended.is_set():
            self._line.transport.underlying_transport.resume_reading()

    def send(self, chat_id: int, padding: int = 0) -> str:
        """Send a message, with so many characters more; it is repeated until it is acknowledged. Returns its id."""
        client_id = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        now = time.perf_counter()
        self._journal.sendings[client_id] = Sending(chat_id, now, now + PATIENCE_S)
        self._unacknowledged[client_id] = f"{client_id} {self.account.username}{'x' * padding}"
        self._transmit(client_id)
        return client_id

    def send_copy(self, chat_id: int, client_id: str, text: str) -> None:
        """Send what another device of the same account has sent, once."""
        self._say({"type": "send", "chat_id": chat_id, "client_id": client_id, "text": text})

    def text_of(self, client_id: str) -> str | None:
        """Return the text of a message that is not yet acknowledged."""
        return self._unacknowledged.get(client_id)

    def repeat_what_is_due(self, now: float) -> None:
        """Send again what has waited for too long."""
        for client_id in self._unacknowledged:
            if self._journal.sendings[client_id].next_try_at <= now:
                self._transmit(client_id)

    def _transmit(self, client_id: str) -> None:
        sending = self._journal.sendings[client_id]
        if not self._synced.is_set():
            return
        sending.next_try_at = time.perf_counter() + PATIENCE_S
        text = self._unacknowledged[client_id]
        self._say({"type": "send", "chat_id": sending.chat_id, "client_id": client_id, "text": text})

    def _say(self, frame: dict[str, Any]) -> None:
        if self._line is not None:
            self._line.say(frame)

    async def _live(self) -> None:
        while True:
            line = _Line(self)
            if await self._connect(line):
                self._pause_s = FIRST_PAUSE_S
                await line.ended.wait()
                self._synced.clear()
                self.ends += 1
                self._journal.closes[line.code] += 1
            await asyncio.sleep(self._chance.uniform(0, self._pause_s))
            self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * 2)

    async def _connect(self, line: _Line) -> bool:
        url = self._url.replace("http", "ws", 1) + "/ws"
        begun = time.perf_counter()
        try:
            await ws_connect(
                lambda: line,
                url,
                extra_headers=self.account.headers,
                websocket_handshake_timeout=HELLO_S,
                enable_auto_ping=True,
                auto_ping_idle_timeout=PING_S,
                auto_ping_reply_timeout=PING_S,
                socket_factory=self._socket if self._receive_buffer else None,
            )
            async with asyncio.timeout(HELLO_S):
                await line.hello
        except (OSError, WSError, TimeoutError, asyncio.CancelledError) as refusal:
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise
            self._journal.refused_handshakes[_status_of(refusal)] += 1
            line.close()
            return False
        self._journal.handshake_s.append(time.perf_counter() - begun)
        self._line = line
        self._ask(list(self.chats))
        return True

    async def _socket(self, _address: Any) -> socket.socket:
        """Make a connected socket whose buffer is small from the start: the kernel would let it grow to megabytes."""
        url = httpx.URL(self._url)
        small = socket.socket(socket.AF_INET)
        small.setblocking(False)
        small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_buffer)
        await asyncio.get_running_loop().sock_connect(small, ("127.0.0.1", url.port))
        return small

    def _ask(self, chat_ids: list[int]) -> None:
        self._say({"type": "sync", "chats": {str(chat_id): self.chats[chat_id].version for chat_id in chat_ids}})

    def take(self, told: dict[str, Any]) -> None:
        """Take a frame, as a user interface would."""
        match told["type"]:
            case "message":
                self._acknowledge(told["message"])
                self._take_version(told["message"]["chat_id"], told["version"], told["message"])
            case "chat":
                self._take_version(told["chat"]["id"], told["version"], None)
            case "synced":
                self._synced.set()
                self.repeat_what_is_due(float("inf"))
            case "too_long":
                self._journal.too_long += 1
                self._keep(asyncio.create_task(self._refill(told["chat_id"], told["version"])))
            case "error":
                self._take_error(told)

    def _acknowledge(self, message: dict[str, Any]) -> None:
        client_id = message.get("client_id")
        if client_id is None or self._unacknowledged.pop(client_id, None) is None:
            return
        sending = self._journal.sendings[client_id]
        sending.acknowledged_at, sending.message_id = time.perf_counter(), message["id"]

    def _take_version(self, chat_id: int, version: int, message: dict[str, Any] | None) -> None:
        chat = self.chats.get(chat_id)
        if chat is None:
            return  # Of another drill: the account is older than this one.
        if version <= chat.version:
            self._journal.repeated += 1
            if message is not None and chat.known.get(message["id"], 0) not in (0, version):
                self._journal.contradictions.append(f"message {message['id']} again as version {version}")
            return
        chat.ahead[version] = message
        while chat.version + 1 in chat.ahead:
            chat.version += 1
            self._show(chat, chat.version, chat.ahead.pop(chat.version))
        if chat.ahead and not self._is_waiting:
            self._is_waiting = True
            self._keep(asyncio.create_task(self._fill_gaps()))

    def _show(self, chat: Shown, version: int, message: dict[str, Any] | None) -> None:
        if message is None or message["id"] in chat.known:
            return
        if chat.ids and message["id"] < chat.ids[-1]:
            self._journal.contradictions.append(f"message {message['id']} shown after {chat.ids[-1]}")
        chat.known[message["id"]] = version
        chat.ids.append(message["id"])
        self._journal.shown(self, message["text"])

    async def _fill_gaps(self) -> None:
        try:
            await asyncio.sleep(GAP_S)  # What is missing may be on its way.
            self._ask([chat_id for chat_id, chat in self.chats.items() if chat.ahead])
        finally:
            self._is_waiting = False

    def _take_error(self, told: dict[str, Any]) -> None:
        self._journal.errors[told["code"]] += 1
        client_id = told.get("client_id")
        if client_id in self._unacknowledged:
            now, sending = time.perf_counter(), self._journal.sendings[client_id]
            self._journal.refusal_s.append(now - (sending.next_try_at - PATIENCE_S))
            sending.next_try_at = now + self._chance.uniform(0.2, 0.6)
        elif client_id is None:
            # A sync that could not be answered.
            asyncio.get_running_loop().call_later(self._chance.uniform(0.2, 0.5), self._ask, list(self.chats))

    async def _refill(self, chat_id: int, version: int) -> None:
        """Read from the history what is too much for a difference."""
        chat = self.chats[chat_id]
        while True:
            after = chat.ids[-1] if chat.ids else 0
            try:
                page_asked = {"after_id": after, "limit": PAGE}
                answer = await self._http.get(
                    f"/api/history/{chat_id}", params=page_asked, headers=self.account.headers
                )
            except httpx.HTTPError:
                answer = None
            if answer is None or not answer.is_success:
                await asyncio.sleep(0.3)
                continue
            page = answer.json()
            for message in page:
                self._show(chat, 0, message)
            if len(page) < PAGE:
                break
        chat.version = max(chat.version, version)
        for ahead in [number for number in chat.ahead if number <= chat.version]:
            self._show(chat, ahead, chat.ahead.pop(ahead))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._refills.add(task)
        task.add_done_callback(self._refills.discard)


def _status_of(refusal: BaseException) -> int:
    response = getattr(refusal, "response", None)
    return int(response.status) if response is not None else 0
