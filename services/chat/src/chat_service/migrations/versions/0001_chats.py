"""Chats, participants, messages, marks, changes; the projection of accounts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("message_id_seq", data_type=sa.BigInteger())))
    op.create_table(
        "chat",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=128), nullable=True),
        sa.Column("creator_id", sa.BigInteger(), nullable=False),
        sa.Column("private_low", sa.BigInteger(), nullable=True),
        sa.Column("private_high", sa.BigInteger(), nullable=True),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("members_seq", sa.BigInteger(), nullable=False),
        sa.Column("participant_count", sa.Integer(), nullable=False),
        sa.Column("message_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_message_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_message_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("watermark_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("watermark_message_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("watermark_ordinal", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(type = 'private') = (private_low IS NOT NULL)", name=op.f("ck_chat_private_pair")),
        sa.CheckConstraint("type IN ('private', 'group')", name=op.f("ck_chat_type")),
        sa.CheckConstraint("last_seq >= message_count", name=op.f("ck_chat_versions")),
        sa.CheckConstraint("private_low < private_high", name=op.f("ck_chat_private_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(
        "uq_chat_private_pair",
        "chat",
        ["private_low", "private_high"],
        unique=True,
        postgresql_where=sa.text("private_low IS NOT NULL"),
    )
    op.create_table(
        "inbox_position",
        sa.Column("consumer", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.String(length=64), nullable=False),
        sa.Column("position", sa.String(length=25), nullable=False),
        sa.PrimaryKeyConstraint("consumer", name=op.f("pk_inbox_position")),
    )
    op.create_table(
        "known_user",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sub", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_user")),
        sa.UniqueConstraint("sub", name=op.f("uq_known_user_sub")),
    )
    op.create_table(
        "chat_change",
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name=op.f("fk_chat_change_chat_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("chat_id", "seq", name=op.f("pk_chat_change")),
    )
    op.create_table(
        "message",
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("sender_id", sa.BigInteger(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name=op.f("fk_message_chat_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("chat_id", "seq", name=op.f("pk_message")),
        sa.UniqueConstraint("chat_id", "id", name=op.f("uq_message_chat_id_id")),
        sa.UniqueConstraint("chat_id", "sender_id", "client_id", name=op.f("uq_message_chat_id_sender_id_client_id")),
    )
    op.create_table(
        "participant",
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("joined_seq", sa.BigInteger(), nullable=False),
        sa.Column("read_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("read_message_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("read_ordinal", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("role IN ('creator', 'admin', 'member')", name=op.f("ck_participant_role")),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name=op.f("fk_participant_chat_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("chat_id", "user_id", name=op.f("pk_participant")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index("ix_participant_user_id_chat_id", "participant", ["user_id", "chat_id"], unique=False)
    op.create_table(
        "read_log",
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("up_to_seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name=op.f("fk_read_log_chat_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("chat_id", "user_id", "up_to_seq", name=op.f("pk_read_log")),
    )


def downgrade() -> None:
    op.drop_table("read_log")
    op.drop_index("ix_participant_user_id_chat_id", table_name="participant")
    op.drop_table("participant")
    op.drop_table("message")
    op.drop_table("chat_change")
    op.drop_table("known_user")
    op.drop_table("inbox_position")
    op.drop_index("uq_chat_private_pair", table_name="chat", postgresql_where=sa.text("private_low IS NOT NULL"))
    op.drop_table("chat")
    op.execute("DROP SEQUENCE message_id_seq")
