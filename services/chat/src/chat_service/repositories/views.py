"""Chats as their participants see them: two statements for one chat or for a page of them, never one per chat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Row, Select, any_, bindparam, false, func, literal, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession
from sqlalchemy.orm import aliased

from chat_service.domain.model import (
    MAX_EXCERPT,
    ChatId,
    ChatType,
    ChatView,
    ListPosition,
    Mark,
    Message,
    MessageId,
    OwnSettings,
    Participant,
    Quote,
    ReadState,
    Role,
    SeenMessage,
    UserId,
)
from chat_service.repositories.tables import ChatRow, MessageRow, ParticipantRow
from messenger_platform.database import translate_database_errors

PARTICIPANTS_SHOWN = 200  # In lists and events; a chat that is asked for by itself shows all.

# The message's columns are labelled, for `id` and `seq` occur on both sides.
MESSAGE_COLUMNS: tuple[Any, ...] = tuple(
    column.label(f"message_{column.key}")
    for column in (
        MessageRow.seq,
        MessageRow.id,
        MessageRow.ordinal,
        MessageRow.sender_id,
        MessageRow.client_id,
        MessageRow.text,
        MessageRow.created_at,
        MessageRow.reply_to_id,
        MessageRow.edited_at,
        MessageRow.deleted_at,
    )
)


def with_quotes(statement: Select[Any], messages: Any, chat_id: Any) -> Select[Any]:
    """Add what the messages quote, to messages that are already cut to a page.

    Looked up one by one, for a join would read the whole chat for each message whenever the planner takes a chat for
    smaller than it is.
    """
    quoted = aliased(MessageRow)
    quote = (
        select(quoted.sender_id.label("quote_sender_id"), func.left(quoted.text, MAX_EXCERPT).label("quote_text"))
        .where(
            quoted.chat_id == chat_id,
            quoted.id == messages.c.message_reply_to_id,
            quoted.deleted_at.is_(None),
            messages.c.message_deleted_at.is_(None),
        )
        .limit(1)
        .correlate_except(quoted)
        .lateral("quote")
    )
    return statement.add_columns(quote).outerjoin(quote, true())


_CHAT_COLUMNS: tuple[Any, ...] = (
    ChatRow.id,
    ChatRow.type,
    ChatRow.title,
    ChatRow.creator_id,
    ChatRow.last_seq,
    ChatRow.message_count,
    ChatRow.participant_count,
    ChatRow.watermark_seq,
    ChatRow.watermark_message_id,
    ChatRow.watermark_ordinal,
    ChatRow.created_at,
    ChatRow.updated_at,
)
_newest_first = (ChatRow.updated_at.desc(), ChatRow.id.desc())


def _shown(chats: Select[Any]) -> Select[Any]:
    """Put the newest message that is not deleted beside each chat, once it is known which chats are shown."""
    page = chats.subquery("page")
    last = (
        select(*MESSAGE_COLUMNS)
        .where(MessageRow.chat_id == page.c.id, MessageRow.deleted_at.is_(None))
        .order_by(MessageRow.seq.desc())
        .limit(1)
        .lateral("last")
    )
    shown = with_quotes(select(page, last).select_from(page).outerjoin(last, true()), last, page.c.id)
    return shown.order_by(page.c.updated_at.desc(), page.c.id.desc())


# Membership is part of every query that reads for somebody.
_MINE: Select[Any] = (
    select(
        *_CHAT_COLUMNS,
        ParticipantRow.read_ordinal,
        ParticipantRow.read_message_id,
        ParticipantRow.muted,
        ParticipantRow.pinned,
    )
    .select_from(ParticipantRow)
    .join(ChatRow, ChatRow.id == ParticipantRow.chat_id)
    .where(ParticipantRow.user_id == bindparam("viewer"))
)
_ids = any_(bindparam("ids", type_=ARRAY(BigInteger)))
_SOME = _shown(_MINE.where(ParticipantRow.chat_id == _ids))
_page = _MINE.order_by(*_newest_first).limit(bindparam("limit"))
_behind = tuple_(ChatRow.updated_at, ChatRow.id) < tuple_(bindparam("updated_at"), bindparam("chat_id"))
_FIRST_PAGE, _NEXT_PAGE = _shown(_page), _shown(_page.where(_behind))
_place = func.row_number().over(order_by=_newest_first)
_ranked = (
    select(ParticipantRow.chat_id, _place.label("place"))
    .join(ChatRow, ChatRow.id == ParticipantRow.chat_id)
    .where(ParticipantRow.user_id == bindparam("viewer"))
    .subquery("ranked")
)
_OPENING = _shown(
    _MINE.join(_ranked, _ranked.c.chat_id == ParticipantRow.chat_id).where(
        or_(_ranked.c.place <= bindparam("limit"), ParticipantRow.pinned)
    )
)
_FOR_ALL = _shown(
    select(
        *_CHAT_COLUMNS,
        ChatRow.message_count.label("read_ordinal"),
        literal(0).label("read_message_id"),
        false().label("muted"),
        false().label("pinned"),
    ).where(ChatRow.id == _ids)
)

_chat = func.unnest(bindparam("ids", type_=ARRAY(BigInteger))).table_valued("chat_id", name="shown").render_derived()
_first = (
    select(ParticipantRow.user_id, ParticipantRow.role, ParticipantRow.read_message_id)
    .where(ParticipantRow.chat_id == _chat.c.chat_id)
    # The viewer is always shown: clients find their own mark there.
    .order_by(ParticipantRow.user_id != bindparam("viewer"), ParticipantRow.joined_seq, ParticipantRow.user_id)
    .limit(bindparam("shown"))
    .lateral("first")
)
_PARTICIPANTS = select(_chat.c.chat_id, _first).select_from(_chat.join(_first, true()))

# Both of a private chat, only the viewer of a group.
_SHOWN_AT_OPENING = (
    select(ParticipantRow.chat_id, ParticipantRow.user_id, ParticipantRow.role, ParticipantRow.read_message_id)
    .join(ChatRow, ChatRow.id == ParticipantRow.chat_id)
    .where(
        ParticipantRow.chat_id == _ids,
        or_(ParticipantRow.user_id == bindparam("viewer"), ChatRow.type == ChatType.PRIVATE),
    )
    .order_by(ParticipantRow.user_id != bindparam("viewer"))
)


class Views:
    """Reads chats for their participants; every method may raise `Unavailable`."""

    def __init__(self, engine: AsyncEngine) -> None:
        # Single SELECTs need no BEGIN and no ROLLBACK around them.
        self._reader = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def of(self, chat_id: ChatId, viewer: UserId) -> ChatView | None:
        """Return a chat with all its participants, None when the viewer is not one of them."""
        with translate_database_errors():
            async with self._reader.connect() as connection:
                views = await views_for(connection, [chat_id], viewer, shown=None)
        return views.get(chat_id)

    async def page(self, viewer: UserId, limit: int, after: ListPosition | None) -> list[ChatView]:
        """Return the viewer's chats behind a position, newest activity first."""
        parameters: dict[str, Any] = {"viewer": viewer, "limit": limit}
        if after is not None:
            parameters |= {"updated_at": after.updated_at, "chat_id": after.chat_id}
        with translate_database_errors():
            async with self._reader.connect() as connection:
                rows = (await connection.execute(_FIRST_PAGE if after is None else _NEXT_PAGE, parameters)).all()
                participants = await _participants(connection, [row.id for row in rows], viewer, PARTICIPANTS_SHOWN)
        return [_view(row, viewer, participants[row.id]) for row in rows]

    async def opening(self, viewer: UserId, limit: int) -> list[ChatView]:
        """Return the newest chats and all pinned ones, newest activity first; of a group's participants the viewer."""
        with translate_database_errors():
            async with self._reader.connect() as connection:
                rows = (await connection.execute(_OPENING, {"viewer": viewer, "limit": limit})).all()
                asked = {"ids": [row.id for row in rows], "viewer": viewer}
                participants = _by_chat(await connection.execute(_SHOWN_AT_OPENING, asked))
        return [_view(row, viewer, participants[row.id]) for row in rows]


