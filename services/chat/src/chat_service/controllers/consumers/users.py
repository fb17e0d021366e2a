"""The queue `chat.users`: accounts as the user service announces them."""

from __future__ import annotations

import msgspec
from aio_pika.abc import AbstractIncomingMessage

from chat_service.repositories.users import KnownUsers
from messenger_platform.events import POSITION_HEADER, Position, decode_batch

QUEUE = "chat.users"
_TYPES = frozenset({"UserRegistered", "UserChanged"})


class Account(msgspec.Struct):
    """The fields of the event's data that we use."""

    id: int
    sub: str
    username: str
    name: str


class Announcement(msgspec.Struct):
    """A CloudEvent, its data not yet decoded: other types may carry other data."""

    type: str
    data: msgspec.Raw


_decoder = msgspec.json.Decoder(list[Announcement])
_account = msgspec.json.Decoder(Account)


class UserEvents:
    """Stores announced accounts, each message once."""

    def __init__(self, users: KnownUsers) -> None:
        self._users = users

    async def __call__(self, message: AbstractIncomingMessage) -> None:
        """Apply one AMQP message; raises what makes the broker deliver it again."""
        position = Position.parse(str(message.headers[POSITION_HEADER]))
        await self.apply(position, message.body)

    async def apply(self, position: Position, body: bytes) -> None:
        """Apply one batch of events."""
        accounts = [_account.decode(event.data) for event in decode_batch(body, _decoder) if event.type in _TYPES]
        await self._users.store(position, [msgspec.structs.asdict(account) for account in accounts])
