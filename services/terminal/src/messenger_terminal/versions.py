"""Every change of every chat once and in order, out of frames that come twice, too late or not at all.

A chat's versions have no gaps. A frame of the next version is passed on; an older one has been; one behind a gap waits
until the gap is filled by a sync. Pure: no socket, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Frame = dict[str, Any]
VERSIONED = {"message", "message_changed", "chat"}


@dataclass(slots=True)
class _Chat:
    version: int
    last_message_id: int
    ahead: dict[int, Frame] = field(default_factory=dict)


class Versions:
    """Where each followed chat stands."""

    def __init__(self) -> None:
        self._chats: dict[int, _Chat] = {}

    def __contains__(self, chat_id: int) -> bool:
        return chat_id in self._chats

    def follow(self, chat_id: int, version: int, last_message_id: int) -> None:
        """Begin to follow a chat whose state up to here is known; a chat that is followed already stays as it is."""
        self._chats.setdefault(chat_id, _Chat(version, last_message_id))

    def drop(self, chat_id: int) -> None:
        """Follow a chat no longer."""
        self._chats.pop(chat_id, None)

    def known(self) -> dict[int, int]:
        """Return what to sync from: the version of each chat."""
        return {chat_id: chat.version for chat_id, chat in self._chats.items()}

    def last_message_id(self, chat_id: int) -> int:
        """Return the id of the newest message passed on, 0 for none."""
        return self._chats[chat_id].last_message_id

    def has_gap(self, chat_id: int) -> bool:
        """Whether something of this chat waits for what is missing before it."""
        return bool(self._chats[chat_id].ahead)

    def accept(self, frame: Frame) -> list[Frame]:
        """Take a versioned frame of a followed chat; returns what is to be shown now, in order."""
        chat = self._chats[chat_of(frame)]
        if frame["version"] > chat.version:
            chat.ahead[frame["version"]] = frame
        return self._advance(chat)

    def accept_page(self, chat_id: int, messages: list[Frame]) -> list[Frame]:
        """Take messages from the history, as frames without a version."""
        chat = self._chats[chat_id]
        frames = [{"type": "message", "message": message} for message in messages]
        return [frame for frame in frames if _is_new(chat, frame)]

    def reach(self, chat_id: int, version: int) -> list[Frame]:
        """Everything up to this version is here, or will never come; returns what had waited behind it."""
        chat = self._chats[chat_id]
        due = [chat.ahead.pop(number) for number in sorted(chat.ahead) if number <= version]
        shown = [frame for frame in due if _is_new(chat, frame)]
        chat.version = max(chat.version, version)
        return shown + self._advance(chat)

    def _advance(self, chat: _Chat) -> list[Frame]:
        shown = []
        while (frame := chat.ahead.pop(chat.version + 1, None)) is not None:
            chat.version += 1
            if _is_new(chat, frame):
                shown.append(frame)
        return shown


def chat_of(frame: Frame) -> int:
    """Return the id of the chat that a versioned frame is about."""
    return int(frame["chat"]["id"] if frame["type"] == "chat" else frame["message"]["chat_id"])


def _is_new(chat: _Chat, frame: Frame) -> bool:
    """Whether a frame was not shown yet: ids of messages ascend with versions, and the history has no versions."""
    if frame["type"] != "message":
        return True
    if frame["message"]["id"] <= chat.last_message_id:
        return False
    chat.last_message_id = frame["message"]["id"]
    return True
