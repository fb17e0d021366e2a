"""Sessions of browsers, live and ended, and the logout tokens that were seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "gateway"
REASONS = "reason IN ('logout', 'revoked', 'evicted', 'expired')"


def _time(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def upgrade() -> None:
    op.create_table(
        "session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cookie_hash", sa.LargeBinary(), nullable=False),
        sa.Column("sub", sa.Uuid(), nullable=False),
        sa.Column("sid", sa.Text(), nullable=False),
        sa.Column("refresh_token_enc", sa.LargeBinary(), nullable=False),
        sa.Column("access_token_enc", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        _time("refresh_expires_at"),
        _time("access_expires_at"),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("ip", postgresql.INET(), nullable=True),
        _time("created_at"),
        _time("last_used_at"),
        _time("checked_at"),
        sa.PrimaryKeyConstraint("id", name="session_pkey"),
        sa.UniqueConstraint("cookie_hash", name="session_cookie_hash_key"),
        schema=SCHEMA,
    )
    op.create_index("session_sub_last_used_at_idx", "session", ["sub", "last_used_at"], schema=SCHEMA)
    for column in ("sid", "refresh_expires_at", "checked_at"):
        op.create_index(f"session_{column}_idx", "session", [column], schema=SCHEMA)
    op.create_table(
        "closed_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cookie_hash", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _time("closed_at"),
        sa.Column("refresh_token_enc", sa.LargeBinary(), nullable=True),
        sa.Column("key_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="closed_session_pkey"),
        sa.UniqueConstraint("cookie_hash", name="closed_session_cookie_hash_key"),
        sa.CheckConstraint(REASONS, name="closed_session_reason_check"),
        schema=SCHEMA,
    )
    op.create_index("closed_session_closed_at_idx", "closed_session", ["closed_at"], schema=SCHEMA)
    op.create_table(
        "ended_session",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("sid", sa.Text(), nullable=True),
        sa.Column("sub", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        _time("ended_at"),
        sa.PrimaryKeyConstraint("id", name="ended_session_pkey"),
        sa.UniqueConstraint("sid", name="ended_session_sid_key"),
        sa.CheckConstraint(REASONS, name="ended_session_reason_check"),
        schema=SCHEMA,
    )
    op.create_index("ended_session_ended_at_idx", "ended_session", ["ended_at"], schema=SCHEMA)
    op.create_table(
        "seen_logout_token",
        sa.Column("jti", sa.Text(), nullable=False),
        _time("expires_at"),
        sa.PrimaryKeyConstraint("jti", name="seen_logout_token_pkey"),
        schema=SCHEMA,
    )
    op.create_index("seen_logout_token_expires_at_idx", "seen_logout_token", ["expires_at"], schema=SCHEMA)
    op.create_table(
        "inbox_position",
        sa.Column("consumer", sa.String(64), nullable=False),
        sa.Column("epoch", sa.String(64), nullable=False),
        sa.Column("position", sa.String(25), nullable=False),
        sa.PrimaryKeyConstraint("consumer", name="inbox_position_pkey"),
        schema=SCHEMA,
    )


def downgrade() -> None:
    for table in ("inbox_position", "seen_logout_token", "ended_session", "closed_session", "session"):
        op.drop_table(table, schema=SCHEMA)
