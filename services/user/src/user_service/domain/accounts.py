"""An account: Keycloak's subject under an integer id that never changes."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NewType
from uuid import UUID

AccountId = NewType("AccountId", int)

MAX_ACCOUNT_ID = 2**53 - 1
MAX_FIELD_CHARS = 255
DELETED_NAME = "Deleted account"
# Overrides and isolates of the writing direction let one name look like another.
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of a person; `email` is for the person alone.

    Nobody calls under a disabled or deleted account. A deleted one has a name that says so and nothing else of its
    owner; its row stays, because messages name their sender by id.
    """

    id: AccountId
    sub: UUID
    username: str
    name: str
    email: str | None
    disabled_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether its owner may call."""
        return self.disabled_at is None and self.deleted_at is None

    def agrees_with(self, claims: Claims) -> bool:
        """Tell whether the token says what is stored."""
        return (self.username, self.name, self.email) == (claims.username, claims.name, claims.email)

    def following(self, claims: Claims, *, enabled: bool) -> Account:
        """Return the account as the realm says it is."""
        return replace(
            self,
            username=claims.username,
            name=claims.name,
            email=claims.email,
            disabled_at=None if enabled else self.disabled_at or claims.as_of,
            deleted_at=None,
        )

    def deleted(self, at: datetime) -> Account:
        """Return what remains of the account when the realm has it no more."""
        return replace(
            self,
            username=f"deleted-{self.id}",
            name=DELETED_NAME,
            email=None,
            disabled_at=None,
            deleted_at=self.deleted_at or at,
        )


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token, or the realm when asked, says of a person.

    `as_of` is when the token was issued or the question was asked: a saying that is older than what is stored does
    not undo it.
    """

    sub: UUID
    username: str
    name: str
    email: str | None
    as_of: datetime

    @classmethod
    def cleaned(cls, *, sub: UUID, username: str, name: str, email: str, as_of: datetime) -> Claims:
        """Drop what no name needs; a person without a name is called by the username, without that by the subject."""
        username = clean(username) or str(sub)
        return cls(
            sub=sub,
            username=username,
            name=clean(name) or username,
            email=clean(email) or None,
            as_of=as_of,
        )


def clean(text: str) -> str:
    """Drop control characters, surrogates and changes of writing direction, join blanks, cut at 255 characters."""
    visible = "".join(
        " " if character.isspace() else character
        for character in text
        if character.isspace() or (unicodedata.category(character) not in {"Cc", "Cs"} and character not in _DIRECTION)
    )
    return " ".join(visible.split())[:MAX_FIELD_CHARS].rstrip()
