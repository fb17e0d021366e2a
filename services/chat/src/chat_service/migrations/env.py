"""Alembic's entry point; `chat_service migrate` sets the address and the schema."""

from chat_service.repositories.tables import Base
from messenger_platform.migrations import run_env

run_env(Base.metadata)
