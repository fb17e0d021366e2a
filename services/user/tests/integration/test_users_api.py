from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from user_service.main import create_app
from user_service.settings import UserSettings

pytestmark = pytest.mark.integration

# Every route with a call that succeeds; a route that is missing here fails the tests below.
CALLS: dict[tuple[str, str], str] = {
    ("GET", "/api/users/me"): "/api/users/me",
    ("GET", "/api/users"): "/api/users?query=ali",
    ("GET", "/api/users/{user_id}"): "/api/users/{alice}",
}


async def id_of(client: httpx.AsyncClient) -> int:
    response = await client.get("/api/users/me")
    assert response.status_code == 200
    answer: int = response.json()["id"]
    return answer


async def test_me_is_there_from_the_first_call_on_and_keeps_its_id(alice: httpx.AsyncClient) -> None:
    first = await alice.get("/api/users/me")
    assert first.status_code == 200
    assert first.json() == {
        "id": first.json()["id"],
        "username": "alice",
        "name": "Alice Example",
        "email": "alice@example.org",
        "roles": [],
    }
    assert isinstance(first.json()["id"], int)
    assert (await alice.get("/api/users/me")).json() == first.json()


async def test_me_tells_the_roles_of_the_token(app: FastAPI, client_of: Callable[..., Any]) -> None:
    async with client_of(app, "ada", realm_access={"roles": ["user", "admin"]}) as ada:
        assert (await ada.get("/api/users/me")).json()["roles"] == ["admin", "user"]


async def test_any_call_creates_the_callers_profile(bob: httpx.AsyncClient, alice: httpx.AsyncClient) -> None:
    assert (await alice.get("/api/users", params={"query": "nobody"})).json() == []
    assert [user["username"] for user in (await bob.get("/api/users", params={"query": "alice"})).json()] == ["alice"]


async def test_the_name_falls_back_to_the_username(app: FastAPI, client_of: Callable[..., Any]) -> None:
    async with client_of(app, "carol", name=None, email=None) as carol:
        me = (await carol.get("/api/users/me")).json()
    assert (me["name"], me["email"]) == ("carol", None)


