"""The composition root: settings → engine → repository → use cases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from messenger_platform.database import create_engine
from messenger_platform.limits import TokenBuckets
from messenger_platform.tokens import SigningKeys, TokenVerifier
from user_service.repositories.accounts import SQLAccounts
from user_service.services.find_accounts import FindAccounts
from user_service.services.recognise_caller import RecogniseCaller
from user_service.settings import UserSettings

SEARCHES_PER_S = 30 / 60
SEARCH_BURST = 30


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything a running user service consists of."""

    engine: AsyncEngine
    verifier: TokenVerifier
    recognise_caller: RecogniseCaller
    find_accounts: FindAccounts


@asynccontextmanager
async def wire(settings: UserSettings) -> AsyncIterator[Wiring]:
    """Build the parts, and close what has connections at the end."""
    engine = create_engine(settings.runtime_url, application_name="user")
    async with httpx.AsyncClient() as http:
        accounts = SQLAccounts(engine)
        searches = TokenBuckets(rate=SEARCHES_PER_S if settings.rate_limited else 0, burst=SEARCH_BURST)
        try:
            yield Wiring(
                engine=engine,
                verifier=TokenVerifier(
                    issuer=settings.oidc_issuer,
                    audience=settings.oidc_audience,
                    authorized_parties=settings.authorized_parties,
                    keys=SigningKeys(settings.jwks_url, http),
                ),
                recognise_caller=RecogniseCaller(accounts),
                find_accounts=FindAccounts(accounts, searches),
            )
        finally:
            await engine.dispose()
