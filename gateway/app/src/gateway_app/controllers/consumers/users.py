"""`gateway.users`: accounts that were disabled or deleted."""

from __future__ import annotations

import msgspec
from aio_pika.abc import AbstractIncomingMessage

from gateway_app.services.end_account import EndAccount
from messenger_platform.events import POSITION_HEADER, Position

QUEUE = "gateway.users"


class _Account(msgspec.Struct):
    sub: str


class _Envelope(msgspec.Struct):
    type: str
    data: msgspec.Raw


_envelopes = msgspec.json.Decoder(list[_Envelope])
_accounts = msgspec.json.Decoder(_Account)
_ENDS = {"UserDisabled", "UserDeleted"}


class UserEvents:
    """Reads of the user service's events the two that end sessions."""

    def __init__(self, end_account: EndAccount) -> None:
        self._end_account = end_account

    async def __call__(self, message: AbstractIncomingMessage) -> None:
        """Apply one message; raises `Unavailable`, and what a malformed one raises, so that it is delivered again."""
        await self.apply(Position.parse(str(message.headers[POSITION_HEADER])), message.body)

    async def apply(self, position: Position, body: bytes) -> None:
        """Apply the events of a message that stands at `position`."""
        subs = [_accounts.decode(envelope.data).sub for envelope in _envelopes.decode(body) if envelope.type in _ENDS]
        await self._end_account(position, subs)
