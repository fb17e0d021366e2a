"""An account: Keycloak's subject under an integer id that never changes."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import NewType
from uuid import UUID

AccountId = NewType("AccountId", int)

MAX_ACCOUNT_ID = 2**53 - 1
MAX_FIELD_CHARS = 255
# Overrides and isolates of the writing direction let one name look like another.
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of a person; `email` is for the person alone."""

    id: AccountId
    sub: UUID
    username: str
    name: str
    email: str | None

    def agrees_with(self, claims: Claims) -> bool:
        """Tell whether the token says what is stored."""
        return (self.username, self.name, self.email) == (claims.username, claims.name, claims.email)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says of its owner; `valid_until` orders the tokens of one owner by age."""

    sub: UUID
    username: str
    name: str
    email: str | None
    valid_until: datetime

    @classmethod
    def cleaned(cls, *, sub: UUID, username: str, name: str, email: str, valid_until: datetime) -> Claims:
        """Drop what no name needs; a person without a name is called by the username, without that by the subject."""
        username = clean(username) or str(sub)
        return cls(
            sub=sub,
            username=username,
            name=clean(name) or username,
            email=clean(email) or None,
            valid_until=valid_until,
        )


def clean(text: str) -> str:
    """Drop control characters, surrogates and changes of writing direction, join blanks, cut at 255 characters."""
    visible = "".join(
        " " if character.isspace() else character
        for character in text
        if character.isspace() or (unicodedata.category(character) not in {"Cc", "Cs"} and character not in _DIRECTION)
    )
    return " ".join(visible.split())[:MAX_FIELD_CHARS].rstrip()
