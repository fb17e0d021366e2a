"""Following the realm on a real database: one process at a time, events in the log, races with first calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from messenger_platform.database import create_engine
from messenger_platform.errors import Unavailable
from user_service.domain.realm import Log, RealmUser
from user_service.main import create_app
from user_service.repositories.accounts import SQLAccounts
from user_service.repositories.lead import SQLLead
from user_service.services.follow_realm import FollowRealm
from user_service.services.mirror_user import MirrorUser
from user_service.settings import UserSettings

pytestmark = pytest.mark.integration

Person = Callable[..., RealmUser]
WITHIN_S = 10


@pytest.fixture
async def other(clean: None, settings: UserSettings) -> AsyncIterator[AsyncEngine]:
    """Connect as a second process would."""
    engine = create_engine(settings.runtime_url, application_name="user tests, second process")
    yield engine
    await engine.dispose()


def now() -> datetime:
    """Return the time in the realm's precision."""
    return datetime.now(UTC).replace(microsecond=0)


async def sessions_with_the_lock(owner: AsyncEngine) -> list[int]:
    async with owner.connect() as connection:
        rows = await connection.scalars(
            text(
                "SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = database "
                "WHERE locktype = 'advisory' AND datname = current_database() AND granted"
            )
        )
        return list(rows)


async def until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not await holds():  # noqa: ASYNC110 - PostgreSQL has no event for it.
            await asyncio.sleep(0.01)


async def test_one_process_follows_and_another_when_it_has_left(runtime: AsyncEngine, other: AsyncEngine) -> None:
    async with SQLLead(runtime).taken() as first:
        assert first is not None
        async with SQLLead(other).taken() as second:
            assert second is None
    async with SQLLead(other).taken() as second:
        assert second is not None


async def test_the_lead_is_not_kept_by_the_pool(runtime: AsyncEngine, owner: AsyncEngine) -> None:
    async with SQLLead(runtime).taken():
        assert len(await sessions_with_the_lock(owner)) == 1

    async def free() -> bool:
        return await sessions_with_the_lock(owner) == []

    await until(free)


async def test_positions_outlive_the_process(runtime: AsyncEngine, other: AsyncEngine) -> None:
    async with SQLLead(runtime).taken() as positions:
        assert positions is not None
        assert await positions.read() == {}
        await positions.advance(Log.PEOPLE, now() - timedelta(seconds=5))
        await positions.advance(Log.PEOPLE, at := now())
    async with SQLLead(other).taken() as positions:
        assert positions is not None
        assert await positions.read() == {Log.PEOPLE: at}


async def test_a_process_that_lost_its_session_moves_no_position(
    runtime: AsyncEngine, other: AsyncEngine, owner: AsyncEngine
) -> None:
    async def lose() -> None:
        async with SQLLead(runtime).taken() as positions:
            assert positions is not None
            # As PostgreSQL's superuser would, but with the rights of the session's own role.
            (pid,) = await sessions_with_the_lock(owner)
            async with other.connect() as connection:
                await connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            await positions.advance(Log.PEOPLE, now())

    with pytest.raises(Unavailable):
        await lose()
    async with SQLLead(other).taken() as positions:
        assert positions is not None
        assert await positions.read() == {}


async def test_a_second_process_takes_over_and_nothing_is_told_twice(
    runtime: AsyncEngine, other: AsyncEngine, fake_realm: Any, person: Person, wal: Callable[[], Any]
) -> None:
    def follower(engine: AsyncEngine) -> asyncio.Task[None]:
        accounts = SQLAccounts(engine)
        task = FollowRealm(fake_realm, accounts, MirrorUser(accounts), SQLLead(engine), poll_s=0.02)
        return asyncio.create_task(task.run())

    async def known(name: str) -> bool:
        account = await SQLAccounts(runtime).with_sub(person().sub)
        return account is not None and account.name == name

    fake_realm.put(person(), now())
    first, second = follower(runtime), follower(other)
    try:
        await until(lambda: known("Alice Adams"))
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        fake_realm.put(person(name="Alice Brown"), datetime.now(UTC))
        await until(lambda: known("Alice Brown"))
    finally:
        for task in (first, second):
            task.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
    assert [(event["type"], event["data"]["name"]) for event in await wal()] == [
        ("UserRegistered", "Alice Adams"),
        ("UserChanged", "Alice Brown"),
    ]


