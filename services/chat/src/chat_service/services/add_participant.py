"""Add someone to a group."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from chat_service.domain.errors import NotAllowed, TooManyParticipants
from chat_service.domain.model import MAX_PARTICIPANTS, START, ChatId, LockedChat, NewlyRead, Role, UserId
from chat_service.domain.policy import may_add
from chat_service.services.change_group import open_group, record_membership
from chat_service.services.check_people import CheckPeople
from chat_service.services.ports import Chats, ChatTransaction
from messenger_platform.tokens import Principal


class AddParticipant:
    """Make someone a member; adding who is there already changes nothing."""

    def __init__(
        self, chats: Chats, check_people: CheckPeople, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._chats = chats
        self._check_people = check_people
        self._now = now

    async def __call__(self, chat_id: ChatId, actor: UserId, user_id: UserId, principal: Principal) -> bool:
        """Return whether the person was added.

        Raises `NotFound` for outsiders and unknown people, `NotAllowed` for members, `TooManyParticipants`,
        `Unavailable`.
        """
        async with self._chats.transaction() as chats:
            await self._open(chats, chat_id, actor, user_id)
        # The user service is asked while nothing is locked; the second look decides.
        await self._check_people([user_id], principal)
        async with self._chats.transaction() as chats:
            chat, roles = await self._open(chats, chat_id, actor, user_id)
            if user_id in roles:
                return False
            if chat.participant_count >= MAX_PARTICIPANTS:
                raise TooManyParticipants(f"A group has at most {MAX_PARTICIPANTS} participants.")
            newly_read = NewlyRead()
            if chat.participant_count == 1 and chat.watermark != START:
                # What someone wrote while alone has been read by all who were there, now that there is an "all".
                newly_read = NewlyRead(chat.watermark.message_id, (actor,))
            chat.change(self._now())
            chat.participant_count += 1
            await chats.add(chat, user_id)
            await record_membership(chats, chat, "joined", user_id=user_id, actor=actor, newly_read=newly_read)
        return True

    @staticmethod
    async def _open(
        chats: ChatTransaction, chat_id: ChatId, actor: UserId, user_id: UserId
    ) -> tuple[LockedChat, dict[UserId, Role]]:
        chat, roles = await open_group(chats, chat_id, actor, user_id)
        if not may_add(roles[actor]):
            raise NotAllowed("Only the creator and admins add people.")
        return chat, roles
