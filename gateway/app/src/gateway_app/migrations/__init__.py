"""Alembic revisions of the schema gateway."""
