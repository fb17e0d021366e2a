"""Accounts in PostgreSQL.

Reads are single statements outside any transaction. Writes are decided by the database: the unique key on `sub` lets
one of many concurrent first calls register, the row lock of the UPDATE lets one of many concurrent renames publish.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Row, Uuid, any_, bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from messenger_platform.database import translate_database_errors
from messenger_platform.events import Event, emit
from user_service.domain.accounts import Account, AccountId, Claims
from user_service.domain.search import MAX_TERMS, TermRange, terms
from user_service.events import ROUTING_KEY, SOURCE, News
from user_service.repositories.tables import AccountRow, AccountTermRow
from user_service.services.ports import Held

_COLUMNS = (
    AccountRow.id,
    AccountRow.sub,
    AccountRow.username,
    AccountRow.name,
    AccountRow.email,
    AccountRow.disabled_at,
    AccountRow.deleted_at,
)
_WITH_SUB = select(*_COLUMNS).where(AccountRow.sub == bindparam("sub"))
_WITH_SUBS = (
    select(*_COLUMNS).where(AccountRow.sub == any_(bindparam("subs", type_=ARRAY(Uuid)))).order_by(AccountRow.id)
)
_UNDELETED_AFTER = (
    select(*_COLUMNS)
    .where(AccountRow.id > bindparam("account_id"), AccountRow.deleted_at.is_(None))
    .order_by(AccountRow.id)
    .limit(bindparam("limit"))
)
_WITH_IDS = (
    select(*_COLUMNS).where(AccountRow.id == any_(bindparam("ids", type_=ARRAY(BigInteger)))).order_by(AccountRow.id)
)

# The innermost query stops after as many rows of the index as `limit` accounts can have, so that a short text costs
# no more than a long one; an account that several of its terms find is then answered once, at its first.
_in_range = (
    select(AccountTermRow.account_id, AccountTermRow.term)
    .where(AccountTermRow.term >= bindparam("low"), AccountTermRow.term < bindparam("high"))
    .order_by(AccountTermRow.term, AccountTermRow.account_id)
    .limit(bindparam("scanned"))
    .subquery("in_range")
)
_found = (
    select(_in_range.c.account_id, func.min(_in_range.c.term).label("term"))
    .group_by(_in_range.c.account_id)
    .order_by(func.min(_in_range.c.term), _in_range.c.account_id)
    .limit(bindparam("limit"))
    .subquery("found")
)
_FILED_UNDER = (
    select(*_COLUMNS).join(_found, _found.c.account_id == AccountRow.id).order_by(_found.c.term, AccountRow.id)
)

_REGISTER = text("""
    INSERT INTO user_profile.account (sub, username, name, email, known_at)
    VALUES (:sub, :username, :name, :email, :known_at)
    ON CONFLICT (sub) DO NOTHING
    RETURNING id, sub, username, name, email, disabled_at, deleted_at
""")
_RENAME = text("""
    UPDATE user_profile.account
    SET username = :username, name = :name, email = :email, known_at = :known_at, updated_at = now()
    WHERE sub = :sub AND known_at <= :known_at AND disabled_at IS NULL AND deleted_at IS NULL
      AND (username, name, email) IS DISTINCT FROM (:username, :name, :email)
    RETURNING id, sub, username, name, email, disabled_at, deleted_at
""")
# A first call and a token's new name wait for the end of the transaction, and then find what it has stored.
_HOLD: Any = select(*_COLUMNS, AccountRow.known_at).where(AccountRow.sub == bindparam("sub")).with_for_update()
_HOLD_AFTER: Any = (
    select(*_COLUMNS)
    .where(AccountRow.id > bindparam("account_id"))
    .order_by(AccountRow.id)
    .limit(bindparam("limit"))
    .with_for_update(read=True)
)
_STORE = text("""
    UPDATE user_profile.account
    SET username = :username, name = :name, email = :email, disabled_at = :disabled_at, deleted_at = :deleted_at,
        known_at = :known_at, updated_at = now()
    WHERE id = :id
""")
_FILE = text("""
    WITH outdated AS (
        DELETE FROM user_profile.account_term WHERE account_id = :id AND term <> ALL (CAST(:terms AS text[]))
    )
    INSERT INTO user_profile.account_term (account_id, term)
    SELECT :id, term FROM unnest(CAST(:terms AS text[])) AS term
    ON CONFLICT DO NOTHING
