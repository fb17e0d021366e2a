"""The composition root: settings → HTTP client → use cases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version

import httpx

from gateway_app.domain.openapi import Document
from gateway_app.services.describe_api import DescribeAPI
from gateway_app.services.watch_readiness import WatchReadiness
from gateway_app.settings import GatewaySettings

INFO: Document = {
    "title": "Messenger",
    "summary": "Private and group chats in real time, exactly once.",
    "description": "Live events and acknowledgements come over the WebSocket at `/ws`; everything else is here. "
    "Errors are `application/problem+json` (RFC 9457).",
    "version": version("gateway-app"),
}


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything a running gateway app consists of."""

    describe_api: DescribeAPI
    watch_readiness: WatchReadiness


@asynccontextmanager
async def wire(settings: GatewaySettings, own: Callable[[], Document]) -> AsyncIterator[Wiring]:
    """Build the parts, and close what has connections at the end; `own` is this application's OpenAPI document."""
    # A part that hangs must not take the connections that the questions to the others need.
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=100, keepalive_expiry=3)) as http:
        services = {"user": [settings.user_url], "chat": settings.chats}
        yield Wiring(
            describe_api=DescribeAPI(http, services, own=own, info=INFO, issuer=settings.oidc_issuer),
            watch_readiness=WatchReadiness(http, settings.readiness),
        )
