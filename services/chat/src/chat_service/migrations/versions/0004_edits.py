"""Edited and deleted messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("message", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("chat_change", sa.Column("message_seq", sa.BigInteger(), nullable=True))
    op.add_column("chat", sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    # Such versions mean nothing to the code before: it would take them for changes of the chat, which is harmless.
    op.drop_column("chat", "edited_at")
    op.drop_column("chat_change", "message_seq")
    op.drop_column("message", "deleted_at")
    op.drop_column("message", "edited_at")
