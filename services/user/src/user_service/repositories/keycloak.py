"""The realm over Keycloak's admin API, with the rights to look at users and events and no other."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from keycloak import KeycloakAdmin
from keycloak.exceptions import KeycloakError

from user_service.domain.realm import Change, Log, Page, RealmAway, RealmUser

REALM = "messenger"
CLIENT_ID = "user-service"
TIMEOUT_S = 5
PAGE = 100
# What people do that changes who they are; the realm file has these types stored.
EVENT_TYPES = ("REGISTER", "UPDATE_PROFILE", "UPDATE_EMAIL", "DELETE_ACCOUNT", "USER_DISABLED_BY_PERMANENT_LOCKOUT")
OPERATIONS = ("CREATE", "UPDATE", "DELETE")
# What python-keycloak raises, beside its own errors, for an answer that is no JSON or lacks a member.
UNREADABLE = (TypeError, LookupError, ValueError)
_NOT_FOUND = 404
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

logger = logging.getLogger(__name__)

T = TypeVar("T")


class _User(msgspec.Struct, rename="camel"):
    id: str
    username: str
    enabled: bool
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    service_account_client_id: str | None = None


class _Event(msgspec.Struct, rename="camel"):
    id: str
    time: int
    user_id: str | None = None


class _AdminEvent(msgspec.Struct):
    id: str
    time: int
    path: str = msgspec.field(default="", name="resourcePath")


class KeycloakRealm:
    """The realm `messenger`; every method raises `RealmAway` when Keycloak does not answer as it should.

    An id that is no UUID (a federated user's) is nobody's: its tokens are refused too.
    """

    def __init__(self, url: str, client_secret: str) -> None:
        self._admin = KeycloakAdmin(
            server_url=url,
            realm_name=REALM,
            client_id=CLIENT_ID,
            client_secret_key=client_secret,
            timeout=TIMEOUT_S,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._admin.connection.aclose()
        await self._admin.connection.keycloak_openid.connection.aclose()

    async def changes(self, log: Log, since: datetime, skip: int) -> Page[Change]:
        """Return a page of a log's entries from that time on, oldest first, after skipping so many."""
        query = {
            "dateFrom": (since - _EPOCH) // timedelta(milliseconds=1),
            "direction": "asc",
            "first": skip,
            "max": PAGE,
        }
        if log is Log.PEOPLE:
            answer = await _ask(self._admin.a_get_events({**query, "type": EVENT_TYPES}))
            entries = [(event.id, event.time, event.user_id or "") for event in _read(answer, list[_Event])]
        else:
            only = {"resourceTypes": "USER", "operationTypes": OPERATIONS}
            answer = await _ask(self._admin.a_get_admin_events({**query, **only}))
            entries = [(event.id, event.time, _user_in(event.path)) for event in _read(answer, list[_AdminEvent])]
        changes = [
            Change(entry, sub, _EPOCH + timedelta(milliseconds=time))
            for entry, time, user_id in entries
            if (sub := _uuid(user_id)) is not None
        ]
        return Page(changes, len(entries), is_last=len(entries) < PAGE)

    async def user(self, sub: UUID) -> RealmUser | None:
        """Return a person as they are now; None when the realm has them no more."""
        try:
            found = await self._admin.a_get_user(str(sub))
        except KeycloakError as error:
            # Also a realm that is not there is a 404, and must not look like everyone's deletion.
            if error.response_code == _NOT_FOUND and b"User not found" in (error.response_body or b""):
                return None
            raise _away(error) from error
        except UNREADABLE as error:
            raise _away(error) from error
        return _user(sub, _read(found, _User))

    async def users(self, skip: int) -> Page[RealmUser]:
        """Return a page of all people by username, after skipping so many."""
        answer = await _ask(self._admin.a_get_users({"first": skip, "max": PAGE, "briefRepresentation": True}))
        users = _read(answer, list[_User])
        people = [_user(sub, user) for user in users if (sub := _uuid(user.id)) is not None]
        return Page([user for user in people if user.is_person], len(users), is_last=len(users) < PAGE)


async def _ask(question: Awaitable[Any]) -> Any:
    try:
        return await question
    except (KeycloakError, *UNREADABLE) as error:
        raise _away(error) from error


def _away(error: Exception) -> RealmAway:
    """Say what is wrong."""
    status = getattr(error, "response_code", None)
    return RealmAway(f"{error} ({status or repr(error.__cause__)})")


def _read(answer: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(answer, kind)
    except msgspec.ValidationError as error:
        raise RealmAway(f"The answer cannot be read: {error}") from error


def _user(sub: UUID, user: _User) -> RealmUser:
    # As the claim `name` of its tokens: the two must not rename the account in turns.
    name = " ".join(part for part in (user.first_name, user.last_name) if part)
    return RealmUser(
        sub,
        user.username,
        name,
        user.email or "",
        enabled=user.enabled,
        is_person=user.service_account_client_id is None,
    )


def _user_in(path: str) -> str:
    """Return the id in `users/<id>` and what may follow it."""
    kind, _, rest = path.partition("/")
    return rest.partition("/")[0] if kind == "users" else ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        logger.warning("the realm names a user that is no UUID", extra={"user": text})
        return None
