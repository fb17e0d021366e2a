"""What a participant has chosen for a chat: muted, pinned."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("muted", "pinned"):
        op.add_column("participant", sa.Column(name, sa.Boolean(), server_default=sa.text("false"), nullable=False))


def downgrade() -> None:
    op.drop_column("participant", "pinned")
    op.drop_column("participant", "muted")
