"""The relay process: the WAL's events to RabbitMQ, with health for the supervisor."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from chat_service.settings import RelaySettings
from messenger_platform.errors import Unavailable
from messenger_platform.relay import WALRelay
from messenger_platform.service import background, health_routes, serve

# Durable queues are bound to these; chat.message alone is live fan-out, which may have no listener.
MANDATORY_KEYS = frozenset({"chat.membership", "user.profile"})


def create_app(settings: RelaySettings) -> FastAPI:
    """Assemble the application; the relay streams while it runs, and its end is the end of the process."""
    relay = WALRelay(dsn=settings.dsn, broker_url=settings.publisher_url, mandatory_keys=MANDATORY_KEYS)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with background(relay.run()):
            yield

    async def connections() -> None:
        # A standby is ready, too: it waits for the slot with an open channel.
        if not relay.connected:
            raise Unavailable("RabbitMQ or PostgreSQL is not connected yet.")

    app = FastAPI(title="Relay", lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(health_routes({"connections": connections}))
    return app


def run_relay(settings: RelaySettings) -> None:
    """Serve the health of one relay until it breaks or SIGTERM."""
    serve(create_app(settings), host=settings.host, port=settings.port, log_level=settings.log_level, drain_s=1)
