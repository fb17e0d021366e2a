"""Give a group another title."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from chat_service.domain.errors import NotAllowed
from chat_service.domain.model import ChatId, UserId
from chat_service.domain.policy import may_add
from chat_service.domain.texts import clean_title
from chat_service.services.change_group import open_group, record_change
from chat_service.services.ports import Chats


class RenameGroup:
    """Change the title."""

    def __init__(self, chats: Chats, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._chats = chats
        self._now = now

    async def __call__(self, chat_id: ChatId, actor: UserId, title: str) -> None:
        """Rename; raises `InvalidText`, `NotFound` for outsiders, `NotAllowed` for members, `Unavailable`."""
        clean = clean_title(title)
        async with self._chats.transaction() as chats:
            chat, roles = await open_group(chats, chat_id, actor)
            if not may_add(roles[actor]):
                raise NotAllowed("Only the creator and admins change the title.")
            chat.change(self._now())
            await chats.rename(chat, clean)
            await record_change(chats, chat, "title", {"title": clean, "by": actor})
