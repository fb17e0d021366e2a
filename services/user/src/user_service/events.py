"""What this context tells the world, on the routing key `user.profile`."""

from __future__ import annotations

from uuid import UUID

import msgspec

from user_service.domain.accounts import Account

ROUTING_KEY = "user.profile"
SOURCE = "/services/user"


class Profile(msgspec.Struct, frozen=True):
    """The public part of an account, with the subject by which other contexts recognise its owner."""

    id: int
    sub: UUID
    username: str
    name: str


class UserRegistered(Profile, frozen=True):
    """A subject was seen for the first time; exactly one per subject."""


class UserChanged(Profile, frozen=True):
    """A newer token names its owner differently; carries the state after the change."""


def user_registered(account: Account) -> UserRegistered:
    """Tell of a new account."""
    return UserRegistered(account.id, account.sub, account.username, account.name)


def user_changed(account: Account) -> UserChanged:
    """Tell of an account's new state."""
    return UserChanged(account.id, account.sub, account.username, account.name)
