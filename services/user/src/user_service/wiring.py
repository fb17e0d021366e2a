"""The composition root: settings → engine → repository → use cases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from messenger_platform.authentication import authentication
from messenger_platform.database import create_engine
from messenger_platform.limits import TokenBuckets
from messenger_platform.service import background
from messenger_platform.tokens import TokenVerifier
from user_service.repositories.accounts import SQLAccounts
from user_service.repositories.keycloak import KeycloakRealm
from user_service.repositories.lead import SQLLead
from user_service.services.announce_accounts import AnnounceAccounts
from user_service.services.find_accounts import FindAccounts
from user_service.services.follow_realm import FollowRealm
from user_service.services.mirror_user import MirrorUser
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
    announce_accounts: AnnounceAccounts
    internal_secret: str


@asynccontextmanager
async def wire(settings: UserSettings) -> AsyncIterator[Wiring]:
    """Build the parts, run what runs beside the requests, and close what has connections at the end."""
    engine = create_engine(settings.runtime_url, application_name="user")
    accounts = SQLAccounts(engine)
    searches = TokenBuckets(rate=SEARCHES_PER_S if settings.rate_limited else 0, burst=SEARCH_BURST)
    async with httpx.AsyncClient() as http:
        callers = authentication(settings, http, settings.listener_url)
        try:
            async with background(callers.feed.run()), following(settings, engine, accounts):
                yield Wiring(
                    engine=engine,
                    verifier=callers.verifier,
                    recognise_caller=RecogniseCaller(accounts),
                    find_accounts=FindAccounts(accounts, searches),
                    announce_accounts=AnnounceAccounts(accounts),
                    internal_secret=settings.internal_secret.get_secret_value(),
                )
        finally:
            await engine.dispose()


@asynccontextmanager
async def following(settings: UserSettings, engine: AsyncEngine, accounts: SQLAccounts) -> AsyncIterator[None]:
    """Follow the realm in the background, unless that is switched off."""
    if not settings.realm_poll_s:
        yield
        return
    realm = KeycloakRealm(settings.keycloak_url, settings.user_service_client_secret.get_secret_value())
    follow = FollowRealm(realm, accounts, MirrorUser(accounts), SQLLead(engine), poll_s=settings.realm_poll_s)
    try:
        async with background(follow.run()):
            yield
    finally:
        await realm.aclose()
