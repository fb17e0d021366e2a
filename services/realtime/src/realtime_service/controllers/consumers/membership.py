"""The projection of participants: one consumer over all instances, each event once."""

from __future__ import annotations

from aio_pika.abc import AbstractIncomingMessage

from messenger_platform.events import POSITION_HEADER, Position
from realtime_service.domain import events
from realtime_service.repositories.memberships import Change, Memberships

QUEUE = "realtime.membership"


class MembershipHandler:
    """Apply the membership events of one AMQP message in one transaction."""

    def __init__(self, memberships: Memberships) -> None:
        self._memberships = memberships

    async def __call__(self, message: AbstractIncomingMessage) -> None:
        """Apply; raises when the database is away, so that the message comes again."""
        changes = []
        for envelope in events.envelopes.decode(message.body):
            if envelope.type in events.CHAT_EVENTS:
                event = events.chat_event.decode(envelope.data)
                changes.append(Change(event.chat_id, event.version, event.participants))
            elif envelope.type == "ChatResynced":
                found = events.chat_resynced.decode(envelope.data)
                changes.append(Change(found.chat_id, found.version, found.participants, anew=True))
        header = message.headers.get(POSITION_HEADER)
        await self._memberships.apply(changes, None if header is None else Position.parse(str(header)))