async def test_what_becomes_of_an_account_is_in_the_log_in_order(
    runtime: AsyncEngine, person: Person, wal: Callable[[], Any]
) -> None:
    mirror, sub, start = MirrorUser(SQLAccounts(runtime)), person().sub, now()
    said = [person(), person(enabled=False), person(), None]
    for second, user in enumerate(said):
        await mirror(sub, user, start + timedelta(seconds=second))
    events = await wal()
    assert [event["type"] for event in events] == [
        "UserRegistered",
        "UserDisabled",
        "UserEnabled",
        "UserChanged",
        "UserDeleted",
    ]
    account_id = events[0]["data"]["id"]
    assert {event["subject"] for event in events} == {f"users/{account_id}"}
    assert events[-1]["data"] == {"id": account_id, "sub": str(sub)}
    assert events[-2]["data"]["username"] == f"deleted-{account_id}"


async def test_first_calls_and_the_follower_at_once_make_one_account(
    alice: httpx.AsyncClient, runtime: AsyncEngine, realm: Any, wal: Callable[[], Any]
) -> None:
    mirror = MirrorUser(SQLAccounts(runtime))
    sub = UUID(realm.sub("alice"))
    user = RealmUser(sub, "alice", "Alice Example", "alice@example.org", enabled=True)
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(alice.get("/api/users/me")) for _ in range(20)]
        for _ in range(10):
            group.create_task(mirror(sub, user, datetime.now(UTC)))
    assert len({call.result().json()["id"] for call in calls}) == 1
    assert [event["type"] for event in await wal()] == ["UserRegistered"]


async def test_a_token_of_a_deleted_or_disabled_owner_is_401_on_every_route(
    alice: httpx.AsyncClient, bob: httpx.AsyncClient, realm: Any, runtime: AsyncEngine
) -> None:
    me = (await alice.get("/api/users/me")).json()
    assert (await bob.get("/api/users/me")).status_code == 200
    mirror, sub = MirrorUser(SQLAccounts(runtime)), UUID(realm.sub("alice"))
    later = datetime.now(UTC) + timedelta(seconds=1)
    disabled = RealmUser(sub, me["username"], me["name"], me["email"], enabled=False)
    for user in (disabled, None):
        await mirror(sub, user, later)
        for path in ("/api/users/me", "/api/users?query=ali", f"/api/users/{me['id']}"):
            answer = await alice.get(path)
            assert answer.status_code == 401
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["www-authenticate"].startswith("Bearer")
    # To others the account is still there, under another name, and not to be found.
    shown = {"id": me["id"], "username": f"deleted-{me['id']}", "name": "Deleted account"}
    assert (await bob.get(f"/api/users/{me['id']}")).json() == shown
    assert (await bob.get("/api/users", params={"ids": str(me["id"])})).json() == [shown]
    for query in ("alice", "deleted"):
        assert (await bob.get("/api/users", params={"query": query})).json() == []


async def test_while_keycloak_is_away_the_service_is_ready_and_answers(
    clean: None, settings: UserSettings, outside: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    here = settings.model_copy(update={"keycloak_url": "http://keycloak.test", "realm_poll_s": 0.01})
    app = create_app(here)
    with outside(here) as mock:
        asked = mock.route(url__startswith="http://keycloak.test/").mock(side_effect=httpx.ConnectError("away"))
        async with app.router.lifespan_context(app), client_of(app, "alice") as alice:

            async def twice() -> bool:
                return asked.call_count >= 2

            await until(twice)
            assert (await alice.get("/api/users/me")).status_code == 200
            assert (await alice.get("/readyz")).status_code == 200
