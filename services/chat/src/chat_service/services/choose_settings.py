"""Mute or pin a chat for oneself."""

from __future__ import annotations

from chat_service.domain.errors import TooManyPinned, no_such_chat
from chat_service.domain.model import MAX_PINNED, ChatId, OwnSettings, UserId
from chat_service.events import settings_changed
from chat_service.services.ports import Chats


class ChooseSettings:
    """Change a participant's own settings of a chat; choosing what is there already changes nothing."""

    def __init__(self, chats: Chats) -> None:
        self._chats = chats

    async def __call__(self, chat_id: ChatId, user_id: UserId, *, muted: bool | None, pinned: bool | None) -> None:
        """Store what is not None; raises `NotFound`, `TooManyPinned`, `Unavailable`."""
        async with self._chats.transaction() as chats:
            if pinned:
                await chats.lock_pins(user_id)
            before = await chats.own_settings(chat_id, user_id)
            if before is None:
                raise no_such_chat()
            chosen = OwnSettings(
                muted=before.muted if muted is None else muted, pinned=before.pinned if pinned is None else pinned
            )
            if chosen == before:
                return
            if chosen.pinned and not before.pinned and await chats.count_pinned(user_id) >= MAX_PINNED:
                raise TooManyPinned(f"At most {MAX_PINNED} chats are pinned.")
            await chats.choose(chat_id, user_id, chosen)
            await chats.emit([settings_changed(chat_id, user_id, chosen)])
