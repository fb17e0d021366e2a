"""Participants by chat and the consumer's position.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chat_membership",
        sa.Column("chat_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("participants", sa.ARRAY(sa.BigInteger()), nullable=False),
    )
    op.create_table(
        "inbox_position",
        sa.Column("consumer", sa.String(64), primary_key=True),
        sa.Column("epoch", sa.String(64), nullable=False),
        sa.Column("position", sa.String(25), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("inbox_position")
    op.drop_table("chat_membership")
