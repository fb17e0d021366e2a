"""Make a participant an admin, or a member again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from chat_service.domain.errors import NotAllowed, NotFound
from chat_service.domain.model import ChatId, Role, UserId
from chat_service.domain.policy import may_appoint
from chat_service.services.change_group import open_group, record_change
from chat_service.services.ports import Chats


class AppointParticipant:
    """Change a participant's role."""

    def __init__(self, chats: Chats, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._chats = chats
        self._now = now

    async def __call__(self, chat_id: ChatId, actor: UserId, user_id: UserId, role: Role) -> None:
        """Appoint; the role that is there already changes nothing. Raises `NotFound`, `NotAllowed`, `Unavailable`."""
        async with self._chats.transaction() as chats:
            chat, roles = await open_group(chats, chat_id, actor, user_id)
            if user_id not in roles:
                raise NotFound("There is no such participant.")
            if not may_appoint(roles[actor], roles[user_id]):
                raise NotAllowed("Only the creator appoints, and stays the creator.")
            if roles[user_id] is role:
                return
            chat.change(self._now())
            await chats.appoint(chat, user_id, role)
            await record_change(chats, chat, "role", {"user_id": user_id, "role": role, "by": actor})
