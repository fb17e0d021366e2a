"""Remove someone from a group, or leave it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from chat_service.domain.errors import NotAllowed, NotFound
from chat_service.domain.model import ChatId, LockedChat, NewlyRead, UserId
from chat_service.domain.policy import may_remove
from chat_service.services.change_group import open_group, record_membership
from chat_service.services.ports import Chats, ChatTransaction


class RemoveParticipant:
    """End someone's participation: from the version of the removal on they learn nothing more of the chat."""

    def __init__(self, chats: Chats, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._chats = chats
        self._now = now

    async def __call__(self, chat_id: ChatId, actor: UserId, user_id: UserId) -> None:
        """Remove `user_id`; raises `NotFound`, `NotAllowed`, `Unavailable`."""
        async with self._chats.transaction() as chats:
            chat, roles = await open_group(chats, chat_id, actor, user_id)
            if user_id not in roles:
                raise NotFound("There is no such participant.")
            if not may_remove(roles[actor], roles[user_id], oneself=actor == user_id):
                raise NotAllowed("Only the creator and admins remove others, and nobody removes the creator.")
            chat.change(self._now())
            chat.participant_count -= 1
            await chats.remove(chat, user_id)
            newly_read = await _without_the_leaver(chats, chat)
            await record_membership(chats, chat, "left", user_id=user_id, actor=actor, newly_read=newly_read)


async def _without_the_leaver(chats: ChatTransaction, chat: LockedChat) -> NewlyRead:
    """Move the watermark when the one who held it back has gone."""
    smallest = await chats.smallest_mark(chat.id)
    if smallest is None or smallest <= chat.watermark:
        return NewlyRead()
    # Alone in the chat, one's own messages are read by nobody, so that there is nothing to tell.
    authors = await chats.authors(chat.id, chat.watermark, smallest) if chat.participant_count > 1 else []
    chat.watermark = smallest
    return NewlyRead(smallest.message_id, tuple(authors)) if authors else NewlyRead()
