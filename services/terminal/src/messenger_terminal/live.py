"""What happens, as it happens: one connection after another, nothing missed and nothing shown twice.

Guaranteed: `show` is called with every change of the followed chats once, in order, however often the connection
breaks; `say` returns when the server has the message, which it then has once.
Owned by: the task that awaits `run`, which alone reads the socket and calls `show`; `say` may run beside it.
At the end: cancelling `run` closes the socket; what `say` had not had acknowledged may have been sent or not.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from messenger_terminal.api import API
from messenger_terminal.connection import Backoff, Disconnected, TokenRefused, meaning_of, open_socket
from messenger_terminal.errors import Failure, LoggedOut, NotFound, Unreachable, login_ended
from messenger_terminal.session import Session
from messenger_terminal.versions import VERSIONED, Frame, Versions, chat_of

CHATS_A_SYNC = 1000
ACK_PATIENCE_S = 10.0
SYNC_PATIENCE_S = 20.0
RETRY_S = 1.0
MOST_REFUSALS = 2
_PASSING = {"unavailable", "rate_limited"}
_SILENT = {"pong"}


class Live:
    """The live events of an account, or of one chat of it."""

    def __init__(
        self,
        server: str,
        session: Session,
        api: API,
        *,
        show: Callable[[Frame], None],
        notice: Callable[[str], None],
        only: int | None = None,
        connect: Callable[[str, str], Awaitable[ClientConnection]] = open_socket,
    ) -> None:
        self._server = server
        self._session = session
        self._api = api
        self._show = show
        self._notice = notice
        self._only = only
        self._connect = connect
        self.versions = Versions()
        self._backoff = Backoff()
        self._socket: ClientConnection | None = None
        self._online = asyncio.Event()
        self._syncs: deque[set[int]] = deque()
        self._sync_watch: asyncio.TimerHandle | None = None
        self._acks: dict[str, asyncio.Future[Frame]] = {}
        self._marks: dict[int, int] = {}
        self._token = ""
        self._listed = only is not None
        self._refused_in_a_row = 0

    # The connection

    async def run(self) -> None:
        """Stay connected until cancelled; raises a `Failure` that no further attempt would heal, like `LoggedOut`."""
        while True:
            try:
                await self._converse()
            except TokenRefused as refused:
                await self._renew(str(refused))
                pause = self._backoff.next()
            except (Disconnected, Unreachable) as error:
                pause = self._backoff.next(getattr(error, "wait_s", 0.0))
                self._notice(f"{error}; trying again")
            await asyncio.sleep(pause)

    async def _converse(self) -> None:
        """Open a connection and obey it to its end, which is an exception."""
        self._token = await asyncio.to_thread(self._session.access_token)
        socket = self._socket = await self._connect(self._server, self._token)
        try:
            async for text in socket:
                await self._take(json.loads(text))
            raise Disconnected("the server has closed the connection")
        except ConnectionClosed as closed:
            raise meaning_of(closed) from None
        finally:
            self._offline()
            await socket.close()

    def _offline(self) -> None:
        self._socket = None
        self._online.clear()
        self._syncs.clear()
        self._watch_sync()
        for ack in self._acks.values():
            _settle(ack, {"type": "error", "code": "unavailable", "retry_after": 0})

    async def _renew(self, reason: str) -> None:
        """Get another token in place of the refused one; without one the login is over, for the reason given."""
        self._refused_in_a_row += 1
        if self._refused_in_a_row > MOST_REFUSALS:
            raise LoggedOut("The server takes no token of this login. Run: messenger logout, then messenger login")
        try:
            await asyncio.to_thread(self._session.access_token, self._token)
        except LoggedOut as error:
            raise (login_ended(reason) if reason else error) from None
        except Unreachable as error:
            self._notice(str(error))

    # Frames of the server

    async def _take(self, frame: Frame) -> None:
        kind = frame.get("type")
        if kind == "hello":
            await self._begin()
        elif kind in VERSIONED:
            await self._take_versioned(frame)
        elif kind == "synced":
            await self._synced(frame)
        elif kind == "too_long":
            await self._catch_up_by_history(frame)
        elif kind == "reauth_required":
            self._token = await asyncio.to_thread(self._session.access_token, self._token)
            await self._put({"type": "auth", "token": self._token})
        elif kind == "error":
            self._take_error(frame)
        elif kind not in _SILENT and self._concerns(frame.get("chat_id")):
            self._show(frame)

    async def _begin(self) -> None:
        """Learn which chats there are, then ask for what happened in them."""
        if self._only is None:
            for chat in await asyncio.to_thread(lambda: list(self._api.chats())):
                self._follow_listed(chat)
            self._listed = True
        self._refused_in_a_row = 0
        self._online.set()
        await self._sync(self.versions.known())
        for chat_id, message_id in self._marks.items():
            await self._put({"type": "read", "chat_id": chat_id, "message_id": message_id})

    def _follow_listed(self, chat: dict[str, Any]) -> None:
        """Follow a chat from now on; one that came while we were away, from its beginning or our joining."""
        if not self._listed:
            self.versions.follow(chat["id"], chat["version"], (chat["last_message"] or {}).get("id", 0))
            return
        # The caller is listed first, and somebody who joins has by that read what was there before.
        read_up_to = chat["participants"][0]["last_read_message_id"] if chat["type"] == "group" else 0
        self.versions.follow(chat["id"], 0, read_up_to)

    async def _sync(self, chats: dict[int, int]) -> None:
        entries = list(chats.items())
        for start in range(0, len(entries), CHATS_A_SYNC):
            part = dict(entries[start : start + CHATS_A_SYNC])
            self._syncs.append(set(part))
            await self._put({"type": "sync", "chats": {str(chat_id): version for chat_id, version in part.items()}})
        self._watch_sync()

    def _watch_sync(self) -> None:
        """Cut a connection whose sync is not answered."""
        if self._sync_watch is not None:
            self._sync_watch.cancel()
            self._sync_watch = None
        if self._syncs and self._socket is not None:
            loop, cut = asyncio.get_running_loop(), self._socket.transport.abort
            self._sync_watch = loop.call_later(SYNC_PATIENCE_S, cut)

    async def _take_versioned(self, frame: Frame) -> None:
        chat_id = chat_of(frame)
        client_id = frame["message"].get("client_id") if frame["type"] == "message" else None
        if client_id in self._acks:
            _settle(self._acks[client_id], frame)
        if not self._concerns(chat_id):
            return
        if chat_id not in self.versions:
            self._follow_unknown(chat_id, frame)
        self._show_all(self.versions.accept(frame))
        await self._fill_gap(chat_id)

    def _follow_unknown(self, chat_id: int, frame: Frame) -> None:
        if frame["type"] == "chat":
            before = (frame["chat"].get("last_message") or {}).get("id", 0)
        else:
            before = frame["message"]["id"] - (1 if frame["type"] == "message" else 0)
        self.versions.follow(chat_id, frame["version"] - 1, before)

    async def _fill_gap(self, chat_id: int) -> None:
        if self.versions.has_gap(chat_id) and not any(chat_id in asked for asked in self._syncs):
            await self._sync({chat_id: self.versions.known()[chat_id]})

    async def _synced(self, frame: Frame) -> None:
        if self._syncs:
            self._syncs.popleft()
        self._watch_sync()
        self._backoff.reset()
        for key, state in frame["chats"].items():
            if int(key) in self.versions:
                self._show_all(self.versions.reach(int(key), state["version"]))
                await self._fill_gap(int(key))

    async def _catch_up_by_history(self, frame: Frame) -> None:
        """Page the history from the last message shown, then go on from the version given."""
        chat_id = frame["chat_id"]
        if chat_id not in self.versions:
            return
        after = self.versions.last_message_id(chat_id)
        while page := await asyncio.to_thread(self._api.after, chat_id, after):
            self._show_all(self.versions.accept_page(chat_id, page))
            after = page[-1]["id"]
        self._show_all(self.versions.reach(chat_id, frame["version"]))

    def _take_error(self, frame: Frame) -> None:
        ack = self._acks.get(frame.get("client_id") or "")
        chat_id, code = frame.get("chat_id"), frame.get("code")
        if ack is not None:
            _settle(ack, frame)
        elif chat_id is not None and code == "not_found":
            self.versions.drop(chat_id)
            if chat_id == self._only:
                raise NotFound("This chat is gone, or you are in it no longer.")
        elif code in _PASSING and self._syncs:
            raise Disconnected(str(frame.get("detail")), float(frame.get("retry_after") or RETRY_S))
        else:
            self._notice(str(frame.get("detail")))

    def _show_all(self, frames: list[Frame]) -> None:
        for frame in frames:
            self._show(frame)

    def _concerns(self, chat_id: int | None) -> bool:
        return self._only is None or chat_id == self._only

    # Frames of ours

    async def say(self, chat_id: int, text: str, client_id: str) -> Frame:
        """Send until the server has acknowledged, over as many connections as it takes; returns the message's frame."""
        try:
            while True:
                await self._online.wait()
                ack = self._acks[client_id] = asyncio.get_running_loop().create_future()
                await self._put({"type": "send", "chat_id": chat_id, "client_id": client_id, "text": text})
                try:
                    async with asyncio.timeout(ACK_PATIENCE_S):
                        answer: Frame = await ack
                except TimeoutError:
                    continue
                if answer["type"] == "message":
                    return answer
                if answer["code"] not in _PASSING:
                    raise Failure(str(answer["detail"]))
                await asyncio.sleep(float(answer.get("retry_after", RETRY_S)))
        finally:
            self._acks.pop(client_id, None)

    async def mark_read(self, chat_id: int, message_id: int) -> None:
        """Tell that everything up to here was read; told again on every new connection."""
        self._marks[chat_id] = max(self._marks.get(chat_id, 0), message_id)
        await self._put({"type": "read", "chat_id": chat_id, "message_id": message_id})

    async def tell_typing(self, chat_id: int) -> None:
        """Tell that the person is typing; nobody minds if that gets lost."""
        await self._put({"type": "typing", "chat_id": chat_id})

    async def _put(self, frame: Frame) -> None:
        """Write a frame; when the connection is gone, whoever reads it will notice."""
        if self._socket is None:
            return
        with contextlib.suppress(ConnectionClosed):
            await self._socket.send(json.dumps(frame))


def _settle(ack: asyncio.Future[Frame], answer: Frame) -> None:
    if not ack.done():
        ack.set_result(answer)
