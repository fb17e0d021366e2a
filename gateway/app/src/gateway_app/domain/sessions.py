"""Login sessions of browsers: what is known of them and how they end."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

# Keycloak's limiter is the master (realm file, `user-session-limits`); the table never holds more.
MAX_SESSIONS = 5
COOKIE_BYTES = 32


class EndReason(StrEnum):
    """Why a session is over: its own logout, somebody else's doing, a sixth login, or its age."""

    LOGOUT = "logout"
    REVOKED = "revoked"
    EVICTED = "evicted"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Device:
    """Where a request came from; `ip` is None when the connection has no IP address."""

    user_agent: str
    ip: str | None


@dataclass(frozen=True, slots=True)
class Tokens:
    """What Keycloak's token endpoint gave."""

    access_token: str
    access_expires_at: datetime
    refresh_token: str
    refresh_expires_at: datetime
    id_token: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a login is for: the subject, and Keycloak's id of the login session."""

    sub: UUID
    sid: str


@dataclass(frozen=True, slots=True)
class Session:
    """A live session as the table has it; `sealed_…` are encrypted by the key `key_id`."""

    id: UUID
    sub: UUID
    sid: str
    sealed_access_token: bytes
    sealed_refresh_token: bytes
    key_id: str
    access_expires_at: datetime
    refresh_expires_at: datetime
    device: Device
    created_at: datetime
    last_used_at: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of one Keycloak session (`sid`), or of everything that `sub` was issued up to `at` (`sid` is None)."""

    sid: str | None
    sub: str | None
    reason: EndReason
    at: datetime


@dataclass(frozen=True, slots=True)
class OpenLogout:
    """A session that ended here while Keycloak may not know of it yet."""

    id: UUID
    sealed_refresh_token: bytes
    key_id: str


def new_cookie() -> str:
    """Return an opaque value of 256 bits for the session cookie."""
    return secrets.token_urlsafe(COOKIE_BYTES)


def digest(cookie: str) -> bytes:
    """Return the form in which a cookie is stored: whoever reads the table cannot use it."""
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).digest()
