"""Tokens as a session keeps them: encrypted, and bound to its id."""

from __future__ import annotations

from uuid import UUID

from gateway_app.domain.keyring import KeyRing, Sealed
from gateway_app.domain.sessions import OpenLogout, Session


class SealedTokens:
    """Seals and opens the tokens of sessions; opening raises `CannotOpen` when the key is gone."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    def seal(self, session_id: UUID, access_token: str, refresh_token: str) -> tuple[bytes, bytes, str]:
        """Return both tokens sealed by the newest key, and its name."""
        access = self._keys.seal(access_token, f"{session_id} access token")
        refresh = self._keys.seal(refresh_token, f"{session_id} refresh token")
        return access.value, refresh.value, refresh.key_id

    def access_token(self, session: Session) -> str:
        """Return the access token."""
        return self._keys.open(Sealed(session.key_id, session.sealed_access_token), f"{session.id} access token")

    def refresh_token(self, session: Session | OpenLogout) -> str:
        """Return the refresh token."""
        return self._keys.open(Sealed(session.key_id, session.sealed_refresh_token), f"{session.id} refresh token")