async def views_for(
    connection: AsyncConnection, chat_ids: Sequence[ChatId], viewer: UserId, *, shown: int | None = PARTICIPANTS_SHOWN
) -> dict[ChatId, ChatView]:
    """Return those of the chats that the viewer is in, as the viewer sees them."""
    rows = (await connection.execute(_SOME, {"ids": chat_ids, "viewer": viewer})).all()
    participants = await _participants(connection, [row.id for row in rows], viewer, shown)
    return {row.id: _view(row, viewer, participants[row.id]) for row in rows}


async def views_for_all(
    connection: AsyncConnection | AsyncSession, chat_ids: Sequence[ChatId]
) -> dict[ChatId, ChatView]:
    """Return chats as any participant sees them: with nothing unread, which differs from one to the other."""
    rows = (await connection.execute(_FOR_ALL, {"ids": chat_ids})).all()
    participants = await _participants(connection, chat_ids, UserId(0), PARTICIPANTS_SHOWN)
    views = {}
    for row in rows:
        shown = participants[row.id]
        # Whether one's own message is read differs only for someone who is alone, and then there is only one viewer.
        views[ChatId(row.id)] = _view(row, shown[0].user_id if shown else UserId(0), shown)
    return views


async def _participants(
    connection: AsyncConnection | AsyncSession, chat_ids: Sequence[ChatId], viewer: UserId, shown: int | None
) -> Mapping[ChatId, list[Participant]]:
    if not chat_ids:
        return {}
    return _by_chat(await connection.execute(_PARTICIPANTS, {"ids": chat_ids, "viewer": viewer, "shown": shown}))


