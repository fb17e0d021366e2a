"""The ASGI application of the gateway's control plane."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from gateway_app.controllers import documents, health
from gateway_app.settings import GatewaySettings
from gateway_app.wiring import wire
from messenger_platform.problems import install_problem_handlers
from messenger_platform.service import health_routes


def create_app(settings: GatewaySettings) -> FastAPI:
    """Assemble the application; nothing connects before its lifespan starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with wire(settings, own=app.openapi) as wiring:
            app.state.wiring = wiring
            yield

    app = FastAPI(
        title="Gateway",
        version="1",
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
        openapi_url=None,  # Only the merged document is published.
        docs_url=None,
        redoc_url=None,
    )
    app.include_router(health.router)
    app.include_router(documents.router)
    # Of these only `/readyz` remains, for the supervisor: here `/healthz` speaks of the whole.
    app.include_router(health_routes({}))
    install_problem_handlers(app, {})
    return app
