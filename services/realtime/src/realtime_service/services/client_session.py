"""What a client's frames do: one object per connection, called with every text frame.

A frame that cannot be obeyed is answered with an error frame and changes nothing; only abuse ends the connection.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET

from messenger_platform.errors import InvalidToken, Unavailable
from messenger_platform.limits import TokenBuckets
from messenger_platform.tokens import TokenVerifier
from realtime_service.domain.frames import (
    PONG,
    Auth,
    ErrorFrame,
    Message,
    Ping,
    Read,
    ReauthRequired,
    Send,
    Sync,
    Typing,
    client_decoder,
    to_wire,
)
from realtime_service.services.connection import Connection
from realtime_service.services.hub import Hub
from realtime_service.services.op_batches import OpBatches
from realtime_service.services.ports import OpResult
from realtime_service.services.synchronise import Synchronise
from realtime_service.services.tasks import Tasks

MAX_UNANSWERED = 1_000
FULL, REST_S = 100, 0.02
"""So many unanswered sends, and nothing more is read from a client until it has fewer: TCP tells it to wait."""
MAX_TASKS = 16
MAX_REFUSED_IN_A_ROW = 1_000
ABUSE = 1008
REAUTH_BEFORE_S = 60.0
# How long an acknowledgement may wait for the live frame of its message, which carries it.
ACK_PATIENCE_S = 0.25
PULL_TIMEOUT_S = 3.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of clients, one bucket set for the whole process; keys are user or connection ids."""

    sends: TokenBuckets
    frames: TokenBuckets
    typing: TokenBuckets


@dataclass(frozen=True, slots=True)
class Collaborators:
    """What every session of the process shares."""

    hub: Hub
    batches: list[OpBatches]
    synchronise: Synchronise
    verifier: TokenVerifier
    limits: Limits
    publish_typing: Callable[[int, int], None]


