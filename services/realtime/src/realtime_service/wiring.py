"""The composition root: settings → engine, links → hub → endpoint."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncEngine

from messenger_platform.accounts import Accounts
from messenger_platform.authentication import Authentication, authentication
from messenger_platform.broker import Consumer
from messenger_platform.database import create_engine, ping
from messenger_platform.limits import TokenBuckets
from messenger_platform.service import health_routes
from realtime_service.clients.chat_links import ChatLinks
from realtime_service.controllers.consumers.fan_out import FanOut
from realtime_service.controllers.consumers.membership import QUEUE, MembershipHandler
from realtime_service.controllers.websocket import LiveEndpoint
from realtime_service.repositories.memberships import Memberships
from realtime_service.services.client_session import Collaborators, Limits
from realtime_service.services.hub import Hub
from realtime_service.services.op_batches import OpBatches
from realtime_service.services.synchronise import Synchronise
from realtime_service.settings import Settings


@dataclass(frozen=True, slots=True)
class Wired:
    """What `main` starts and mounts."""

    engine: AsyncEngine
    http: httpx.AsyncClient
    callers: Authentication
    links: ChatLinks
    batches: list[OpBatches]
    fan_out: FanOut
    membership: Consumer
    routers: list[APIRouter]


def wire(settings: Settings) -> Wired:
    """Build every object of the process; nothing connects yet."""
    http = httpx.AsyncClient()
    engine = create_engine(
        settings.database_url("realtime_runtime", settings.realtime_runtime_password),
        application_name="realtime",
        pool_size=5,
    )
    broker_url = settings.broker_url("realtime", settings.rabbitmq_realtime_password)
    callers = authentication(settings, http, broker_url)
    links = ChatLinks(settings.chat_links, settings.internal_secret.get_secret_value())
    memberships = Memberships(engine)
    hub = Hub(links, memberships)
    batches = [OpBatches(links, shard) for shard in range(links.shards)]
    callers.ended.listen(hub.connections.end_session)
    fan_out = FanOut(broker_url, hub)
    shared = Collaborators(
        hub=hub,
        batches=batches,
        synchronise=Synchronise(links, hub.version_of),
        verifier=callers.verifier,
        limits=_limits(on=settings.rate_limited),
        publish_typing=fan_out.publish_typing,
    )
    endpoint = LiveEndpoint(
        accounts=Accounts(http, settings.user_url),
        shared=shared,
        ended=callers.ended,
        public_url=settings.public_url,
        connections_per_user=settings.connections_per_user,
    )

    async def database() -> None:
        await ping(engine)

    checks = {"database": database, "broker": fan_out.check, "chat": links.check}
    return Wired(
        engine=engine,
        http=http,
        callers=callers,
        links=links,
        batches=batches,
        fan_out=fan_out,
        membership=Consumer(broker_url, QUEUE, MembershipHandler(memberships)),
        routers=[endpoint.router, health_routes(checks)],
    )


def _limits(*, on: bool) -> Limits:
    """Return the contract's 20 messages a second with a burst of 60; frames of all kinds and typing beside it."""
    factor = 1 if on else 0
    return Limits(
        sends=TokenBuckets(20 * factor, 60),
        frames=TokenBuckets(100 * factor, 300),
        typing=TokenBuckets(0.5, 2),
    )
