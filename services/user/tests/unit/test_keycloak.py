from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import respx

from user_service.domain.realm import Change, Log, RealmAway, RealmUser
from user_service.repositories.keycloak import EVENT_TYPES, PAGE, KeycloakRealm

URL = "http://keycloak.test"
TOKENS = f"{URL}/realms/messenger/protocol/openid-connect/token"
ADMIN = f"{URL}/admin/realms/messenger"
SUB = UUID("3e8ccf64-e07f-4756-a5a0-987e2ae88f75")
NOON = datetime(2030, 1, 1, 12, 0, 0, 123_000, tzinfo=UTC)
NOON_MS = 1_893_499_200_123
ALICE = {
    "id": str(SUB),
    "username": "alice",
    "firstName": "Alice",
    "lastName": "Liddell",
    "email": "alice@example.com",
    "emailVerified": True,
    "enabled": True,
    "access": {"manage": False},
}


@pytest.fixture
def keycloak() -> Iterator[respx.Router]:
    with respx.mock(assert_all_called=False) as router:
        router.post(TOKENS, name="tokens").mock(side_effect=numbered_tokens())
        yield router


def numbered_tokens() -> Callable[[httpx.Request], httpx.Response]:
    given = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal given
        assert b"grant_type=client_credentials" in request.content
        given += 1
        return httpx.Response(200, json={"access_token": f"token-{given}", "expires_in": 300, "token_type": "Bearer"})

    return answer


@pytest.fixture
async def realm(keycloak: respx.Router) -> AsyncIterator[KeycloakRealm]:
    opened = KeycloakRealm(URL, "secret")
    yield opened
    await opened.aclose()


def for_token(good: str, body: Any) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers.get("authorization") != f"Bearer {good}":
            return httpx.Response(401, json={"error": "HTTP 401 Unauthorized"})
        return httpx.Response(200, json=body)

    return answer


async def test_a_person_is_named_as_their_tokens_name_them(keycloak: respx.Router, realm: KeycloakRealm) -> None:
    route = keycloak.get(f"{ADMIN}/users/{SUB}")
    for names, name in [
        ({}, "Alice Liddell"),
        ({"lastName": ""}, "Alice"),
        ({"firstName": None}, "Liddell"),
        ({"firstName": None, "lastName": None, "email": None}, ""),
    ]:
        route.mock(side_effect=for_token("token-1", ALICE | names))
        email = "" if "email" in names else "alice@example.com"
        assert await realm.user(SUB) == RealmUser(SUB, "alice", name, email, enabled=True)


async def test_an_expired_or_refused_token_is_replaced(keycloak: respx.Router, realm: KeycloakRealm) -> None:
    """Keycloak restarted, its keys were rotated, or the secret was: 401 leads to a new token and a second try."""
    route = keycloak.get(f"{ADMIN}/users/{SUB}").mock(side_effect=for_token("token-1", ALICE))
    assert await realm.user(SUB) is not None
    assert keycloak["tokens"].call_count == 1
    route.mock(side_effect=for_token("token-2", ALICE))
    assert await realm.user(SUB) is not None
    assert keycloak["tokens"].call_count == 2


async def test_a_person_who_is_gone_is_none_but_a_realm_that_is_gone_is_away(
    keycloak: respx.Router, realm: KeycloakRealm
) -> None:
    route = keycloak.get(f"{ADMIN}/users/{SUB}").respond(404, json={"error": "User not found"})
    assert await realm.user(SUB) is None
    for body in ({"error": "Realm not found."}, {"error": "Unable to find matching target resource method"}):
        route.respond(404, json=body)
        with pytest.raises(RealmAway):
            await realm.user(SUB)
    route.respond(404, text="<html>some proxy</html>")
    with pytest.raises(RealmAway):
        await realm.user(SUB)


async def test_what_people_do_is_read_from_the_events(keycloak: respx.Router, realm: KeycloakRealm) -> None:
    events = [
        {"id": "e1", "time": NOON_MS, "type": "REGISTER", "userId": str(SUB), "details": {"username": "alice"}},
        {"id": "e2", "time": NOON_MS + 1, "type": "UPDATE_PROFILE", "userId": "f:ldap:alice"},
        {"id": "e3", "time": NOON_MS + 2, "type": "REGISTER", "error": "email_in_use"},
    ]
    route = keycloak.get(f"{ADMIN}/events").mock(side_effect=for_token("token-1", events))
    page = await realm.changes(Log.PEOPLE, NOON, 200)
    assert page.items == [Change("e1", SUB, NOON)]
    assert (page.read, page.is_last) == (3, True)
    params = route.calls.last.request.url.params
    assert (params["dateFrom"], params["direction"], params["first"], params["max"]) == (
        str(NOON_MS),
        "asc",
        "200",
        str(PAGE),
    )
    assert tuple(params.get_list("type")) == EVENT_TYPES


