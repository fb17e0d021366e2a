"""A login on its way: what this browser must bring back from Keycloak, kept in a cookie that only we can read."""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass

import msgspec

from gateway_app.domain.errors import LoginUnknown
from gateway_app.domain.keyring import CannotOpen, KeyRing, Sealed

LIFE_S = 600
STATE_BYTES = 24


class _Contents(msgspec.Struct):
    nonce: str
    verifier: str
    return_to: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class Login:
    """One login: `state` finds it again, `nonce` ties the ID token to it, `verifier` the code (PKCE)."""

    state: str
    nonce: str
    verifier: str
    return_to: str
    expires_at: float

    @classmethod
    def begin(cls, return_to: str, now: float) -> Login:
        """Make a login that must be finished within `LIFE_S` seconds."""
        return cls(
            state=secrets.token_urlsafe(STATE_BYTES),
            nonce=secrets.token_urlsafe(STATE_BYTES),
            verifier=secrets.token_urlsafe(48),
            return_to=return_to,
            expires_at=now + LIFE_S,
        )

    def sealed(self, keys: KeyRing) -> str:
        """Return the value of its cookie."""
        contents = _Contents(self.nonce, self.verifier, self.return_to, self.expires_at)
        sealed = keys.seal(msgspec.json.encode(contents).decode(), _place(self.state))
        return f"{sealed.key_id}.{base64.urlsafe_b64encode(sealed.value).decode().rstrip('=')}"

    @classmethod
    def opened(cls, cookie: str | None, state: str, keys: KeyRing, now: float) -> Login:
        """Read the cookie of the login that `state` names; raises `LoginUnknown`."""
        key_id, _, value = (cookie or "").partition(".")
        try:
            text = keys.open(Sealed(key_id, base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))), _place(state))
            contents = msgspec.json.decode(text, type=_Contents)
        except (CannotOpen, binascii.Error, ValueError, msgspec.DecodeError) as error:
            raise LoginUnknown("This login was not begun in this browser, or it has ended.") from error
        if contents.expires_at < now:
            raise LoginUnknown("The login took too long. Begin again.")
        return cls(state, contents.nonce, contents.verifier, contents.return_to, contents.expires_at)


def _place(state: str) -> str:
    return f"login {state}"