class ClientSession:
    """Obey the frames of one connection."""

    __slots__ = (
        "_connection",
        "_expiry",
        "_late_answers",
        "_loop",
        "_refused_in_a_row",
        "_rests",
        "_shared",
        "_syncs",
        "_tasks",
    )

    def __init__(self, connection: Connection, shared: Collaborators) -> None:
        self._connection = connection
        self._shared = shared
        self._loop = asyncio.get_running_loop()
        self._tasks = Tasks()
        self._late_answers = Tasks()
        self._expiry: asyncio.TimerHandle | None = None
        self._refused_in_a_row = 0
        self._rests = False
        self._syncs = asyncio.Lock()
        self._watch_expiry()

    def end(self) -> None:
        """Leave the hub, stop timers and what is still being fetched."""
        self._shared.hub.remove(self._connection)
        if self._expiry is not None:
            self._expiry.cancel()
        self._tasks.cancel()
        self._late_answers.cancel()

    def flush(self) -> None:
        """Write what is queued."""
        self._connection.flush()

    def on_text(self, text: str) -> None:
        """Take one text frame."""
        connection = self._connection
        wait = self._shared.limits.frames.take(connection.id)
        if wait:
            self._refuse("rate_limited", "Too many frames.", text, retry_after=wait)
            return
        try:
            frame = client_decoder.decode(text)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
            self._refuse("bad_frame", str(error), text)
            return
        if isinstance(frame, Send):
            self._send(frame)
        elif isinstance(frame, Read):
            self._read(frame)
        elif isinstance(frame, Ping):
            connection.push(PONG)
        elif isinstance(frame, Typing):
            self._typing(frame)
        elif isinstance(frame, Sync):
            self._sync(frame)
        else:
            self._start(self._reauthenticate(frame))
        self._refused_in_a_row = 0

    # Sends and reads

    def _send(self, frame: Send) -> None:
        connection, client_id = self._connection, str(frame.client_id)
        wait = self._shared.limits.sends.take(connection.user_id)
        if wait or len(connection.awaited_sends) >= MAX_UNANSWERED:
            detail = "You are sending too fast."
            connection.push(to_wire(ErrorFrame("rate_limited", detail, client_id, retry_after=round(wait or 1.0, 3))))
            return
        connection.await_send(frame.chat_id, client_id)
        op = {
            "op": "send",
            "user_id": connection.user_id,
            "chat_id": frame.chat_id,
            "client_id": client_id,
            "text": frame.text,
            "reply_to_id": frame.reply_to_id,
        }
        self._batch(frame.chat_id).submit(op, lambda result: self._sent(frame.chat_id, client_id, result))
        if len(connection.awaited_sends) >= FULL and not self._rests:
            self._rests = True
            connection.socket.pause_reading()
            self._loop.call_later(REST_S, self._read_on)

    def _read_on(self) -> None:
        if len(self._connection.awaited_sends) >= FULL and self._connection.socket.is_open:
            self._loop.call_later(REST_S, self._read_on)
            return
        self._rests = False
        self._connection.socket.resume_reading()

    def _sent(self, chat_id: int, client_id: str, result: OpResult) -> None:
        connection, message = self._connection, result.message
        if message is None:
            connection.awaited_sends.discard((chat_id, client_id))
            self._answer_error(result, client_id)
            return
        # The hub first: a fresh message reaches everyone here at once, this connection included.
        delivered = self._shared.hub.accept_answer(result.version, message)
        if not connection.awaits(message):
            return
        if delivered and chat_id not in connection.held:
            # Delivered before this send came: it is a repetition, and gets the same message again.
            connection.answer_send(result.version, message, live_may_follow=False)
        else:
            self._loop.call_later(ACK_PATIENCE_S, self._expect_no_longer, result.version, message)

    def _expect_no_longer(self, version: int, message: Message) -> None:
        if self._connection.awaits(message):
            self._late_answers.start(self._answer_late(version, message))

    async def _answer_late(self, version: int, message: Message) -> None:
        """Fetch what the events do not bring; if even that fails, acknowledge to this connection alone."""
        try:
            async with asyncio.timeout(PULL_TIMEOUT_S):
                await self._shared.hub.pull(message.chat_id, version, self._connection.user_id)
        except (Unavailable, TimeoutError) as error:
            logger.warning("a chat could not be pulled", extra={"chat_id": message.chat_id, "error": repr(error)})
        if self._connection.awaits(message) and message.chat_id not in self._connection.held:
            self._connection.answer_send(version, message, live_may_follow=True)

    def _read(self, frame: Read) -> None:
        connection = self._connection
        connection.read_marks[frame.chat_id] = max(connection.read_marks.get(frame.chat_id, 0), frame.message_id)
        op = {
            "op": "read",
            "user_id": connection.user_id,
            "chat_id": frame.chat_id,
            "message_id": frame.message_id,
        }
        self._batch(frame.chat_id).submit(op, lambda result: self._was_read(frame, result))

    def _was_read(self, frame: Read, result: OpResult) -> None:
        if result.error is not None:
            self._connection.read_marks.pop(frame.chat_id, None)
            self._answer_error(result, None, frame.chat_id)

    def _batch(self, chat_id: int) -> OpBatches:
        batches = self._shared.batches
        return batches[chat_id % len(batches)]

    def _answer_error(self, result: OpResult, client_id: str | None, chat_id: int | None = None) -> None:
        error = ErrorFrame(
            result.error or Unavailable.code,
            result.detail,
            client_id,
            chat_id=UNSET if chat_id is None else chat_id,
            retry_after=UNSET if result.retry_after is None else result.retry_after,
        )
        self._connection.push(to_wire(error))

    # Typing, sync, token

    def _typing(self, frame: Typing) -> None:
        if not self._shared.limits.typing.take((self._connection.id, frame.chat_id)):
            self._start(self._show_typing(frame.chat_id))

    async def _show_typing(self, chat_id: int) -> None:
        user_id = self._connection.user_id
        try:
            if not await self._shared.hub.is_member(chat_id, user_id):
                self._connection.push(to_wire(ErrorFrame("not_found", "There is no such chat.", chat_id=chat_id)))
                return
        except Unavailable:
            return  # Typing is droppable.
        self._shared.publish_typing(chat_id, user_id)

    def _sync(self, frame: Sync) -> None:
        if not all(_is_chat_id(key) for key in frame.chats):
            self._refuse("bad_frame", "The keys of `chats` are chat ids.", "")
            return
        self._start(self._one_sync_at_a_time(frame))

    async def _one_sync_at_a_time(self, frame: Sync) -> None:
        async with self._syncs:
            await self._shared.synchronise(self._connection, frame.chats)

    async def _reauthenticate(self, frame: Auth) -> None:
        connection = self._connection
        try:
            principal = await self._shared.verifier.verify(frame.token)
        except (InvalidToken, Unavailable) as error:
            code = "forbidden" if isinstance(error, InvalidToken) else error.code
            connection.push(to_wire(ErrorFrame(code, str(error))))
            return
        if principal.sub != connection.sub or principal.sid != connection.sid:
            connection.push(to_wire(ErrorFrame("forbidden", "The token belongs to another session.")))
            return
        connection.issued_at = max(connection.issued_at, principal.issued_at)
        connection.expires_at = max(connection.expires_at, principal.expires_at)
        self._watch_expiry()

    def _watch_expiry(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        left = self._connection.expires_at - time.time()
        self._expiry = self._loop.call_later(max(0.0, left - REAUTH_BEFORE_S), self._warn)

    def _warn(self) -> None:
        left = self._connection.expires_at - time.time()
        self._connection.push(to_wire(ReauthRequired(max(0, round(left)))))
        self._expiry = self._loop.call_later(max(0.0, left), self._expire)

    def _expire(self) -> None:
        self._connection.end_session("expired")

    # Refusals

    def refuse_binary(self) -> None:
        """Answer a binary frame: the contract knows text only."""
        self._refuse("bad_frame", "Frames are JSON text.", "")

    def _refuse(self, code: str, detail: str, text: str, *, retry_after: float | None = None) -> None:
        self._refused_in_a_row += 1
        if self._refused_in_a_row > MAX_REFUSED_IN_A_ROW:
            self._connection.socket.close(ABUSE, "too many bad frames")
            return
        retry = UNSET if retry_after is None else round(retry_after, 3)
        self._connection.push(to_wire(ErrorFrame(code, detail, _client_id_in(text), retry_after=retry)))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        if len(self._tasks) >= MAX_TASKS:
            work.close()
            self._refuse("rate_limited", "Too much of yours is under way.", "")
            return
        self._tasks.start(work)


def _is_chat_id(key: str) -> bool:
    return key.isascii() and key.isdigit() and key == str(int(key)) if len(key) <= 16 else False  # noqa: PLR2004 - 2^53 has 16 digits.


class _HasClientId(msgspec.Struct):
    client_id: str | None = None


def _client_id_in(text: str) -> str | None:
    """Find the client id of a refused frame, so that its sender knows which one it was."""
    try:
        return msgspec.json.decode(text, type=_HasClientId).client_id
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
