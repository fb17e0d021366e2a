"""What the realm, Keycloak's collection of accounts, can be asked; it is the source of truth for who there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar
from uuid import UUID

from user_service.domain.accounts import Claims

T = TypeVar("T")


class Log(StrEnum):
    """The realm's two logs: what people do themselves, and what administrators do to them."""

    PEOPLE = "people"
    ADMINISTRATORS = "administrators"


@dataclass(frozen=True, slots=True)
class Change:
    """An entry of a log: something about this subject is no longer as it was; ask what. `at` by the realm's clock."""

    id: str
    sub: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class RealmUser:
    """A person as the realm knows them now; an account of a client is none."""

    sub: UUID
    username: str
    name: str
    email: str
    enabled: bool
    is_person: bool = True

    def claims(self, as_of: datetime) -> Claims:
        """Return what the realm says as a token issued at that time would say it."""
        return Claims.cleaned(sub=self.sub, username=self.username, name=self.name, email=self.email, as_of=as_of)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a list: `items` are those of the `read` entries that concern us; `is_last` when nothing followed."""

    items: Sequence[T]
    read: int
    is_last: bool


class RealmAway(Exception):  # noqa: N818 - errors are named as facts.
    """The realm does not answer, refuses our credentials, or answers what cannot be read."""
