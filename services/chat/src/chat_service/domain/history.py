"""Which part of a history is asked for."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from chat_service.domain.model import ChatId, MessageId, UserId


@dataclass(frozen=True, slots=True)
class Oldest:
    """From the oldest message on, without the first `skipped`."""

    skipped: int


@dataclass(frozen=True, slots=True)
class Newest:
    """From the newest message back, without the last `skipped`."""

    skipped: int


@dataclass(frozen=True, slots=True)
class Span:
    """Between two messages, both exclusive, which need not exist; counted from the end or from the beginning."""

    after: MessageId
    before: MessageId
    from_end: bool


@dataclass(frozen=True, slots=True)
class Around:
    """Around a message: about half of the page before it, then the message, then the rest."""

    message_id: MessageId


@dataclass(frozen=True, slots=True)
class Page:
    """At most `limit` messages from a start on."""

    start: Oldest | Newest | Span | Around
    limit: int


class Asked(msgspec.Struct, frozen=True, gc=False):
    """A page of a span that somebody asks for; all spans are asked for in one form, so that they are read together.

    `from_end` says at which end of the span it begins, `newest_first` in what order it is told.
    """

    chat_id: ChatId
    viewer: UserId
    after: MessageId
    before: MessageId
    from_end: bool
    limit: int
    newest_first: bool
