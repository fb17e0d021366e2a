"""What may go wrong in a chat, as facts; `code` is stable and is what clients see."""

from __future__ import annotations

from typing import ClassVar


class ChatError(Exception):
    """A refusal that is the caller's to understand; its text is safe to show.

    `field` is the part of the input that is to blame, where one is.
    """

    code: ClassVar[str] = "bad_frame"
    field: str | None = None


class NotFound(ChatError):  # noqa: N818 - errors are named as facts.
    """No such chat, message or person, or none that the caller may see: the two are told apart by nobody."""

    code = "not_found"


class NotAllowed(ChatError):  # noqa: N818 - errors are named as facts.
    """The caller sees the chat, but this is for others to do."""

    code = "forbidden"


class Conflict(ChatError):  # noqa: N818 - errors are named as facts.
    """What is asked contradicts what is already there."""

    code = "conflict"


class TooManyPinned(Conflict):
    """One more chat was to be pinned than may be."""


class InvalidText(ChatError):  # noqa: N818 - errors are named as facts.
    """A text or title is empty or cannot be stored."""

    code = "bad_frame"

    def __init__(self, detail: str, field: str) -> None:
        super().__init__(detail)
        self.field = field


class TooLong(InvalidText):
    """A text or title has too many characters."""

    code = "too_long"


class WithOneself(ChatError):  # noqa: N818 - errors are named as facts.
    """A private chat with oneself was asked for."""

    field = "user_id"


class TooManyParticipants(ChatError):  # noqa: N818 - errors are named as facts.
    """The group would be larger than groups may be."""

    code = "too_long"
    field = "participant_ids"


def no_such_chat() -> NotFound:
    """Make the one answer for chats that do not exist and chats of others."""
    return NotFound("There is no such chat.")


def no_such_message() -> NotFound:
    """Make the answer for a message that is not in the chat."""
    return NotFound("There is no such message in this chat.")
