"""Send a message."""

from __future__ import annotations

from uuid import UUID

from chat_service.domain.batch import Send, Sent
from chat_service.domain.model import ChatId, MessageId, UserId
from chat_service.domain.texts import clean_text
from chat_service.services.writer import Writer
from messenger_platform.limits import TokenBuckets


class SendMessage:
    """Append a message to a chat exactly once, however often the client retries."""

    def __init__(self, writer: Writer, limits: TokenBuckets) -> None:
        self._writer = writer
        self._limits = limits

    async def __call__(
        self, sender: UserId, chat_id: ChatId, client_id: UUID, text: str, reply_to_id: MessageId | None = None
    ) -> Sent:
        """Return the message once it is durable.

        Raises `InvalidText`, `NotFound` (also for the message to answer), `Conflict`, `TooManyRequests`, or
        `Unavailable` when the outcome is unknown: then the same call again tells it.
        """
        self._limits.charge(sender)
        answer = await self._writer.submit(Send(sender, chat_id, client_id, clean_text(text), reply_to_id))
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Sent)  # noqa: S101 - the writer answers a send with what was sent.
        return answer
