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


class Standing(msgspec.Struct, frozen=True):
    """Whose sessions and connections are concerned; the names are told apart, by `UserChanged`."""

    id: int
    sub: UUID


class UserRegistered(Profile, frozen=True):
    """A subject was seen for the first time; exactly one per subject."""


class UserChanged(Profile, frozen=True):
    """The owner is named differently; carries the state after the change."""


class UserDisabled(Standing, frozen=True):
    """The realm lets this person in no more, for now."""


class UserEnabled(Standing, frozen=True):
    """The realm lets this person in again."""


class UserDeleted(Standing, frozen=True):
    """The realm has this person no more; follows the `UserChanged` that takes the name away."""


News = Profile | Standing


def user_registered(account: Account) -> UserRegistered:
    """Tell of a new account."""
    return UserRegistered(account.id, account.sub, account.username, account.name)


def user_changed(account: Account) -> UserChanged:
    """Tell of an account's new state."""
    return UserChanged(account.id, account.sub, account.username, account.name)


def announcement_of(account: Account) -> list[News]:
    """Return what those must be told again who may have missed anything of an account: its state, and its end."""
    news: list[News] = [user_changed(account)]
    if account.deleted_at is not None:
        news.append(UserDeleted(account.id, account.sub))
    elif account.disabled_at is not None:
        news.append(UserDisabled(account.id, account.sub))
    return news


def news_of(before: Account | None, after: Account) -> list[News]:
    """Return what there is to tell, in order, when an account (None: there was none) has become another."""
    news: list[News] = []
    if before is None:
        news.append(user_registered(after))
    elif (before.username, before.name, before.email) != (after.username, after.name, after.email):
        news.append(user_changed(after))
    if after.deleted_at is not None:
        if before is None or before.deleted_at is None:
            news.append(UserDeleted(after.id, after.sub))
    elif after.disabled_at is not None:
        if before is None or before.disabled_at is None:
            news.append(UserDisabled(after.id, after.sub))
    elif before is not None and not before.is_open:
        news.append(UserEnabled(after.id, after.sub))
    return news
