"""The schema `user_profile`, as Alembic builds it."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, MetaData, Text, UniqueConstraint, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SCHEMA = "user_profile"
metadata = MetaData(
    schema=SCHEMA,
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    },
)


class Base(DeclarativeBase):
    """The declarative root of this schema."""

    metadata = metadata


class AccountRow(Base):
    """A subject of the realm under its integer id."""

    __tablename__ = "account"
    # Serves the read of every call, and decides which of many first calls registers.
    __table_args__ = (UniqueConstraint("sub"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    sub: Mapped[uuid.UUID]
    # Not unique here: Keycloak keeps usernames unique, and a name given up is seen to be free only at the next token.
    username: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    # When the token was issued, or the realm asked, that said what is stored: an older one does not undo a newer name.
    known_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    disabled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # What known_at was before 0002; written by nobody, to be dropped when no process of that release runs any more.
    claims_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class AccountTermRow(Base):
    """A text under which an account is filed for the search; see `domain.search`."""

    __tablename__ = "account_term"

    account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(AccountRow.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    # Byte order is the order in which "begins with" is one range.
    term: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    # The search reads its range from this index alone, already in the order of the answer.
    __table_args__ = (Index(None, "term", "account_id"),)


class RealmPositionRow(Base):
    """How far a log of the realm has been followed: at most two rows, written by the one process that follows."""

    __tablename__ = "realm_position"

    log: Mapped[str] = mapped_column(Text, primary_key=True)
    # The time of the last entry that was dealt with, by the realm's clock.
    followed_to: Mapped[datetime] = mapped_column(DateTime(timezone=True))
