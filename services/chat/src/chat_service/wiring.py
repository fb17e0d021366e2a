"""The composition root: settings → engine → repositories → use cases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_service.controllers.link import Link
from chat_service.repositories.messages import Messages
from chat_service.services.write_batch import WriteBatch
from chat_service.services.writer import Writer
from chat_service.settings import ChatSettings
from messenger_platform.accounts import Accounts
from messenger_platform.database import create_engine
from messenger_platform.service import background
from messenger_platform.tokens import SigningKeys, TokenVerifier


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything a running chat service consists of."""

    engine: AsyncEngine
    verifier: TokenVerifier
    accounts: Accounts
    writer: Writer
    link: Link


@asynccontextmanager
async def wire(settings: ChatSettings) -> AsyncIterator[Wiring]:
    """Build the parts, run what runs beside the requests, and close what has connections at the end."""
    engine = create_engine(settings.runtime_url, application_name="chat")
    log = Messages(engine)
    writer = Writer(WriteBatch(log))
    async with httpx.AsyncClient() as http:
        try:
            async with background(writer.run()):
                yield Wiring(
                    engine=engine,
                    verifier=TokenVerifier(
                        issuer=settings.oidc_issuer,
                        audience=settings.oidc_audience,
                        authorized_parties=settings.authorized_parties,
                        keys=SigningKeys(settings.jwks_url, http),
                    ),
                    accounts=Accounts(http, settings.user_url),
                    writer=writer,
                    link=Link(writer, settings.internal_secret),
                )
        finally:
            await log.close()
            await engine.dispose()
