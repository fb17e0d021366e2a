"""One client's live connection: what waits to be written, what it awaits, what it must not get twice.

Guarantees
    Frames leave in the order of `push`, joined into one write a loop turn. A client that does not read is closed
    with 4408 when more than `MAX_UNSENT_BYTES` wait for it; nobody waits for it. Within one chat a connection gets
    each version at most once, whether live or by sync.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

from realtime_service.domain.frames import Message, MessageFrame, to_wire
from realtime_service.services.ports import Socket

MAX_UNSENT_BYTES = 256 * 1024
MAX_HELD_FRAMES = 1000
MAX_OVERTAKING = 100
OVERTAKING_S = 1.0
SLOW_CONSUMER = 4408
SESSION_ENDED = 4401

HeldFrame = tuple[int, bytes, Message | None]


class Connection:
    """State of one connection; every method runs on the event loop and never waits."""

    __slots__ = (
        "_outbox",
        "_schedule",
        "awaited_sends",
        "chats",
        "expires_at",
        "floors",
        "held",
        "id",
        "issued_at",
        "overtaking",
        "read_marks",
        "seen",
        "sid",
        "socket",
        "sub",
        "user_id",
    )

    def __init__(
        self,
        socket: Socket,
        *,
        user_id: int,
        sub: str,
        sid: str,
        issued_at: float,
        expires_at: float,
        schedule: Callable[[Connection], None],
    ) -> None:
        self.id = uuid.uuid4().hex
        self.socket = socket
        self.user_id = user_id
        self.sub = sub
        self.sid = sid
        self.issued_at = issued_at
        self.expires_at = expires_at
        self._schedule = schedule
        self._outbox: list[bytes] = []
        # Sends of this connection that have no acknowledgement yet: (chat, client id).
        self.awaited_sends: set[tuple[int, str]] = set()
        # Own messages that came without being awaited, and when.
        self.overtaking: dict[tuple[int, str], float] = {}
        # Chats under sync → live frames that wait for its end; None when they became too many.
        self.held: dict[int, list[HeldFrame] | None] = {}
        # Chats in which a sync has run ahead of the live events, and up to where.
        self.floors: dict[int, int] = {}
        # Versions acknowledged to this connection alone, ahead of the live events.
        self.seen: set[tuple[int, int]] = set()
        # The highest message that this connection itself has marked as read, by chat.
        self.read_marks: dict[int, int] = {}
        # Loaded chats whose events reach this connection.
        self.chats: set[int] = set()

    def push(self, frame: bytes) -> None:
        """Queue a frame for the end of this loop turn."""
        if not self._outbox:
            self._schedule(self)
        self._outbox.append(frame)

    def flush(self) -> None:
        """Write what is queued; close a peer that has stopped reading."""
        frames, self._outbox = self._outbox, []
        if not frames:
            return
        if self.socket.unsent_bytes > MAX_UNSENT_BYTES:
            self.socket.close(SLOW_CONSUMER, "slow consumer: reconnect and sync")
            return
        self.socket.write(frames[0] if len(frames) == 1 else b"".join(frames))

    def end_session(self, reason: str) -> None:
        """Close because the login session is over: revoked, evicted, expired or logout."""
        self.flush()
        self.socket.close(SESSION_ENDED, reason)

    def deliver(self, chat_id: int, version: int, frame: bytes, own: Message | None = None) -> None:
        """Queue a versioned live frame, unless a sync has brought or will bring it.

        `own` is the message when this connection's user has sent it: its frame acknowledges the send.
        """
        if self.held or self.floors or self.seen:
            if not self._is_due(chat_id, version):
                return
            if chat_id in self.held:
                self._hold(chat_id, version, frame, own)
                return
        self.push(frame)
        if own is not None:
            self._acknowledge(own)

    def _is_due(self, chat_id: int, version: int) -> bool:
        if (chat_id, version) in self.seen:
            self.seen.discard((chat_id, version))
            return False
        floor = self.floors.get(chat_id)
        if floor is not None:
            if version <= floor:
                return False
            del self.floors[chat_id]
        return True

    def _hold(self, chat_id: int, version: int, frame: bytes, own: Message | None) -> None:
        waiting = self.held[chat_id]
        if waiting is not None:
            waiting.append((version, frame, own))
            if len(waiting) > MAX_HELD_FRAMES:
                self.held[chat_id] = None

    def begin_sync(self, chat_ids: list[int]) -> None:
        """Hold the live frames of these chats until `end_sync`."""
        for chat_id in chat_ids:
            self.held[chat_id] = []

    def deliver_missed(self, chat_id: int, version: int, frame: bytes, own: Message | None) -> None:
        """Queue a frame of a sync's answer, unless this connection has had it already."""
        if (chat_id, version) in self.seen:
            self.seen.discard((chat_id, version))
            return
        self.push(frame)
        if own is not None:
            self._acknowledge(own)

    def held_too_many(self, chat_id: int) -> bool:
        """Tell whether live frames of a chat under sync were dropped, so that its answer is no longer complete."""
        return self.held.get(chat_id, []) is None

    def end_sync(self, chat_id: int, version: int | None) -> None:
        """Release a chat's live frames beyond `version`; None when the sync failed: release all."""
        waiting = self.held.pop(chat_id, None)
        if version is not None:
            self.floors[chat_id] = version
        for live_version, frame, own in waiting or ():
            self.deliver(chat_id, live_version, frame, own)

    def rewind(self, chat_id: int) -> None:
        """Forget which versions of a chat have come: it has been taken back, and they will be others."""
        self.floors.pop(chat_id, None)
        self.seen = {(known, version) for known, version in self.seen if known != chat_id}

    def await_send(self, chat_id: int, client_id: str) -> None:
        """Remember that this connection awaits an acknowledgement.

        When several connections send the same at once, the message of the first may reach the others while their
        own sends are still on the way: that frame has then been the acknowledgement, one frame for one send.
        """
        key = (chat_id, client_id)
        overtook_at = self.overtaking.pop(key, None)
        if overtook_at is None or time.monotonic() - overtook_at > OVERTAKING_S:
            self.awaited_sends.add(key)

    def awaits(self, message: Message) -> bool:
        """Tell whether a send of this message still lacks its acknowledgement."""
        return (message.chat_id, message.client_id) in self.awaited_sends

    def _acknowledge(self, message: Message) -> None:
        key = (message.chat_id, str(message.client_id))
        if key in self.awaited_sends:
            self.awaited_sends.discard(key)
            # To send is to read what was said before: who did both need not be told.
            self.read_marks[message.chat_id] = max(self.read_marks.get(message.chat_id, 0), message.id)
            return
        if len(self.overtaking) >= MAX_OVERTAKING:
            del self.overtaking[next(iter(self.overtaking))]
        self.overtaking[key] = time.monotonic()

    def answer_send(self, version: int, message: Message, *, live_may_follow: bool) -> None:
        """Acknowledge a send to this connection alone; a live frame of the same version that follows is skipped."""
        self._acknowledge(message)
        self.push(to_wire(MessageFrame(version, message)))
        if live_may_follow:
            if len(self.seen) >= MAX_HELD_FRAMES:
                self.seen.clear()
            self.seen.add((message.chat_id, version))