async def test_what_administrators_do_is_read_from_the_admin_events(
    keycloak: respx.Router, realm: KeycloakRealm
) -> None:
    events = [
        {
            "id": "a1",
            "time": NOON_MS,
            "operationType": "DELETE",
            "resourceType": "USER",
            "resourcePath": f"users/{SUB}",
        },
        {"id": "a2", "time": NOON_MS, "operationType": "UPDATE", "resourcePath": f"users/{SUB}/reset-password"},
        {"id": "a3", "time": NOON_MS, "operationType": "CREATE", "resourcePath": f"clients/{SUB}"},
        {"id": "a4", "time": NOON_MS, "operationType": "CREATE"},
    ]
    route = keycloak.get(f"{ADMIN}/admin-events").mock(side_effect=for_token("token-1", events))
    page = await realm.changes(Log.ADMINISTRATORS, NOON, 0)
    assert [change.id for change in page.items] == ["a1", "a2"]
    params = route.calls.last.request.url.params
    assert params["resourceTypes"] == "USER"
    assert params.get_list("operationTypes") == ["CREATE", "UPDATE", "DELETE"]


async def test_a_full_page_is_not_the_last(keycloak: respx.Router, realm: KeycloakRealm) -> None:
    many = [{"id": f"e{n}", "time": NOON_MS, "userId": str(SUB)} for n in range(PAGE)]
    keycloak.get(f"{ADMIN}/events").mock(side_effect=for_token("token-1", many))
    assert not (await realm.changes(Log.PEOPLE, NOON, 0)).is_last
    keycloak.get(f"{ADMIN}/users").mock(side_effect=for_token("token-1", [ALICE] * PAGE))
    assert not (await realm.users(0)).is_last


async def test_all_people_are_listed_page_by_page(keycloak: respx.Router, realm: KeycloakRealm) -> None:
    listed = [ALICE, ALICE | {"id": "f:ldap:bob"}, ALICE | {"serviceAccountClientId": "user-service"}]
    route = keycloak.get(f"{ADMIN}/users").mock(side_effect=for_token("token-1", listed))
    page = await realm.users(300)
    assert [user.sub for user in page.items] == [SUB]
    assert (page.read, page.is_last) == (3, True)
    assert route.calls.last.request.url.params["first"] == "300"


FAILURES: dict[str, dict[str, Any]] = {
    "refused": {"side_effect": httpx.ConnectError("Connection refused")},
    "slow": {"side_effect": httpx.ReadTimeout("5 s")},
    "starting": {"return_value": httpx.Response(503, text="Service Unavailable")},
    "broken": {"return_value": httpx.Response(500, json={"error": "unknown_error"})},
    "not our right": {"return_value": httpx.Response(403, json={"error": "HTTP 403 Forbidden"})},
    "never a good token": {"return_value": httpx.Response(401, json={"error": "HTTP 401 Unauthorized"})},
    "no JSON": {"return_value": httpx.Response(200, text="<html>maintenance</html>")},
    "another shape": {"return_value": httpx.Response(200, json=[{"id": 7}])},
    "no list": {"return_value": httpx.Response(200, json={"items": "none"})},
}
QUESTIONS: dict[str, Callable[[KeycloakRealm], Awaitable[object]]] = {
    "events": lambda realm: realm.changes(Log.PEOPLE, NOON, 0),
    "admin events": lambda realm: realm.changes(Log.ADMINISTRATORS, NOON, 0),
    "user": lambda realm: realm.user(SUB),
    "users": lambda realm: realm.users(0),
}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("failure", FAILURES)
async def test_whatever_is_wrong_the_realm_is_away(
    keycloak: respx.Router, realm: KeycloakRealm, failure: str, question: str
) -> None:
    keycloak.get(url__startswith=ADMIN).mock(**FAILURES[failure])
    with pytest.raises(RealmAway):
        await QUESTIONS[question](realm)


@pytest.mark.parametrize(
    "answer",
    [
        {"side_effect": httpx.ConnectError("Connection refused")},
        {"return_value": httpx.Response(401, json={"error": "unauthorized_client"})},
        {"return_value": httpx.Response(200, text="<html>")},
        {"return_value": httpx.Response(200, json={"error": "none"})},
    ],
)
async def test_without_a_token_the_realm_is_away(
    keycloak: respx.Router, realm: KeycloakRealm, answer: dict[str, Any]
) -> None:
    keycloak["tokens"].mock(**answer)
    keycloak.get(f"{ADMIN}/users/{SUB}").mock(side_effect=for_token("token-1", ALICE))
    with pytest.raises(RealmAway):
        await realm.user(SUB)


def test_the_realm_stores_the_events_that_are_read() -> None:
    file = Path(__file__).parents[4] / "keycloak" / "realm" / "messenger-realm.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    assert set(EVENT_TYPES) <= set(document["enabledEventTypes"])
    assert document["eventsEnabled"]
    assert document["adminEventsEnabled"]
