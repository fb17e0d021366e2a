"""The ASGI application of the chat service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from chat_service.controllers import bootstrap, chats, link, messages
from chat_service.controllers.errors import STATUSES
from chat_service.controllers.fast_history import FastHistory
from chat_service.settings import ChatSettings
from chat_service.wiring import Wiring, wire
from messenger_platform.database import ping
from messenger_platform.problems import install_problem_handlers
from messenger_platform.service import health_routes


def create_app(settings: ChatSettings) -> FastAPI:
    """Assemble the application; nothing connects before its lifespan starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with wire(settings) as wiring:
            app.state.wiring = wiring
            app.state.verifier = wiring.verifier
            yield

    async def database() -> None:
        wiring: Wiring = app.state.wiring
        await ping(wiring.engine)

    app = FastAPI(
        title="Chat service",
        version="1",
        summary="Chats, participants, messages exactly once, and who has read what.",
        lifespan=lifespan,
        docs_url=None,  # The gateway shows the documentation of the whole.
        redoc_url=None,
    )
    app.include_router(bootstrap.router)
    app.include_router(chats.router)
    app.include_router(messages.router)
    app.include_router(link.router)
    app.include_router(health_routes({"database": database}))
    install_problem_handlers(app, STATUSES)
    app.add_middleware(FastHistory)
    return app
