"""Page through a chat's messages."""

from __future__ import annotations

from chat_service.domain.errors import no_such_chat, no_such_message
from chat_service.domain.history import Around, Page
from chat_service.domain.model import ChatId, SeenMessage, UserId
from chat_service.services.ports import Histories


class PageHistory:
    """Messages of a chat for one of its participants."""

    def __init__(self, histories: Histories) -> None:
        self._histories = histories

    async def __call__(self, chat_id: ChatId, viewer: UserId, page: Page) -> list[SeenMessage]:
        """Return the page, oldest first; raises `NotFound` or `Unavailable`."""
        messages = await self._histories.page(chat_id, viewer, page)
        if messages is None:
            raise no_such_chat()
        if isinstance(page.start, Around) and all(seen.message.id != page.start.message_id for seen in messages):
            raise no_such_message()
        return messages
