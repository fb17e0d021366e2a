"""Sending, reading, and the history of a chat."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response, status

from chat_service.controllers.answers import problems
from chat_service.controllers.deps import Caller, Wired
from chat_service.controllers.schemas import (
    MessageBody,
    NewMessage,
    NewText,
    ReadersBody,
    ReadMark,
    encode_messages,
)
from chat_service.domain.history import Around, Newest, Oldest, Page, Span
from chat_service.domain.model import MAX_ID, ChatId, MessageId
from messenger_platform.http_auth import bearer_scheme
from messenger_platform.problems import Problem

PREFIX = "/api"
HISTORY = f"{PREFIX}/history"
DEFAULT_PAGE = 10
MAX_PAGE = 200
router = APIRouter(prefix=PREFIX, tags=["messages"], dependencies=[bearer_scheme])

ChatIdPath = Annotated[int, Path(ge=1, le=MAX_ID, description="The chat's id.", examples=[1])]
MessageIdPath = Annotated[int, Path(ge=1, le=MAX_ID, description="The message's id.", examples=[17])]
Position = Annotated[int | None, Query(ge=0, le=MAX_ID)]
Order = Literal["asc", "desc"]
_REPEATED: dict[int | str, dict[str, Any]] = {
    200: {"model": MessageBody, "description": "This `client_id` had been sent already: the same message."}
}


@router.post(
    "/chats/{chat_id}/messages",
    summary="Send a message",
    status_code=status.HTTP_201_CREATED,
    responses={**problems(404, 409, 429), **_REPEATED},
)
async def send_message(
    chat_id: ChatIdPath, body: NewMessage, caller: Caller, wiring: Wired, response: Response
) -> MessageBody:
    """Append a message exactly once: after a 503 or a lost answer, repeat it with the same `client_id`."""
    reply_to_id = None if body.reply_to_id is None else MessageId(body.reply_to_id)
    sent = await wiring.send_message(caller, ChatId(chat_id), body.client_id, body.text, reply_to_id)
    if sent.duplicate:
        response.status_code = status.HTTP_200_OK
    return MessageBody.of(sent.message, caller, is_read=sent.is_read)


@router.patch(
    "/chats/{chat_id}/messages/{message_id}", summary="Edit a message", responses=problems(403, 404, 409, 429)
)
async def edit_message(
    chat_id: ChatIdPath, message_id: MessageIdPath, body: NewText, caller: Caller, wiring: Wired
) -> MessageBody:
    """Give the caller's own message another text; everyone in the chat is told. The same text again changes nothing."""
    edited = await wiring.edit_message(ChatId(chat_id), caller, MessageId(message_id), body.text)
    return MessageBody.seen(edited, caller)


@router.delete(
    "/chats/{chat_id}/messages/{message_id}",
    summary="Delete a message for everyone",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(403, 404, 429),
)
async def delete_message(chat_id: ChatIdPath, message_id: MessageIdPath, caller: Caller, wiring: Wired) -> None:
    """Take the text of a message away, for its sender and, in groups, the creator and admins.

    It stays in its place, empty and marked as deleted. Deleting again changes nothing.
    """
    await wiring.delete_message(ChatId(chat_id), caller, MessageId(message_id))


@router.post(
    "/chats/{chat_id}/read",
    summary="Mark as read",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(404),
)
async def mark_read(chat_id: ChatIdPath, body: ReadMark, caller: Caller, wiring: Wired) -> None:
    """Note that the caller has read everything up to a message; an older one than before changes nothing."""
    await wiring.mark_read(caller, ChatId(chat_id), MessageId(body.message_id))


@router.get("/chats/{chat_id}/messages/{message_id}/seen", summary="Who has seen a message", responses=problems(404))
async def list_readers(chat_id: ChatIdPath, message_id: MessageIdPath, caller: Caller, wiring: Wired) -> ReadersBody:
    """Return who of those in the chat, other than the sender, has read the message, newest first.

    Who came after it was sent has it as read since then. In groups of more than 100 people only the number is told.
    """
    return ReadersBody.of(await wiring.list_readers(ChatId(chat_id), caller, MessageId(message_id)))


@router.get(
    "/history/{chat_id}",
    summary="The messages of a chat",
    response_model=list[MessageBody],
    responses=problems(404),
)
async def page_history(
    *,
    chat_id: ChatIdPath,
    caller: Caller,
    wiring: Wired,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
    offset: Annotated[int, Query(ge=0, le=MAX_ID, description="How many messages to skip, counted in `order`.")] = 0,
    order: Annotated[Order, Query(description="`asc`: oldest first; `desc`: newest first.")] = "asc",
    before_id: Annotated[Position, Query(description="The messages right before this one.")] = None,
    after_id: Annotated[Position, Query(description="The messages right after this one.")] = None,
    around_id: Annotated[
        int | None, Query(ge=1, le=MAX_ID, description="This message, with about half of the page before it.")
    ] = None,
) -> Response:
    """Return messages in the order of their timestamps: by offset, by position next to a message, or around one."""
    if around_id is None:
        page = Page(start_of(order, offset, before_id, after_id), limit)
    elif offset or before_id is not None or after_id is not None:
        raise Problem(422, "around_id: either this or another position, not both.", code="invalid")
    else:
        page = Page(Around(MessageId(around_id)), limit)
    messages = await wiring.page_history(ChatId(chat_id), caller, page)
    if order == "desc":
        messages.reverse()
    return Response(encode_messages(messages, caller), media_type="application/json")


def start_of(order: Order, offset: int, before_id: int | None, after_id: int | None) -> Oldest | Newest | Span:
    """Return where a page begins; raises `Problem` for an offset beside a position."""
    if before_id is None and after_id is None:
        return Oldest(offset) if order == "asc" else Newest(offset)
    if offset:
        raise Problem(422, "offset: either an offset or a position, not both.", code="invalid")
    return span_of(order, before_id, after_id)


def span_of(order: Order, before_id: int | None, after_id: int | None) -> Span:
    """Return what lies between two messages; without them, the chat."""
    # One neighbour is given: the page lies next to it. With both or none, the order says at which end it begins.
    from_end = order == "desc" if (before_id is None) == (after_id is None) else after_id is None
    return Span(
        MessageId(0 if after_id is None else after_id), MessageId(MAX_ID if before_id is None else before_id), from_end
    )
