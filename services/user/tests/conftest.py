"""What the tests of the user service share: tokens of a throw-away realm, a stand-in for storage, the real storage."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from messenger_platform.database import create_engine
from messenger_testing.postgres import query_budget, schema_owner
from user_service.__main__ import MIGRATIONS
from user_service.domain.accounts import Account, AccountId, Claims
from user_service.domain.realm import Change, Log, Page, RealmAway, RealmUser
from user_service.domain.search import TermRange, terms
from user_service.events import News
from user_service.repositories.accounts import SQLAccounts
from user_service.repositories.tables import SCHEMA, metadata
from user_service.services.ports import Accounts, Held
from user_service.settings import MigrationSettings, UserSettings

__all__ = ["query_budget"]

_TRUNCATE = text(f"TRUNCATE {SCHEMA}.account, {SCHEMA}.realm_position CASCADE")


class Realm:
    """A realm with one RSA key: issues access tokens as Keycloak would, and whatever a test wants to be refused."""

    def __init__(self, settings: UserSettings, key: RSAKey) -> None:
        self._settings = settings
        self._key = key
        # Subjects of one test are nobody else's: other contexts remember for ever what they were told of a subject.
        self._namespace = uuid.uuid4()

    @property
    def jwks(self) -> dict[str, Any]:
        return {"keys": [self._key.as_dict(private=False)]}

    def sub(self, username: str) -> str:
        return str(uuid.uuid5(self._namespace, username))

    def token(self, username: str = "alice", **claims: Any) -> str:
        """Sign a token; a claim given as None is left out."""
        now = int(time.time())
        payload = {
            "iss": self._settings.oidc_issuer,
            "aud": [self._settings.oidc_audience, "account"],
            "azp": "messenger-cli",
            "typ": "Bearer",
            "sub": self.sub(username),
            "sid": uuid.uuid4().hex,
            "iat": now,
            "exp": now + 300,
            "preferred_username": username,
            "name": f"{username.capitalize()} Example",
            "email": f"{username}@example.org",
        } | claims
        present = {name: value for name, value in payload.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": "throw-away", "typ": "JWT"}, present, self._key)


class FakeAccounts:
    """Accounts in memory; passes the same conformance suite as the SQL adapter."""

    def __init__(self) -> None:
        self.rows: dict[uuid.UUID, tuple[Account, datetime]] = {}
        self.published: list[News] = []

    async def with_sub(self, sub: uuid.UUID) -> Account | None:
        return self.rows[sub][0] if sub in self.rows else None

    async def with_subs(self, subs: Sequence[uuid.UUID]) -> list[Account]:
        found = [account for account, _ in self.rows.values() if account.sub in subs]
        return sorted(found, key=lambda account: account.id)

    async def undeleted_after(self, account_id: AccountId, limit: int) -> list[Account]:
        found = [account for account, _ in self.rows.values() if account.id > account_id and not account.deleted_at]
        return sorted(found, key=lambda account: account.id)[:limit]

    async def with_ids(self, ids: Sequence[AccountId]) -> list[Account]:
        found = [account for account, _ in self.rows.values() if account.id in ids]
        return sorted(found, key=lambda account: account.id)

    async def filed_under(self, terms_asked: TermRange, limit: int) -> list[Account]:
        hits: list[tuple[str, int, Account]] = []
        for account in await self.undeleted_after(AccountId(0), len(self.rows)):
            filed = [t for t in terms(account.username, account.name) if terms_asked.low <= t < terms_asked.high]
            hits += [(min(filed), account.id, account)] if filed else []
        return [account for _, _, account in sorted(hits, key=lambda hit: hit[:2])][:limit]

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[FakeTransaction]:
        before = dict(self.rows), list(self.published)
        try:
            yield FakeTransaction(self)
        except BaseException:
            self.rows, self.published = before
            raise


class FakeTransaction:
    def __init__(self, accounts: FakeAccounts) -> None:
        self._accounts = accounts

    async def register(self, claims: Claims) -> Account | None:
        if claims.sub in self._accounts.rows:
            return None
        account = Account(
            AccountId(len(self._accounts.rows) + 1), claims.sub, claims.username, claims.name, claims.email
        )
        self._accounts.rows[claims.sub] = account, claims.as_of
        return account

    async def rename(self, claims: Claims) -> Account | None:
        account, until = self._accounts.rows[claims.sub]
        if account.agrees_with(claims) or until > claims.as_of or not account.is_open:
            return None
        account = replace(account, username=claims.username, name=claims.name, email=claims.email)
        self._accounts.rows[claims.sub] = account, claims.as_of
        return account

    async def hold(self, sub: uuid.UUID) -> Held | None:
        return Held(*self._accounts.rows[sub]) if sub in self._accounts.rows else None

    async def hold_after(self, account_id: AccountId, limit: int) -> list[Account]:
        found = [account for account, _ in self._accounts.rows.values() if account.id > account_id]
        return sorted(found, key=lambda account: account.id)[:limit]

    async def store(self, account: Account, known_at: datetime) -> None:
        self._accounts.rows[account.sub] = account, known_at

    async def publish(self, *events: News) -> None:
        self._accounts.published += events


class FakeRealm:
    """A realm in memory with its two logs; a step that is not `answering` is away."""

    PAGE = 3

    def __init__(self) -> None:
        self.people: dict[uuid.UUID, RealmUser] = {}
        self.logs: dict[Log, list[Change]] = {log: [] for log in Log}
        self.answering = True
        self.asked: list[uuid.UUID] = []
        self.listed = 0
        self.on_user: Callable[[uuid.UUID], None] = lambda _: None

    def put(self, user: RealmUser, at: datetime, log: Log = Log.ADMINISTRATORS, entry: str = "") -> None:
        """Make or change a person, with an entry in a log."""
        self.people[user.sub] = user
        self.note(user.sub, at, log, entry)

    def remove(self, sub: uuid.UUID, at: datetime, log: Log = Log.ADMINISTRATORS) -> None:
        """Delete a person, with an entry in a log."""
        del self.people[sub]
        self.note(sub, at, log)

    def note(self, sub: uuid.UUID, at: datetime, log: Log, entry: str = "") -> None:
        """Write an entry; a log is read in the order of times, whenever its entries were written."""
        self.logs[log].append(Change(entry or uuid.uuid4().hex, sub, at))
        self.logs[log].sort(key=lambda change: change.at)

    async def changes(self, log: Log, since: datetime, skip: int) -> Page[Change]:
        self._answer()
        page = [change for change in self.logs[log] if change.at >= since][skip : skip + self.PAGE]
        return Page(page, len(page), is_last=len(page) < self.PAGE)

    async def user(self, sub: uuid.UUID) -> RealmUser | None:
        self._answer()
        self.asked.append(sub)
        self.on_user(sub)
        return self.people.get(sub)

    async def users(self, skip: int) -> Page[RealmUser]:
        self._answer()
        self.listed += 1
        people = [user for user in self.people.values() if user.is_person]
        page = sorted(people, key=lambda user: user.username)[skip : skip + self.PAGE]
        return Page(page, len(page), is_last=len(page) < self.PAGE)

    def _answer(self) -> None:
        if not self.answering:
            raise RealmAway("Connection refused.")


@pytest.fixture
def fake_realm() -> FakeRealm:
    return FakeRealm()


@pytest.fixture
def person() -> Callable[..., RealmUser]:
    """Make a person as the realm tells of them; the same username is the same subject."""
    namespace = uuid.uuid4()

    def make(username: str = "alice", name: str = "Alice Adams", **more: Any) -> RealmUser:
        fields = {"email": f"{username}@example.org", "enabled": True} | more
        return RealmUser(uuid.uuid5(namespace, username), username, name, **fields)

    return make


@pytest.fixture(scope="session")
def settings() -> UserSettings:
    """Read the test stack's settings from the environment."""
    return UserSettings()


