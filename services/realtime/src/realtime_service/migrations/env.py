"""Alembic's entry: everything is in the platform."""

from messenger_platform.migrations import run_env
from realtime_service.repositories.tables import Base

run_env(Base.metadata)
