"""Messages that answer others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("reply_to_id", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("message", "reply_to_id")