@pytest.fixture(scope="session")
def signing_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "throw-away", "use": "sig", "alg": "RS256"})


@pytest.fixture
def realm(settings: UserSettings, signing_key: RSAKey) -> Realm:
    return Realm(settings, signing_key)


@pytest.fixture
def claims() -> Callable[..., Claims]:
    """Make what a token says; `age` in seconds makes it an older token, `old/new` a person who is now called `new`."""
    namespace = uuid.uuid4()

    def make(username: str = "alice", name: str = "", email: str = "", age: float = 0) -> Claims:
        return Claims.cleaned(
            sub=uuid.uuid5(namespace, username.split("/", maxsplit=1)[0]),
            username=username.rsplit("/", maxsplit=1)[-1],
            name=name,
            email=email,
            as_of=datetime(2030, 1, 1, tzinfo=UTC) - timedelta(seconds=age),
        )

    return make


@pytest.fixture(scope="session")
async def owner() -> AsyncIterator[AsyncEngine]:
    """Build the schema with Alembic and connect as the role that owns it."""
    async with schema_owner(MIGRATIONS, MigrationSettings().owner_url, SCHEMA) as engine:
        yield engine


@pytest.fixture(scope="module")
async def accounts_kept(owner: AsyncEngine) -> AsyncIterator[None]:
    """Put the accounts of the test stack back after a module: other tests and services remember their ids."""
    async with owner.connect() as connection:
        kept = [(table, (await connection.execute(select(table))).mappings().all()) for table in metadata.sorted_tables]
        last_id = await connection.scalar(text("SELECT last_value FROM user_profile.account_id_seq"))
    yield
    async with owner.begin() as connection:
        await connection.execute(_TRUNCATE)
        for table, rows in kept:
            names = [column.name for column in table.columns]
            into = f"INSERT INTO {table.fullname} ({', '.join(names)}) OVERRIDING SYSTEM VALUE"
            values = f"VALUES ({', '.join(f':{name}' for name in names)})"
            if rows:
                await connection.execute(text(f"{into} {values}"), [dict(row) for row in rows])
        # A test of the migrations has started the ids anew; nobody's id may be given a second time.
        await connection.execute(
            text(
                "SELECT setval('user_profile.account_id_seq', "
                "greatest(nextval('user_profile.account_id_seq'), CAST(:last_id AS bigint)))"
            ),
            {"last_id": last_id},
        )


@pytest.fixture
async def clean(owner: AsyncEngine, accounts_kept: None) -> None:
    """Empty the tables before a test; ids go on, as in life."""
    async with owner.begin() as connection:
        await connection.execute(_TRUNCATE)


@pytest.fixture
async def runtime(clean: None, settings: UserSettings) -> AsyncIterator[AsyncEngine]:
    """Connect as the running service does."""
    engine = create_engine(settings.runtime_url, application_name="user tests")
    yield engine
    await engine.dispose()


@pytest.fixture
def fake_accounts() -> FakeAccounts:
    return FakeAccounts()


@pytest.fixture(params=["memory", pytest.param("PostgreSQL", marks=pytest.mark.integration)])
def accounts(request: pytest.FixtureRequest) -> Accounts:
    if request.param == "memory":
        return FakeAccounts()
    return SQLAccounts(request.getfixturevalue("runtime"))
