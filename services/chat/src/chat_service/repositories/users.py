"""The projection of accounts, from the user service's events."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ARRAY, BigInteger, any_, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_service.domain.model import UserId
from chat_service.repositories.tables import KnownUserRow
from messenger_platform.accounts import Person
from messenger_platform.database import translate_database_errors
from messenger_platform.events import Position
from messenger_platform.inbox import advance

_among = KnownUserRow.id == any_(bindparam("ids", type_=ARRAY(BigInteger)))
_KNOWN = select(KnownUserRow.id).where(_among)
_PEOPLE = select(KnownUserRow.id, KnownUserRow.username, KnownUserRow.name).where(_among).order_by(KnownUserRow.id)
_ID = select(KnownUserRow.id).where(KnownUserRow.sub == bindparam("sub"))
_STORE = text("""
    INSERT INTO known_user (id, sub, username, name) VALUES (:id, :sub, :username, :name)
    ON CONFLICT (id) DO UPDATE SET sub = excluded.sub, username = excluded.username, name = excluded.name
""")
CONSUMER = "chat.users"


class KnownUsers:
    """Accounts as they were announced; every method may raise `Unavailable`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._reader = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def known(self, user_ids: Sequence[UserId]) -> set[UserId]:
        """Return those of the ids that have been announced."""
        with translate_database_errors():
            async with self._engine.connect() as connection:
                return {UserId(found) for found in await connection.scalars(_KNOWN, {"ids": user_ids})}

    async def id_of(self, sub: str) -> int | None:
        """Return the id of the account with this subject, if it has been announced."""
        with translate_database_errors():
            async with self._reader.connect() as connection:
                found: int | None = await connection.scalar(_ID, {"sub": sub})
        return found

    async def people(self, user_ids: Sequence[UserId]) -> list[Person]:
        """Return those of the people who have been announced, in the order of their ids."""
        with translate_database_errors():
            async with self._reader.connect() as connection:
                return [Person(*row) for row in await connection.execute(_PEOPLE, {"ids": user_ids})]

    async def store(self, position: Position, users: Sequence[dict[str, object]]) -> None:
        """Store announced accounts once per position; each has `id`, `sub`, `username` and `name`."""
        with translate_database_errors():
            async with self._engine.begin() as connection:
                if users and await advance(connection, CONSUMER, position):
                    await connection.execute(_STORE, users)
