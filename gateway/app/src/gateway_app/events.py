"""What this context tells the world, on the routing key `session.ended`."""

from __future__ import annotations

from datetime import datetime

import msgspec

from gateway_app.domain.sessions import Ended
from messenger_platform.events import Event

ROUTING_KEY = "session.ended"
SOURCE = "gateway"


class SessionEnded(msgspec.Struct, frozen=True):
    """A login session is over: that of `sid`, or all that `sub` was issued tokens for up to `ended_at`."""

    sid: str | None
    sub: str | None
    reason: str
    ended_at: datetime

    @classmethod
    def of(cls, ended: Ended) -> SessionEnded:
        """Tell of an end."""
        return cls(ended.sid, ended.sub, ended.reason.value, ended.at)


def envelope(ended: Ended) -> Event:
    """Put the end of a session into its CloudEvent."""
    subject = ended.sid or ended.sub or ""
    return Event(type="SessionEnded", source=SOURCE, subject=subject, data=SessionEnded.of(ended))
