"""Pages of messages: one statement a page, membership included, along an index whatever the depth.

`ordinal` numbers a chat's messages and `seq >= ordinal`, so "from the k-th message on" starts at `seq > k` on the
primary key and passes over at most as many rows as the chat has had other changes.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Select, bindparam, select, true, union_all
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import LateralFromClause

from chat_service.domain.history import Around, Newest, Oldest, Page, Span
from chat_service.domain.model import ChatId, SeenMessage, UserId
from chat_service.repositories.tables import ChatRow, MessageRow, ParticipantRow
from chat_service.repositories.views import MESSAGE_COLUMNS, message_of, read_state, with_quotes
from messenger_platform.database import translate_database_errors


def _part(wanted: ColumnElement[bool], order: ColumnElement[Any], limit: str = "limit") -> Select[Any]:
    columns: Select[Any] = select(*MESSAGE_COLUMNS)
    in_chat = columns.where(MessageRow.chat_id == bindparam("chat_id"), wanted)
    return in_chat.order_by(order).limit(bindparam(limit))


def _page(wanted: ColumnElement[bool], order: ColumnElement[Any]) -> Select[Any]:
    return _for_viewer(_part(wanted, order).correlate(ChatRow).lateral("page"))


def _for_viewer(page: LateralFromClause) -> Select[Any]:
    state = (ChatRow.watermark_seq, ChatRow.watermark_message_id, ChatRow.watermark_ordinal, ChatRow.participant_count)
    statement: Select[Any] = (
        select(*state, page)
        .select_from(ParticipantRow)
        .join(ChatRow, ChatRow.id == ParticipantRow.chat_id)
        .outerjoin(page, true())
        .where(ParticipantRow.chat_id == bindparam("chat_id"), ParticipantRow.user_id == bindparam("viewer"))
        .order_by(page.c.message_seq)
    )
    return with_quotes(statement, page, ChatRow.id)


_skipped = bindparam("skipped", type_=BigInteger)
_between = (MessageRow.id > bindparam("after")) & (MessageRow.id < bindparam("before"))
_OLDEST = _page((MessageRow.seq > _skipped) & (MessageRow.ordinal > _skipped), MessageRow.seq.asc())
_NEWEST = _page(
    # The k-th message from the end is at most as far from the end by version.
    (MessageRow.seq <= ChatRow.last_seq - _skipped) & (MessageRow.ordinal <= ChatRow.message_count - _skipped),
    MessageRow.seq.desc(),
)
_FIRST_BETWEEN = _page(_between, MessageRow.id.asc())
_LAST_BETWEEN = _page(_between, MessageRow.id.desc())
_AROUND = _for_viewer(
    union_all(
        _part(MessageRow.id <= bindparam("middle"), MessageRow.id.desc(), "older"),
        _part(MessageRow.id > bindparam("middle"), MessageRow.id.asc(), "newer"),
    ).lateral("page")
)


class Histories:
    """Reads histories for participants; may raise `Unavailable`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._reader = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def page(self, chat_id: ChatId, viewer: UserId, page: Page) -> list[SeenMessage] | None:
        """Return a page, oldest first; None when the viewer is not in the chat.

        A page around a message that is not in the chat shows its neighbours.
        """
        parameters = {"chat_id": chat_id, "viewer": viewer, "limit": page.limit}
        match page.start:
            case Oldest(skipped):
                statement, parameters["skipped"] = _OLDEST, skipped
            case Newest(skipped):
                statement, parameters["skipped"] = _NEWEST, skipped
            case Span(after, before, from_end):
                statement = _LAST_BETWEEN if from_end else _FIRST_BETWEEN
                parameters |= {"after": after, "before": before}
            case Around(message_id):
                older = page.limit // 2 + 1
                statement = _AROUND
                parameters |= {"middle": message_id, "older": older, "newer": page.limit - older}
        with translate_database_errors():
            async with self._reader.connect() as connection:
                rows = (await connection.execute(statement, parameters)).all()
        if not rows:
            return None
        state = read_state(rows[0])
        messages = (message_of(row, chat_id) for row in rows if row.message_seq is not None)
        return [SeenMessage(message, state.is_read(message, viewer)) for message in messages]
