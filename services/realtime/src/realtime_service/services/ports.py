"""What the use cases need from the outside, as they name it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from realtime_service.domain.frames import Message


class Socket(Protocol):
    """One WebSocket, as the connection writes to it."""

    @property
    def is_open(self) -> bool:
        """Whether frames may still be written."""

    @property
    def unsent_bytes(self) -> int:
        """Bytes the peer has not taken yet."""

    def write(self, frames: bytes) -> None:
        """Write whole prebuilt frames."""

    def pause_reading(self) -> None:
        """Take nothing from the peer until `resume_reading`."""

    def resume_reading(self) -> None:
        """Take frames again."""

    async def drained(self) -> None:
        """Wait until the peer has taken most of what was written."""

    def close(self, code: int, reason: str) -> None:
        """Close with a code of the contract."""


class OpResult(msgspec.Struct):
    """The chat service's answer to one `send` or `read`; `error` is a code of the contract."""

    version: int = 0
    duplicate: bool = False
    to: list[int] | None = None
    message: Message | None = None
    error: str | None = None
    detail: str = ""
    retry_after: float | None = None


class Entry(msgspec.Struct):
    """One version of a chat: a message, sent or `changed`, or else the chat as it was changed (encoded, or empty)."""

    version: int
    message: Message | None = None
    chat: msgspec.Raw = msgspec.Raw()
    changed: bool = False


class ChatDifference(msgspec.Struct):
    """What happened in one chat after the version asked for; complete up to `version`, or `too_long`."""

    chat_id: int
    version: int = 0
    unread_count: int = 0
    read_up_to: int = 0
    read_by_all_up_to: int = 0
    too_long: bool = False
    entries: list[Entry] = []
    error: str | None = None


class ChatLog(msgspec.Struct):
    """The entries of a chat after a version, with who is in it now; for repairing a gap."""

    version: int
    participants: list[int]
    entries: list[Entry]


class ChatVersion(msgspec.Struct):
    """A chat's current version, and the one it had at the time asked for."""

    chat_id: int
    version: int
    since_version: int


class Chats(Protocol):
    """The chat service; every call raises `Unavailable` after 5 s or when the link is down."""

    async def write(self, shard: int, ops: Sequence[Mapping[str, Any]]) -> list[OpResult]:
        """Perform a batch of sends and reads; one result per op, in order."""

    async def sync(self, user_id: int, chats: Mapping[str, int]) -> list[ChatDifference]:
        """Return the differences of all the chats, or raise."""

    async def members(self, chat_id: int) -> tuple[int, list[int]]:
        """Return `(version, participants)`; version 0 for no such chat."""

    async def changed_since(self, user_ids: Sequence[int], since: str) -> list[ChatVersion]:
        """Return the chats of these users that changed at or after an RFC 3339 time."""

    async def entries(self, chat_id: int, after_version: int) -> ChatLog:
        """Return what a chat's log holds after a version."""

    @property
    def shards(self) -> int:
        """How many chat processes share the chats; a chat belongs to `chat_id % shards`."""


class Memberships(Protocol):
    """The projection of participants."""

    async def find(self, chat_id: int) -> tuple[int, list[int]] | None:
        """Return `(version, participants)`, None for a chat never heard of."""