def _by_chat(rows: Iterable[Row[Any]]) -> Mapping[ChatId, list[Participant]]:
    found: defaultdict[ChatId, list[Participant]] = defaultdict(list)
    for row in rows:
        found[row.chat_id].append(Participant(row.user_id, Role(row.role), row.read_message_id))
    return found


def read_state(row: Row[Any]) -> ReadState:
    """Read the watermark out of a row with the chat's columns."""
    watermark = Mark(row.watermark_seq, row.watermark_message_id, row.watermark_ordinal)
    return ReadState(watermark, row.participant_count)


def message_of(row: Row[Any], chat_id: ChatId) -> Message:
    """Read the message out of a row with `MESSAGE_COLUMNS`, `with_quotes`."""
    quote: Quote | None = None
    if row.quote_sender_id is not None:
        quote = Quote(row.message_reply_to_id, row.quote_sender_id, row.quote_text)
    return Message(
        chat_id,
        row.message_seq,
        row.message_id,
        row.message_ordinal,
        row.message_sender_id,
        row.message_client_id,
        row.message_text,
        row.message_created_at,
        row.message_reply_to_id,
        quote,
        row.message_edited_at,
        row.message_deleted_at is not None,
    )


def _view(row: Row[Any], viewer: UserId, participants: Sequence[Participant]) -> ChatView:
    last: SeenMessage | None = None
    if row.message_seq is not None:
        message = message_of(row, ChatId(row.id))
        last = SeenMessage(message, read_state(row).is_read(message, viewer))
    return ChatView(
        id=ChatId(row.id),
        type=ChatType(row.type),
        title=row.title,
        creator_id=row.creator_id,
        participants=tuple(participants),
        participant_count=row.participant_count,
        last_message=last,
        unread_count=row.message_count - row.read_ordinal,
        version=row.last_seq,
        read_by_all_up_to=row.watermark_message_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
        read_up_to=MessageId(row.read_message_id),
        own=OwnSettings(muted=row.muted, pinned=row.pinned),
    )
