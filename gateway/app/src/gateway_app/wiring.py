"""The composition root: settings → connections → repositories and clients → use cases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway_app.clients.realm_sessions import KeycloakSessions
from gateway_app.clients.realm_tokens import RealmTokens
from gateway_app.clients.token_endpoint import TokenEndpoint
from gateway_app.controllers.consumers.users import QUEUE, UserEvents
from gateway_app.controllers.cookies import CALLBACK_PATH, Cookies
from gateway_app.domain.keyring import KeyRing
from gateway_app.domain.openapi import Document
from gateway_app.repositories.sessions import SQLSessions
from gateway_app.services.accept_logout import AcceptLogout
from gateway_app.services.describe_api import DescribeAPI
from gateway_app.services.end_account import EndAccount
from gateway_app.services.end_sessions import EndSessions
from gateway_app.services.finish_login import FinishLogin
from gateway_app.services.keep_in_step import KeepInStep
from gateway_app.services.list_sessions import ListSessions
from gateway_app.services.log_out_at_keycloak import LogOutAtKeycloak
from gateway_app.services.refresh_session import RefreshSession
from gateway_app.services.sealed_tokens import SealedTokens
from gateway_app.services.start_login import StartLogin
from gateway_app.services.watch_readiness import WatchReadiness
from gateway_app.settings import REALM, GatewaySettings
from messenger_platform.broker import Consumer
from messenger_platform.database import create_engine
from messenger_platform.tokens import SigningKeys

INFO: Document = {
    "title": "Messenger",
    "summary": "Private and group chats in real time, exactly once.",
    "description": "Live events and acknowledgements come over the WebSocket at `/ws`; everything else is here. "
    "Errors are `application/problem+json` (RFC 9457).",
    "version": version("gateway-app"),
}
# A refresh keeps one while Keycloak answers.
POOL_SIZE = 20


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything a running gateway app consists of."""

    describe_api: DescribeAPI
    watch_readiness: WatchReadiness
    engine: AsyncEngine
    cookies: Cookies
    origin: str
    issuer: str
    internal_secret: str
    sessions: SQLSessions
    realm_tokens: RealmTokens
    start_login: StartLogin
    finish_login: FinishLogin
    refresh_session: RefreshSession
    end_sessions: EndSessions
    list_sessions: ListSessions
    accept_logout: AcceptLogout
    end_account: EndAccount
    keep_in_step: KeepInStep
    user_events: Consumer


@asynccontextmanager
async def wire(settings: GatewaySettings, own: Callable[[], Document]) -> AsyncIterator[Wiring]:
    """Build the parts, and close what has connections at the end; `own` is this application's OpenAPI document."""
    engine = create_engine(settings.runtime_url, application_name="gateway", pool_size=POOL_SIZE)
    grants = TokenEndpoint(
        realm_url=settings.realm_url,
        issuer=settings.oidc_issuer,
        client_id=settings.gateway_client_id,
        client_secret=settings.gateway_client_secret.get_secret_value(),
        redirect_uri=f"{settings.public_url}{CALLBACK_PATH}",
    )
    # A part that hangs must not take the connections that the questions to the others need.
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=100, keepalive_expiry=3)) as http:
        realm = KeycloakSessions(
            http,
            keycloak_url=settings.keycloak_url,
            realm=REALM,
            client_id=settings.gateway_sessions_client_id,
            client_secret=settings.gateway_sessions_client_secret.get_secret_value(),
        )
        try:
            yield _wired(settings, own, http=http, engine=engine, grants=grants, realm=realm)
        finally:
            await realm.aclose()
            await grants.aclose()
            await engine.dispose()


def _wired(
    settings: GatewaySettings,
    own: Callable[[], Document],
    *,
    http: httpx.AsyncClient,
    engine: AsyncEngine,
    grants: TokenEndpoint,
    realm: KeycloakSessions,
) -> Wiring:
    services = {"user": [settings.user_url], "chat": settings.chats}
    keys = KeyRing.parse(settings.session_keys.get_secret_value())
    tokens = SealedTokens(keys)
    sessions = SQLSessions(engine)
    realm_tokens = RealmTokens(
        issuer=settings.oidc_issuer,
        client_id=settings.gateway_client_id,
        told_for=settings.authorized_parties,
        keys=SigningKeys(settings.jwks_url, http),
    )
    log_out = LogOutAtKeycloak(sessions, grants, tokens)
    refresh = RefreshSession(sessions, grants, tokens)
    end_account = EndAccount(sessions)
    return Wiring(
        describe_api=DescribeAPI(http, services, own=own, info=INFO, issuer=settings.oidc_issuer),
        watch_readiness=WatchReadiness(http, settings.readiness),
        engine=engine,
        cookies=Cookies(secure=settings.is_secure),
        origin=settings.public_url,
        issuer=settings.oidc_issuer,
        internal_secret=settings.internal_secret.get_secret_value(),
        sessions=sessions,
        realm_tokens=realm_tokens,
        start_login=StartLogin(grants, keys),
        finish_login=FinishLogin(
            sessions=sessions, grants=grants, verifier=realm_tokens, keys=keys, tokens=tokens, log_out=log_out
        ),
        refresh_session=refresh,
        end_sessions=EndSessions(sessions=sessions, grants=grants, realm=realm, refresh=refresh, log_out=log_out),
        list_sessions=ListSessions(sessions, realm, settings.gateway_client_id),
        accept_logout=AcceptLogout(sessions, realm),
        keep_in_step=KeepInStep(sessions, realm, log_out),
        end_account=end_account,
        user_events=Consumer(
            settings.broker_url("gateway", settings.rabbitmq_gateway_password), QUEUE, UserEvents(end_account)
        ),
    )
