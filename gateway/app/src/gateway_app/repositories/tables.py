"""The schema `gateway`, as Alembic builds it."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from messenger_platform.inbox import inbox_table

SCHEMA = "gateway"

metadata = MetaData(
    schema=SCHEMA,
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    },
)

REASONS = "reason IN ('logout', 'revoked', 'evicted', 'expired')"


class Base(DeclarativeBase):
    """The declarative root of this schema."""

    metadata = metadata
    type_annotation_map = {datetime: DateTime(timezone=True), str: Text(), bytes: LargeBinary()}  # noqa: RUF012 - SQLAlchemy's own name and type.


class SessionRow(Base):
    """A live login of a browser; what has ended leaves for `closed_session`."""

    __tablename__ = "session"
    __table_args__ = (
        # Finds the session of every call below /auth.
        UniqueConstraint("cookie_hash"),
        # A user's sessions, least recently used first: the list, and the guard of five.
        Index(None, "sub", "last_used_at"),
        # A logout token names a Keycloak session; several of ours may hang on it.
        Index(None, "sid"),
        # The job that removes what has expired.
        Index(None, "refresh_expires_at"),
        # The job that compares with Keycloak takes those that it looked at longest ago.
        Index(None, "checked_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    # SHA-256 of the cookie: a copy of the table logs nobody in.
    cookie_hash: Mapped[bytes]
    sub: Mapped[uuid.UUID]
    sid: Mapped[str]
    # AES-GCM: nonce and ciphertext, bound to this row's id. See `domain.keyring`.
    refresh_token_enc: Mapped[bytes]
    # Kept so that those who waited for a refresh get the token that it brought.
    access_token_enc: Mapped[bytes]
    key_id: Mapped[str]
    refresh_expires_at: Mapped[datetime]
    access_expires_at: Mapped[datetime]
    user_agent: Mapped[str]
    ip: Mapped[str | None] = mapped_column(INET)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    checked_at: Mapped[datetime]


class ClosedSessionRow(Base):
    """What is told to a browser that comes with the cookie of an ended session, and what Keycloak is to be told."""

    __tablename__ = "closed_session"
    __table_args__ = (
        UniqueConstraint("cookie_hash"),
        CheckConstraint(REASONS, "reason"),
        # The job that removes old rows.
        Index(None, "closed_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    cookie_hash: Mapped[bytes]
    reason: Mapped[str]
    closed_at: Mapped[datetime]
    # Until Keycloak has confirmed its end of the session; then both are NULL.
    refresh_token_enc: Mapped[bytes | None]
    key_id: Mapped[str | None]


class EndedSessionRow(Base):
    """A `SessionEnded` of the last minutes, for processes that were away when it was published."""

    __tablename__ = "ended_session"
    __table_args__ = (
        # One end, one event: whoever comes second finds this. NULLs (all sessions of a subject) are never equal.
        UniqueConstraint("sid"),
        CheckConstraint(REASONS, "reason"),
        # The list of recent ends, and the job that removes old rows.
        Index(None, "ended_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    sid: Mapped[str | None]
    sub: Mapped[str | None]
    reason: Mapped[str]
    ended_at: Mapped[datetime]


class SeenLogoutTokenRow(Base):
    """The id of an accepted logout token, until the token has expired: it is accepted once."""

    __tablename__ = "seen_logout_token"
    # The job that removes old rows.
    __table_args__ = (Index(None, "expires_at"),)

    jti: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]


inbox_position = inbox_table(metadata)
