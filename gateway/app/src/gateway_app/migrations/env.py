"""Alembic's entry: everything else is in `messenger_platform.migrations`."""

from __future__ import annotations

from gateway_app.repositories.tables import metadata
from messenger_platform.migrations import run_env

run_env(metadata)
