"""The ASGI application of the gateway's control plane."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

from gateway_app.controllers import auth, backchannel, documents, health
from gateway_app.controllers.errors import STATUSES, install_session_handler
from gateway_app.controllers.web_client import WebClient
from gateway_app.settings import GatewaySettings
from gateway_app.wiring import Wiring, wire
from messenger_platform.database import ping
from messenger_platform.problems import install_problem_handlers
from messenger_platform.service import background, health_routes


def create_app(settings: GatewaySettings, *, with_jobs: bool = True) -> FastAPI:
    """Assemble the application; nothing connects before its lifespan starts.

    `with_jobs` runs beside the requests what keeps the table in step and what listens to events.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            wiring = await stack.enter_async_context(wire(settings, own=app.openapi))
            app.state.wiring = wiring
            if with_jobs:
                await stack.enter_async_context(background(wiring.keep_in_step.run(), wiring.user_events.run()))
            yield

    async def database() -> None:
        wiring: Wiring = app.state.wiring
        await ping(wiring.engine)

    app = FastAPI(
        title="Gateway",
        version="1",
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
        openapi_url=None,  # Only the merged document is published.
        docs_url=None,
        redoc_url=None,
    )
    for controller in (health, documents, auth, backchannel):
        app.include_router(controller.router)
    # Of these only `/readyz` remains, for the supervisor: here `/healthz` speaks of the whole.
    app.include_router(health_routes({"database": database}))
    install_problem_handlers(app, STATUSES)
    install_session_handler(app)
    if settings.web_root is not None:
        app.add_middleware(WebClient, root=settings.web_root)
    return app
