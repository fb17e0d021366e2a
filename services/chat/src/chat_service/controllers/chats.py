"""`/api/chats`: chats and who is in them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Response, status

from chat_service.controllers.answers import problems
from chat_service.controllers.deps import Caller, Wired
from chat_service.controllers.schemas import (
    ChatBody,
    ChatPage,
    NewChatBody,
    NewParticipant,
    NewPrivateChat,
    NewRole,
    NewSettings,
    NewTitle,
    read_cursor,
    write_cursor,
)
from chat_service.domain.model import MAX_ID, ChatId, Role, UserId
from messenger_platform.http_auth import CallerPrincipal, bearer_scheme
from messenger_platform.problems import Problem

router = APIRouter(prefix="/api/chats", tags=["chats"], dependencies=[bearer_scheme])

ChatIdPath = Annotated[int, Path(ge=1, le=MAX_ID, description="The chat's id.", examples=[1])]
UserIdPath = Annotated[int, Path(ge=1, le=MAX_ID, description="The participant's user id.", examples=[4])]
_EXISTING: dict[int | str, dict[str, Any]] = {200: {"model": ChatBody, "description": "The pair had a chat already."}}
_THERE: dict[int | str, dict[str, Any]] = {
    200: {"model": ChatBody, "description": "The person was in the chat already."}
}


@router.post(
    "",
    summary="Create a chat",
    status_code=status.HTTP_201_CREATED,
    responses={**problems(404, 429), **_EXISTING},
)
async def create_chat(
    body: Annotated[NewChatBody, Body()],
    caller: Caller,
    principal: CallerPrincipal,
    wiring: Wired,
    response: Response,
) -> ChatBody:
    """Create a group, or the private chat of the caller and another person, which exists at most once."""
    if isinstance(body, NewPrivateChat):
        chat_id, created = await wiring.create_chat.private(caller, UserId(body.user_id), principal)
    else:
        others = [UserId(user_id) for user_id in body.participant_ids]
        chat_id, created = await wiring.create_chat.group(caller, body.title, others, principal), True
    if not created:
        response.status_code = status.HTTP_200_OK
    return ChatBody.of(await wiring.view_chats.one(chat_id, caller), caller)


@router.get("", summary="The caller's chats", responses=problems())
async def list_chats(
    caller: Caller,
    wiring: Wired,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.")] = None,
) -> ChatPage:
    """Return a page of chats, newest activity first."""
    try:
        after = None if cursor is None else read_cursor(cursor)
    except ValueError as error:
        raise Problem(422, "cursor: not a cursor of this list.", code="invalid") from error
    views, next_position = await wiring.view_chats.page(caller, limit, after)
    return ChatPage(
        items=[ChatBody.of(view, caller) for view in views],
        next_cursor=None if next_position is None else write_cursor(next_position),
    )


@router.get("/{chat_id}", summary="One chat", responses=problems(404))
async def get_chat(chat_id: ChatIdPath, caller: Caller, wiring: Wired) -> ChatBody:
    """Return a chat with all its participants."""
    return ChatBody.of(await wiring.view_chats.one(ChatId(chat_id), caller), caller)


@router.patch("/{chat_id}", summary="Rename a group", responses=problems(403, 404))
async def rename_group(chat_id: ChatIdPath, body: NewTitle, caller: Caller, wiring: Wired) -> ChatBody:
    """Change a group's title; for the creator and admins."""
    await wiring.rename_group(ChatId(chat_id), caller, body.title)
    return ChatBody.of(await wiring.view_chats.one(ChatId(chat_id), caller), caller)


@router.patch("/{chat_id}/settings", summary="Mute or pin a chat", responses=problems(404, 409))
async def choose_settings(chat_id: ChatIdPath, body: NewSettings, caller: Caller, wiring: Wired) -> ChatBody:
    """Change what only the caller sees; at most 10 chats are pinned. The caller's connections are told."""
    await wiring.choose_settings(ChatId(chat_id), caller, muted=body.muted, pinned=body.pinned)
    return ChatBody.of(await wiring.view_chats.one(ChatId(chat_id), caller), caller)


@router.post(
    "/{chat_id}/participants",
    summary="Add a participant",
    status_code=status.HTTP_201_CREATED,
    responses={**problems(403, 404), **_THERE},
)
async def add_participant(
    *,
    chat_id: ChatIdPath,
    body: NewParticipant,
    caller: Caller,
    principal: CallerPrincipal,
    wiring: Wired,
    response: Response,
) -> ChatBody:
    """Add someone to a group, for the creator and admins; what was written before counts as read by them."""
    if not await wiring.add_participant(ChatId(chat_id), caller, UserId(body.user_id), principal):
        response.status_code = status.HTTP_200_OK
    return ChatBody.of(await wiring.view_chats.one(ChatId(chat_id), caller), caller)


@router.put("/{chat_id}/participants/{user_id}", summary="Appoint a participant", responses=problems(403, 404))
async def appoint_participant(
    chat_id: ChatIdPath, user_id: UserIdPath, body: NewRole, caller: Caller, wiring: Wired
) -> ChatBody:
    """Make a participant an admin or a member again; for the creator."""
    await wiring.appoint_participant(ChatId(chat_id), caller, UserId(user_id), Role(body.role))
    return ChatBody.of(await wiring.view_chats.one(ChatId(chat_id), caller), caller)


@router.delete(
    "/{chat_id}/participants/{user_id}",
    summary="Remove a participant or leave",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(403, 404),
)
async def remove_participant(chat_id: ChatIdPath, user_id: UserIdPath, caller: Caller, wiring: Wired) -> None:
    """Remove someone, for the creator and admins; everyone may remove oneself."""
    await wiring.remove_participant(ChatId(chat_id), caller, UserId(user_id))
