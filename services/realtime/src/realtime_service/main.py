"""The application: lifespan and routers, no logic."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from messenger_platform.problems import install_problem_handlers
from messenger_platform.service import background
from realtime_service.settings import Settings
from realtime_service.wiring import wire


def create_app(settings: Settings) -> FastAPI:
    """Return the realtime service for these settings."""
    wired = wire(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with background(
            *(link.run() for link in wired.links.links),
            *(batches.run() for batches in wired.batches),
            wired.callers.feed.run(),
            wired.fan_out.run(),
            wired.membership.run(),
        ):
            yield
        await wired.http.aclose()
        await wired.engine.dispose()

    app = FastAPI(title="Messenger realtime", lifespan=lifespan, openapi_url=None)
    app.state.verifier = wired.callers.verifier
    install_problem_handlers(app, {})
    for router in wired.routers:
        app.include_router(router)
    return app
