"""Creating chats and changing their membership: ordinary transactions of the ORM under the chat's row lock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import delete, func, insert, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_unless_there
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.sql.elements import ColumnElement

from chat_service.domain.model import (
    ChatId,
    ChatType,
    ChatView,
    LockedChat,
    Mark,
    Message,
    MessageId,
    NewChat,
    OwnSettings,
    Role,
    UserId,
)
from chat_service.events import Emission
from chat_service.repositories.tables import ChatChangeRow, ChatRow, MessageRow, ParticipantRow
from chat_service.repositories.views import MESSAGE_COLUMNS, message_of, views_for_all, with_quotes
from messenger_platform.database import translate_database_errors
from messenger_platform.events import emit

_LOCK_PINS = text("SELECT pg_advisory_xact_lock(hashtextextended('pins of ' || :user_id, 0))")


class Chats:
    """Opens transactions on chats."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[ChatTransaction]:
        """Open a transaction that commits at the end of the block; raises `Unavailable`."""
        with translate_database_errors():
            async with self._sessions.begin() as session:
                yield ChatTransaction(session)


class ChatTransaction:
    """One open transaction (`services.ports.ChatTransaction`)."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def private_chat(self, low: UserId, high: UserId) -> ChatId | None:
        """Find the private chat of a pair."""
        pair = (ChatRow.private_low == low) & (ChatRow.private_high == high)
        found = await self._session.scalar(select(ChatRow.id).where(pair))
        return None if found is None else ChatId(found)

    async def create(self, new: NewChat) -> ChatId | None:
        """Create a chat; None when the pair already has one, which another transaction may have made just now."""
        low, high = new.pair or (None, None)
        statement = (
            insert_unless_there(ChatRow)
            .values(
                type=ChatType.GROUP if new.pair is None else ChatType.PRIVATE,
                title=new.title,
                creator_id=new.creator_id,
                private_low=low,
                private_high=high,
                last_seq=1,
                members_seq=1,
                participant_count=len(new.participants),
                created_at=new.at,
                updated_at=new.at,
            )
            # Waits for whoever is inserting the same pair: one of two who write first at once makes the chat.
            .on_conflict_do_nothing()
            .returning(ChatRow.id)
        )
        created = await self._session.scalar(statement)
        if created is None:
            return None
        await self._session.execute(
            insert(ParticipantRow),
            [
                {
                    "chat_id": created,
                    "user_id": user_id,
                    "role": Role.CREATOR if user_id == new.creator_id else Role.MEMBER,
                    "joined_seq": 1,
                }
                for user_id in new.participants
            ],
        )
        self._session.add(ChatChangeRow(chat_id=created, seq=1, kind="created", data={}, at=new.at))
        return ChatId(created)

    async def lock(self, chat_id: ChatId) -> LockedChat | None:
        """Lock a chat's row, as every batch of messages does: versions are given out one transaction at a time."""
        row = await self._session.scalar(select(ChatRow).where(ChatRow.id == chat_id).with_for_update())
        if row is None:
            return None
        pair = row.private_low is not None and row.private_high is not None
        return LockedChat(
            id=chat_id,
            peers=(UserId(row.private_low or 0), UserId(row.private_high or 0)) if pair else None,
            last_seq=row.last_seq,
            members_seq=row.members_seq,
            end=Mark(row.last_message_seq, MessageId(row.last_message_id), row.message_count),
            updated_at=row.updated_at,
            watermark=Mark(row.watermark_seq, MessageId(row.watermark_message_id), row.watermark_ordinal),
            participant_count=row.participant_count,
            edited_at=row.edited_at,
        )

    async def roles(self, chat_id: ChatId, user_ids: Sequence[UserId]) -> dict[UserId, Role]:
        """Return the roles of those of the users who are in the chat."""
        statement = select(ParticipantRow.user_id, ParticipantRow.role).where(
            ParticipantRow.chat_id == chat_id, ParticipantRow.user_id.in_(user_ids)
        )
        return {UserId(row.user_id): Role(row.role) for row in await self._session.execute(statement)}

    async def participants(self, chat_id: ChatId) -> list[UserId]:
        """Return everyone who is in the chat."""
        statement = select(ParticipantRow.user_id).where(ParticipantRow.chat_id == chat_id)
        return [UserId(user_id) for user_id in await self._session.scalars(statement.order_by(ParticipantRow.user_id))]

    async def add(self, chat: LockedChat, user_id: UserId) -> None:
        """Add a participant whose mark is behind the newest message: what was before never waits for them."""
        self._session.add(
            ParticipantRow(
                chat_id=chat.id,
                user_id=user_id,
                role=Role.MEMBER,
                joined_seq=chat.last_seq,
                read_seq=chat.end.seq,
                read_message_id=chat.end.message_id,
                read_ordinal=chat.end.ordinal,
            )
        )

    async def remove(self, chat: LockedChat, user_id: UserId) -> None:
        """Remove a participant."""
        await self._session.execute(delete(ParticipantRow).where(_seat(chat.id, user_id)))

    async def appoint(self, chat: LockedChat, user_id: UserId, role: Role) -> None:
        """Give a participant a role."""
        await self._session.execute(update(ParticipantRow).where(_seat(chat.id, user_id)).values(role=role))

    async def lock_pins(self, user_id: UserId) -> None:
        """Let one transaction at a time pin chats of a user: two that count at once would both find room."""
        await self._session.execute(_LOCK_PINS, {"user_id": str(user_id)})

    async def count_pinned(self, user_id: UserId) -> int:
        """Count the chats that the user has pinned."""
        pinned = select(func.count()).where(ParticipantRow.user_id == user_id, ParticipantRow.pinned)
        return await self._session.scalar(pinned) or 0

    async def own_settings(self, chat_id: ChatId, user_id: UserId) -> OwnSettings | None:
        """Lock a participant's row and return the settings in it, None when there is no such participant."""
        statement = select(ParticipantRow.muted, ParticipantRow.pinned).where(_seat(chat_id, user_id)).with_for_update()
        row = (await self._session.execute(statement)).one_or_none()
        return None if row is None else OwnSettings(muted=row.muted, pinned=row.pinned)

    async def choose(self, chat_id: ChatId, user_id: UserId, chosen: OwnSettings) -> None:
        """Store a participant's settings."""
        values = {"muted": chosen.muted, "pinned": chosen.pinned}
        await self._session.execute(update(ParticipantRow).where(_seat(chat_id, user_id)).values(**values))

    async def rename(self, chat: LockedChat, title: str) -> None:
        """Give a group a title."""
        await self._session.execute(update(ChatRow).where(ChatRow.id == chat.id).values(title=title))

    async def smallest_mark(self, chat_id: ChatId) -> Mark | None:
        """Return the mark of the participant who has read least, None when nobody is left."""
        statement = (
            select(ParticipantRow.read_seq, ParticipantRow.read_message_id, ParticipantRow.read_ordinal)
            .where(ParticipantRow.chat_id == chat_id)
            .order_by(ParticipantRow.read_seq)
            .limit(1)
        )
        row = (await self._session.execute(statement)).one_or_none()
        return None if row is None else Mark(row[0], MessageId(row[1]), row[2])

    async def authors(self, chat_id: ChatId, after: Mark, up_to: Mark) -> list[UserId]:
        """Return the present participants who wrote between two marks."""
        wrote = (
            select(MessageRow.seq)
            .where(
                MessageRow.chat_id == chat_id,
                MessageRow.sender_id == ParticipantRow.user_id,
                MessageRow.seq > after.seq,
                MessageRow.seq <= up_to.seq,
            )
            .exists()
        )
        statement = select(ParticipantRow.user_id).where(ParticipantRow.chat_id == chat_id, wrote)
        return [UserId(user_id) for user_id in await self._session.scalars(statement.order_by(ParticipantRow.user_id))]

    async def message(self, chat_id: ChatId, message_id: MessageId) -> Message | None:
        """Return a message, None when it is not in the chat."""
        wanted = (MessageRow.chat_id == chat_id) & (MessageRow.id == message_id)
        found = select(*MESSAGE_COLUMNS).where(wanted).subquery("found")
        statement = with_quotes(select(found), found, literal(chat_id))
        row = (await self._session.execute(statement)).one_or_none()
        return None if row is None else message_of(row, chat_id)

    async def rewrite(self, chat: LockedChat, message: Message) -> None:
        """Store a message as it has been edited or deleted in the newest version."""
        values = {
            "text": message.text,
            "edited_at": message.edited_at,
            "deleted_at": chat.edited_at if message.deleted else None,
        }
        wanted = (MessageRow.chat_id == chat.id) & (MessageRow.seq == message.seq)
        await self._session.execute(update(MessageRow).where(wanted).values(values))

    async def record(
        self, chat: LockedChat, kind: str, data: Mapping[str, object], message: Message | None = None
    ) -> None:
        """Store the chat's counters, and the change that its newest version is, of a message perhaps."""
        await self._session.execute(
            update(ChatRow)
            .where(ChatRow.id == chat.id)
            .values(
                last_seq=chat.last_seq,
                members_seq=chat.members_seq,
                participant_count=chat.participant_count,
                watermark_seq=chat.watermark.seq,
                watermark_message_id=chat.watermark.message_id,
                watermark_ordinal=chat.watermark.ordinal,
                updated_at=chat.updated_at,
                edited_at=chat.edited_at,
            )
        )
        change = ChatChangeRow(chat_id=chat.id, seq=chat.last_seq, kind=kind, data=dict(data), at=chat.changed_at)
        change.message_seq = None if message is None else message.seq
        self._session.add(change)
        await self._session.flush()

    async def view(self, chat_id: ChatId) -> ChatView:
        """Return the chat as the transaction has made it, as events show it."""
        return (await views_for_all(self._session, [chat_id]))[chat_id]

    async def emit(self, emissions: Sequence[Emission]) -> None:
        """Write events into the WAL with the transaction."""
        await emit(self._session, emissions)


def _seat(chat_id: ChatId, user_id: UserId) -> ColumnElement[bool]:
    return (ParticipantRow.chat_id == chat_id) & (ParticipantRow.user_id == user_id)
