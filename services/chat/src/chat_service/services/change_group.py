"""What every change of a group has in common: the lock, who may do it, the version, the event."""

from __future__ import annotations

from collections.abc import Mapping

from chat_service.domain.errors import NotAllowed, no_such_chat
from chat_service.domain.model import ChatId, LockedChat, NewlyRead, Role, UserId
from chat_service.events import chat_changed, membership_changed
from chat_service.services.ports import ChatTransaction


async def open_group(
    chats: ChatTransaction, chat_id: ChatId, actor: UserId, *others: UserId
) -> tuple[LockedChat, dict[UserId, Role]]:
    """Lock a group and return it with the roles of those named.

    Raises `NotFound` when the actor is not in the chat, `NotAllowed` when it is a private chat.
    """
    chat = await chats.lock(chat_id)
    roles = {} if chat is None else await chats.roles(chat_id, [actor, *others])
    if chat is None or actor not in roles:
        raise no_such_chat()
    if chat.peers is not None:
        raise NotAllowed("A private chat has the same two participants for ever.")
    return chat, roles


async def record_membership(
    chats: ChatTransaction,
    chat: LockedChat,
    kind: str,
    *,
    user_id: UserId,
    actor: UserId,
    newly_read: NewlyRead,
) -> None:
    """Store and publish that someone came (`joined`) or went (`left`)."""
    await chats.record(chat, kind, {"user_id": user_id, "by": actor})
    participants = await chats.participants(chat.id)
    event = "ParticipantJoined" if kind == "joined" else "ParticipantLeft"
    await chats.emit([membership_changed(event, await chats.view(chat.id), participants, user_id, newly_read)])


async def record_change(chats: ChatTransaction, chat: LockedChat, kind: str, data: Mapping[str, object]) -> None:
    """Store and publish a change that leaves the participants as they are."""
    await chats.record(chat, kind, data)
    await chats.emit([chat_changed(await chats.view(chat.id), await chats.participants(chat.id))])
