"""The schema `chat`. Each index names the query it exists for; Alembic compares its revisions with this file."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Sequence,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from messenger_platform.inbox import inbox_table

SCHEMA = "chat"  # Tables carry no schema: the roles' search_path names it.


class Base(DeclarativeBase):
    """Declarative base; constraint names are predictable so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy declares it so.
        int: BigInteger,
        datetime: DateTime(timezone=True),
    }


inbox = inbox_table(Base.metadata)

# Message ids; drawn only under the lock of the chat's row, so that within a chat they ascend with the version.
# CACHE stays 1: a cached range would let a later message have a smaller id.
message_ids = Sequence("message_id_seq", metadata=Base.metadata, data_type=BigInteger)


class ChatRow(Base):
    """A chat. Its row lock orders everything that happens in it: versions, ids, read marks, membership."""

    __tablename__ = "chat"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    type: Mapped[str] = mapped_column(String(16))
    title: Mapped[str | None] = mapped_column(String(128))
    creator_id: Mapped[int]
    # The pair of a private chat, smaller id first; null in groups.
    private_low: Mapped[int | None]
    private_high: Mapped[int | None]
    # The version: 1 for the creation, the next number for every change.
    last_seq: Mapped[int]
    # Version of the last change of participants, roles or title.
    members_seq: Mapped[int]
    participant_count: Mapped[int] = mapped_column(Integer)
    # The mark behind the newest message.
    message_count: Mapped[int] = mapped_column(server_default=text("0"))
    last_message_seq: Mapped[int] = mapped_column(server_default=text("0"))
    last_message_id: Mapped[int] = mapped_column(server_default=text("0"))
    # The smallest mark of all participants: everything up to it is read by all.
    watermark_seq: Mapped[int] = mapped_column(server_default=text("0"))
    watermark_message_id: Mapped[int] = mapped_column(server_default=text("0"))
    watermark_ordinal: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime]
    # Time of the last message or change of the chat: the next one is never earlier, whatever the clocks say. Orders the
    # chat list. Not
    # indexed: a user's chats are found by participant and sorted in memory, and the row, which every message updates,
    # stays HOT.
    updated_at: Mapped[datetime]
    # Time of the newest edit or deletion, which are no activity: the chat keeps its place in the list.
    edited_at: Mapped[datetime | None]

    __table_args__ = (
        # One private chat per pair, decided by the database: INSERT … ON CONFLICT of two who write first at once.
        Index(
            "uq_chat_private_pair",
            "private_low",
            "private_high",
            unique=True,
            postgresql_where=text("private_low IS NOT NULL"),
        ),
        CheckConstraint("type IN ('private', 'group')", name="type"),
        CheckConstraint("(type = 'private') = (private_low IS NOT NULL)", name="private_pair"),
        CheckConstraint("private_low < private_high", name="private_order"),
        CheckConstraint("last_seq >= message_count", name="versions"),
        {"postgresql_with": {"fillfactor": "70"}},  # Room for HOT updates: every message updates its chat's row.
    )


class ParticipantRow(Base):
    """Someone in a chat, with the mark up to which they have read; the row goes when they leave."""

    __tablename__ = "participant"

    chat_id: Mapped[int] = mapped_column(ForeignKey("chat.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(String(16))
    joined_seq: Mapped[int]
    read_seq: Mapped[int] = mapped_column(server_default=text("0"))
    read_message_id: Mapped[int] = mapped_column(server_default=text("0"))
    read_ordinal: Mapped[int] = mapped_column(server_default=text("0"))
    # The participant's own settings of the chat.
    muted: Mapped[bool] = mapped_column(server_default=text("false"))
    pinned: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (
        # "My chats": the chat list, sync, changed_since, and how many of them are pinned.
        Index("ix_participant_user_id_chat_id", "user_id", "chat_id"),
        CheckConstraint("role IN ('creator', 'admin', 'member')", name="role"),
        # No index on read_seq: marks move with every message and must stay HOT; the smallest mark of a group is
        # asked for only when the one who was last has moved.
        {"postgresql_with": {"fillfactor": "70"}},
    )


class MessageRow(Base):
    """A message; edits rewrite it, and of a deleted one an empty row stays, so that the numbers do."""

    __tablename__ = "message"

    # History, sync and unread ranges read along this key. No foreign key here and in `read_log`: rows are written under
    # the lock of their chat's row, which is never deleted, and to check each one again is a third of its cost.
    chat_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int]
    # The message's number in its chat, from 1: makes offsets and unread counts arithmetic.
    ordinal: Mapped[int]
    sender_id: Mapped[int]
    client_id: Mapped[UUID]
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    # The message that this one answers. No foreign key: it was looked up under the chat's lock, and messages stay.
    reply_to_id: Mapped[int | None]
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]

    __table_args__ = (
        # Marks and pages by message id (`read`, before_id, after_id, around_id), quotes.
        UniqueConstraint("chat_id", "id"),
        # A send repeated by any connection or by REST finds its first answer here, for ever.
        UniqueConstraint("chat_id", "sender_id", "client_id"),
    )


class ChatChangeRow(Base):
    """The versions that are not messages: `created`, `joined`, `left`, `role`, `title`, `edited`, `deleted`."""

    __tablename__ = "chat_change"

    # Sync reads along this key.
    chat_id: Mapped[int] = mapped_column(ForeignKey("chat.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    at: Mapped[datetime]
    # The version of the message that was edited or deleted: sync shows it as it is now.
    message_seq: Mapped[int | None]


class ReadLogRow(Base):
    """Who read up to where, when: appended whenever someone reads others' messages ("seen by")."""

    __tablename__ = "read_log"

    # "Seen by": the first entry per user at or after a message's version.
    chat_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(primary_key=True)
    up_to_seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class KnownUserRow(Base):
    """Accounts as the user service announced them; found by id when people are added to chats."""

    __tablename__ = "known_user"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sub: Mapped[str] = mapped_column(String(64), unique=True)
    username: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
