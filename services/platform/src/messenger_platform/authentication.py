"""How a process knows its callers: one verifier, and the feed of ended sessions that it heeds."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from messenger_platform.sessions import EndedSessions, SessionEndFeed
from messenger_platform.settings import ServiceSettings
from messenger_platform.tokens import SigningKeys, TokenVerifier


@dataclass(frozen=True, slots=True)
class Authentication:
    """`feed.run()` belongs among the background tasks of the process."""

    verifier: TokenVerifier
    ended: EndedSessions
    feed: SessionEndFeed


def authentication(settings: ServiceSettings, http: httpx.AsyncClient, broker_url: str) -> Authentication:
    """Build the parts; the broker user must be allowed queues of its own (`amq.gen-…`) on the events."""
    ended = EndedSessions()
    verifier = TokenVerifier(
        issuer=settings.oidc_issuer,
        audience=settings.oidc_audience,
        authorized_parties=settings.authorized_parties,
        keys=SigningKeys(settings.jwks_url, http),
        has_ended=lambda principal: ended.end_of(principal) is not None,
    )
    feed = SessionEndFeed(
        ended,
        broker_url=broker_url,
        gateway_url=settings.gateway_url,
        internal_secret=settings.internal_secret.get_secret_value(),
        http=http,
    )
    return Authentication(verifier, ended, feed)