""")


class SQLAccounts:
    """The accounts of the schema `user_profile`; every method may raise `Unavailable`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        # A single SELECT needs no BEGIN and no ROLLBACK around it.
        self._reader = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def with_sub(self, sub: UUID) -> Account | None:
        """Return the account of a subject."""
        found = await self._read(_WITH_SUB, {"sub": sub})
        return found[0] if found else None

    async def with_subs(self, subs: Sequence[UUID]) -> list[Account]:
        """Return those of the subjects' accounts that exist, by ascending id."""
        return await self._read(_WITH_SUBS, {"subs": list(subs)})

    async def undeleted_after(self, account_id: AccountId, limit: int) -> list[Account]:
        """Return up to `limit` accounts with greater ids that are not deleted, by ascending id."""
        return await self._read(_UNDELETED_AFTER, {"account_id": account_id, "limit": limit})

    async def with_ids(self, ids: Sequence[AccountId]) -> list[Account]:
        """Return those of the accounts that exist, by ascending id."""
        return await self._read(_WITH_IDS, {"ids": list(ids)})

    async def filed_under(self, terms: TermRange, limit: int) -> list[Account]:
        """Return up to `limit` accounts, once each, in the order of their first term in the range."""
        scanned = limit * MAX_TERMS
        return await self._read(
            _FILED_UNDER, {"low": terms.low, "high": terms.high, "limit": limit, "scanned": scanned}
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SQLAccountsTransaction]:
        """Open a transaction that commits on leaving and rolls back on an exception."""
        with translate_database_errors():
            async with self._engine.begin() as connection:
                yield SQLAccountsTransaction(connection)

    async def _read(self, statement: Any, parameters: dict[str, Any]) -> list[Account]:
        with translate_database_errors():
            async with self._reader.connect() as connection:
                rows = await connection.execute(statement, parameters)
                return [_account(row) for row in rows]


class SQLAccountsTransaction:
    """Changes to accounts with their events, inside one open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def register(self, claims: Claims) -> Account | None:
        """Create the account; None when the subject has one, also one that another transaction made meanwhile."""
        return await self._write(_REGISTER, claims)

    async def rename(self, claims: Claims) -> Account | None:
        """Store what the token says; None when it says nothing new, is older than what is stored, or nobody calls."""
        return await self._write(_RENAME, claims)

    async def hold(self, sub: UUID) -> Held | None:
        """Lock the account of a subject."""
        row = (await self._connection.execute(_HOLD, {"sub": sub})).one_or_none()
        return None if row is None else Held(_account(row), row.known_at)

    async def hold_after(self, account_id: AccountId, limit: int) -> list[Account]:
        """Return up to `limit` accounts with greater ids, by ascending id, that nobody changes until the end."""
        rows = await self._connection.execute(_HOLD_AFTER, {"account_id": account_id, "limit": limit})
        return [_account(row) for row in rows]

    async def store(self, account: Account, known_at: datetime) -> None:
        """Write a held account; a deleted one is found by no search from then on."""
        await self._connection.execute(
            _STORE,
            {
                "id": account.id,
                "username": account.username,
                "name": account.name,
                "email": account.email,
                "disabled_at": account.disabled_at,
                "deleted_at": account.deleted_at,
                "known_at": known_at,
            },
        )
        await self._file(account)

    async def publish(self, *events: News) -> None:
        """Tell the world when, and only when, the transaction commits."""
        await emit(self._connection, [(ROUTING_KEY, envelope(event)) for event in events])

    async def _write(self, statement: Any, claims: Claims) -> Account | None:
        rows = await self._connection.execute(
            statement,
            {
                "sub": claims.sub,
                "username": claims.username,
                "name": claims.name,
                "email": claims.email,
                "known_at": claims.as_of,
            },
        )
        row = rows.one_or_none()
        if row is None:
            return None
        account = _account(row)
        await self._file(account)
        return account

    async def _file(self, account: Account) -> None:
        filed_under = [] if account.deleted_at is not None else terms(account.username, account.name)
        await self._connection.execute(_FILE, {"id": account.id, "terms": filed_under})


def envelope(event: News) -> Event:
    """Put an event of this context into its CloudEvent."""
    return Event(type=type(event).__name__, source=SOURCE, subject=f"users/{event.id}", data=event)


def _account(row: Row[Any]) -> Account:
    return Account(
        id=AccountId(row.id),
        sub=row.sub,
        username=row.username,
        name=row.name,
        email=row.email,
        disabled_at=row.disabled_at,
        deleted_at=row.deleted_at,
    )
