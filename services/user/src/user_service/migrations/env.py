"""Alembic's entry: everything else is in `messenger_platform.migrations`."""

from __future__ import annotations

from messenger_platform.migrations import run_env
from user_service.repositories.tables import metadata

run_env(metadata)
