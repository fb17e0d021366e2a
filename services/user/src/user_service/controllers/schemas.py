"""What goes over the wire, as OpenAPI tells it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, Field

from user_service.domain.accounts import Account, AccountId

MAX_IDS = 100

Id = Annotated[int, Field(description="The account's id; it never changes.", examples=[2])]


class User(BaseModel):
    """A person as everyone may see them."""

    id: Id
    username: str = Field(description="The login name at Keycloak.", examples=["alice"])
    name: str = Field(description="The name to show; the username where Keycloak knows none.", examples=["Alice Adams"])

    @classmethod
    def of(cls, account: Account) -> User:
        """Leave out what is not for everyone."""
        return cls(id=account.id, username=account.username, name=account.name)


class Me(User):
    """The caller's own profile."""

    email: str | None = Field(description="For the owner's eyes only.", examples=["alice@example.org"])
    roles: list[str] = Field(description="The realm roles in the access token, in alphabetical order.")

    @classmethod
    def holding(cls, account: Account, roles: Iterable[str]) -> Me:
        """Show all to the owner."""
        return cls(
            id=account.id, username=account.username, name=account.name, email=account.email, roles=sorted(roles)
        )


def ids_of(text: str) -> list[AccountId]:
    """Read a comma list that its pattern has already let pass."""
    return [AccountId(int(part)) for part in text.split(",")]
