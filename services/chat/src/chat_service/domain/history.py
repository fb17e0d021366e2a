"""Which part of a history is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from chat_service.domain.model import MessageId


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
