"""The schema `realtime`."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from messenger_platform.inbox import inbox_table

SCHEMA = "realtime"


class Base(DeclarativeBase):
    """The metadata that Alembic and the schema picture read."""


class ChatMembership(Base):
    """Who is in a chat since `version`: one row a chat, so that a fan-out that meets an unknown chat reads one row."""

    __tablename__ = "chat_membership"

    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger)
    participants: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))


inbox_position = inbox_table(Base.metadata)
