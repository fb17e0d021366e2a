"""Accounts follow the realm: disabled, deleted, and how far its logs have been read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "user_profile"


def upgrade() -> None:
    op.add_column(
        "account",
        sa.Column("known_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        schema=SCHEMA,
    )
    # Tokens were ordered by their expiry, and are now by their issue.
    op.execute("UPDATE user_profile.account SET known_at = claims_until - interval '5 minutes'")
    op.alter_column("account", "claims_until", nullable=True, schema=SCHEMA)
    op.add_column("account", sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True), schema=SCHEMA)
    op.add_column("account", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True), schema=SCHEMA)
    op.create_table(
        "realm_position",
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("followed_to", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("log", name="realm_position_pkey"),
        schema=SCHEMA,
    )


def downgrade() -> None:
    op.drop_table("realm_position", schema=SCHEMA)
    op.drop_column("account", "deleted_at", schema=SCHEMA)
    op.drop_column("account", "disabled_at", schema=SCHEMA)
    op.execute(
        "UPDATE user_profile.account SET claims_until = known_at + interval '5 minutes' WHERE claims_until IS NULL"
    )
    op.alter_column("account", "claims_until", nullable=False, schema=SCHEMA)
    op.drop_column("account", "known_at", schema=SCHEMA)
