"""Encryption at rest: AES-256-GCM under named keys, so that keys can be rotated.

The first key encrypts, all of them decrypt. To rotate, put a new key first; when every session has been refreshed
once (or has expired), remove the old one. Each text is bound to its place by the associated data, so that a value
moved to another row does not open.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12


class BadKey(ValueError):  # noqa: N818 - errors are named as facts.
    """The list of keys is not `name:base64,name:base64` with keys of 256 bits."""


class CannotOpen(Exception):  # noqa: N818 - as above.
    """The key is gone, or the value is not what was sealed for this place."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A nonce with its ciphertext, and the name of the key."""

    key_id: str
    value: bytes


class KeyRing:
    """The keys by name, newest first."""

    def __init__(self, keys: dict[str, bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys.values()):
            raise BadKey("At least one key is needed, each of 32 bytes.")
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self._first = next(iter(keys))

    @classmethod
    def parse(cls, text: str) -> KeyRing:
        """Read `k2:base64,k1:base64` (either alphabet of base64); raises `BadKey`."""
        keys: dict[str, bytes] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, separator, value = part.partition(":")
            try:
                key = base64.b64decode(value.replace("-", "+").replace("_", "/"), validate=True)
            except binascii.Error as error:
                raise BadKey(f"The key {name!r} is not base64.") from error
            if not separator or not name or name in keys:
                raise BadKey("Keys are written name:base64, each name once.")
            keys[name] = key
        return cls(keys)

    def seal(self, text: str, place: str) -> Sealed:
        """Encrypt `text` for `place`."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return Sealed(self._first, nonce + self._ciphers[self._first].encrypt(nonce, text.encode(), place.encode()))

    def open(self, sealed: Sealed, place: str) -> str:
        """Decrypt what was sealed for `place`; raises `CannotOpen`."""
        cipher = self._ciphers.get(sealed.key_id)
        if cipher is None:
            raise CannotOpen(f"There is no key {sealed.key_id!r}.")
        try:
            return cipher.decrypt(sealed.value[:NONCE_BYTES], sealed.value[NONCE_BYTES:], place.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise CannotOpen("The value was not sealed for this place.") from error
