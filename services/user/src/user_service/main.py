"""The ASGI application of the user service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from messenger_platform.database import ping
from messenger_platform.problems import install_problem_handlers
from messenger_platform.service import health_routes
from user_service.controllers import internal, users
from user_service.controllers.errors import STATUSES
from user_service.settings import UserSettings
from user_service.wiring import Wiring, wire


def create_app(settings: UserSettings) -> FastAPI:
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
        title="User service",
        version="1",
        summary="Who a Keycloak subject is, under an integer id that never changes.",
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,  # Short names for generated clients.
        docs_url=None,  # The gateway shows the documentation of the whole.
        redoc_url=None,
    )
    app.include_router(users.router)
    app.include_router(internal.router)
    app.include_router(health_routes({"database": database}))
    install_problem_handlers(app, STATUSES)
    return app