async def test_fifty_first_calls_at_once_make_one_account_and_one_event(
    alice: httpx.AsyncClient, wal: Callable[[], Any]
) -> None:
    answers = await asyncio.gather(*(alice.get("/api/users/me") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    (event,) = await wal()
    assert (event["type"], event["data"]["username"]) == ("UserRegistered", "alice")


async def test_fifty_calls_with_a_new_name_make_one_event(
    app: FastAPI, alice: httpx.AsyncClient, client_of: Callable[..., Any], wal: Callable[[], Any]
) -> None:
    account_id = await id_of(alice)
    async with client_of(app, "alice", name="Alice Adams") as renamed:
        answers = await asyncio.gather(*(renamed.get("/api/users/me") for _ in range(50)))
    assert {(answer.json()["id"], answer.json()["name"]) for answer in answers} == {(account_id, "Alice Adams")}
    assert [event["type"] for event in await wal()] == ["UserRegistered", "UserChanged"]


async def test_events_are_cloudevents_without_the_email(alice: httpx.AsyncClient, wal: Callable[[], Any]) -> None:
    account_id = await id_of(alice)
    (event,) = await wal()
    assert event.keys() == {"specversion", "id", "source", "type", "time", "subject", "data"}
    assert (event["specversion"], event["subject"]) == ("1.0", f"users/{account_id}")
    assert event["data"].keys() == {"id", "sub", "username", "name"}
    assert event["data"]["id"] == account_id


async def test_a_person_is_found_by_name_without_the_email(alice: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    await id_of(bob)
    for query in ("bo", "BOB", " exam", "bob exa"):
        users = (await alice.get("/api/users", params={"query": query})).json()
        assert {"id": await id_of(bob), "username": "bob", "name": "Bob Example"} in users
    assert (await alice.get("/api/users", params={"query": "bob@example"})).json() == []


async def test_the_limit_of_a_search_holds(app: FastAPI, bob: httpx.AsyncClient, client_of: Callable[..., Any]) -> None:
    for number in range(5):
        async with client_of(app, f"user{number}") as client:
            await id_of(client)
    for limit, expected in ((3, 3), (50, 5)):
        assert len((await bob.get("/api/users", params={"query": "user", "limit": limit})).json()) == expected


async def test_others_are_shown_without_the_email(alice: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    bob_id, alice_id = await id_of(bob), await id_of(alice)
    one = await alice.get(f"/api/users/{bob_id}")
    assert one.json() == {"id": bob_id, "username": "bob", "name": "Bob Example"}
    several = await alice.get("/api/users", params={"ids": f"{alice_id},{bob_id},9007199254740991"})
    assert sorted(user["id"] for user in several.json()) == sorted([alice_id, bob_id])


async def test_a_person_that_does_not_exist_is_a_problem_404(alice: httpx.AsyncClient) -> None:
    answer = await alice.get("/api/users/9007199254740991")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json().keys() >= {"type", "title", "status", "detail"}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "query"),
        ("query=", "query"),
        ("query=%20%20", "query"),
        ("query=" + "x" * 65, "query"),
        ("query=a%00", "query"),
        ("query=a&ids=1", "query"),
        ("query=a&limit=0", "limit"),
        ("query=a&limit=51", "limit"),
        ("query=a&limit=-1", "limit"),
        ("query=a&limit=x", "limit"),
        ("query=a&limit=1000000000000000000000", "limit"),
        ("ids=", "ids"),
        ("ids=1,", "ids"),
        ("ids=1;2", "ids"),
        ("ids=-1", "ids"),
        ("ids=" + ",".join(["1"] * 101), "ids"),
    ],
)
async def test_a_malformed_question_is_422_and_names_the_field(
    alice: httpx.AsyncClient, query: str, field: str
) -> None:
    answer = await alice.get(f"/api/users?{query}")
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("user_id", ["0", "-1", "x", "1.5", "9007199254740992", "9" * 30, "%00"])
async def test_an_id_that_can_be_nobodys_is_422(alice: httpx.AsyncClient, user_id: str) -> None:
    answer = await alice.get(f"/api/users/{user_id}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["user_id"]


@pytest.mark.parametrize("corpus", ["' OR 1=1 --", "%", "_", "\\", "a%' --", "{a}", "*", "::text", "😀"])
async def test_no_text_is_a_pattern_or_a_statement(alice: httpx.AsyncClient, corpus: str) -> None:
    answer = await alice.get("/api/users", params={"query": corpus})
    assert (answer.status_code, answer.json()) == (200, [])


async def test_names_are_kept_as_they_are_written(app: FastAPI, client_of: Callable[..., Any]) -> None:
    name = "<img src=x onerror=alert(1)> Zoë 'Робот' 👩‍🚀"
    async with client_of(app, "zoe", name=name) as zoe:
        assert (await zoe.get("/api/users/me")).json()["name"] == name


def routes(app: FastAPI) -> set[tuple[str, str]]:
    document = app.openapi()
    return {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}


def test_every_route_is_in_the_authorisation_table(app: FastAPI) -> None:
    assert routes(app) == set(CALLS)


# What is wrong with a token that is otherwise alice's.
FORGERIES: dict[str, dict[str, Any]] = {
    "expired": {"exp": 1_000_000_000},
    "other audience": {"aud": "account"},
    "other issuer": {"iss": "http://localhost:8080/realms/master"},
    "unknown client": {"azp": "someone-elses"},
    "id token": {"typ": "ID"},
    "subject is no uuid": {"sub": "alice"},
}
STRANGERS: dict[str, dict[str, str]] = {
    "anonymous": {},
    "basic": {"Authorization": "Basic YWxpY2U6YWxpY2U="},
    "identity headers": {"X-User-Id": "1", "X-Forwarded-User": "alice"},
}


async def status_of(app: FastAPI, route: tuple[str, str], path: str, headers: dict[str, str]) -> int:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://user") as client:
        answer = await client.request(route[0], path, headers=headers)
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code


@pytest.mark.parametrize("route", CALLS)
async def test_every_route_answers_known_callers_and_nobody_else(
    alice: httpx.AsyncClient, app: FastAPI, realm: Any, route: tuple[str, str]
) -> None:
    path = CALLS[route].format(alice=await id_of(alice))
    headers = dict(STRANGERS)
    for name, claims in FORGERIES.items():
        headers[name] = {"Authorization": f"Bearer {realm.token('alice', **claims)}"}
    for name in ("alice", "eve", "admin"):
        headers[name] = {"Authorization": f"Bearer {realm.token(name)}"}
    headers["cookie"] = {"Cookie": f"access_token={realm.token('alice')}"}
    statuses = {name: await status_of(app, route, path, headers[name]) for name in headers}
    assert statuses == dict.fromkeys([*STRANGERS, *FORGERIES], 401) | {
        "alice": 200,
        "eve": 200,
        "admin": 200,
        "cookie": 200,
    }
    in_url = f"{path}{'&' if '?' in path else '?'}access_token={realm.token('alice')}"
    assert await status_of(app, route, in_url, {}) == 401


@pytest.mark.parametrize(("route", "statements"), [(r, 1 if r[1].endswith("me") else 2) for r in CALLS])
async def test_a_known_caller_costs_one_statement_and_the_question_one(
    alice: httpx.AsyncClient,
    app: FastAPI,
    query_budget: Callable[..., Any],
    route: tuple[str, str],
    statements: int,
) -> None:
    path = CALLS[route].format(alice=await id_of(alice))
    with query_budget(app.state.wiring.engine, statements):
        assert (await alice.request(route[0], path)).status_code == 200


async def test_a_session_that_had_ended_before_the_start_is_refused(
    clean: None, settings: UserSettings, outside: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    app = create_app(settings.model_copy(update={"realm_poll_s": 0}))
    end = {"sid": "laptop", "sub": None, "reason": "logout", "ended_at": "2026-01-01T00:00:00Z"}
    with outside(settings) as mock:
        listed = mock.get(f"{settings.gateway_url}/internal/ended-sessions").respond(json={"items": [end]})
        async with app.router.lifespan_context(app), client_of(app, "alice", sid="laptop") as alice:
            async with asyncio.timeout(10):
                while (answer := await alice.get("/api/users/me")).status_code == 200:  # noqa: ASYNC110 - over HTTP there is no event to await.
                    await asyncio.sleep(0.01)
            assert answer.status_code == 401
            assert listed.calls.last.request.headers["authorization"].startswith("Internal ")
            async with client_of(app, "alice", sid="phone") as phone:
                assert (await phone.get("/api/users/me")).status_code == 200


async def test_the_search_limit_answers_429_and_says_when(
    clean: None,
    settings: UserSettings,
    outside: Callable[..., Any],
    client_of: Callable[..., Any],
) -> None:
    app = create_app(settings.model_copy(update={"rate_limits": "on", "realm_poll_s": 0}))
    with outside(settings):
        async with app.router.lifespan_context(app), client_of(app, "alice") as alice, client_of(app, "bob") as bob:
            answers = [await alice.get("/api/users", params={"query": "a"}) for _ in range(40)]
            refused = [answer for answer in answers if answer.status_code != 200]
            assert 1 <= len(refused) <= 10
            assert {answer.status_code for answer in refused} == {429}
            assert 1 <= int(refused[-1].headers["retry-after"]) <= 2
            assert (await alice.get("/api/users/me")).status_code == 200
            assert (await bob.get("/api/users", params={"query": "a"})).status_code == 200


async def test_a_database_that_is_away_is_503_and_not_ready(
    settings: UserSettings, outside: Callable[..., Any], client_of: Callable[..., Any], unused_tcp_port: int
) -> None:
    app = create_app(settings.model_copy(update={"postgres_port": unused_tcp_port, "realm_poll_s": 0}))
    with outside(settings):
        async with app.router.lifespan_context(app), client_of(app, "alice") as alice:
            answer = await alice.get("/api/users/me")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert answer.headers["content-type"] == "application/problem+json"
            assert (await alice.get("/healthz")).status_code == 200
            assert (await alice.get("/readyz")).status_code == 503


async def test_a_service_with_its_database_is_ready(alice: httpx.AsyncClient) -> None:
    assert (await alice.get("/readyz")).json() == {"status": "ready", "parts": {"database": True}}


async def test_accounts_are_announced_again_only_to_parts_of_the_system(
    app: FastAPI,
    client_of: Callable[..., Any],
    alice: httpx.AsyncClient,
    wal: Callable[[], Any],
    settings: UserSettings,
) -> None:
    await alice.get("/api/users/me")
    known = len(await wal())
    assert (await alice.post("/internal/announcements")).status_code == 403
    async with client_of(app) as nobody:
        assert (await nobody.post("/internal/announcements")).status_code == 403
        ours = {"Authorization": f"Internal {settings.internal_secret.get_secret_value()}"}
        answer = await nobody.post("/internal/announcements", params={"after": 0}, headers=ours)
    assert answer.json() == {"accounts": 1, "next_after": None}
    (announced,) = (await wal())[known:]
    assert (announced["type"], announced["data"]["username"]) == ("UserChanged", "alice")
