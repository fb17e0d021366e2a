"""Alembic scripts of the schema `user_profile`."""
