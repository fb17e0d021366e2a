"""Replacing the replication slot of the relay: the part of a resync that happens in PostgreSQL.

Guarantees
    The new slot counts from a moment before anything is announced, and no relay sees it before everything is. Until
    `promote` it is a temporary slot of this session: an interrupted run leaves nothing behind, and the relays refuse to
    start, or go on with the old slot, as before.
Who owns what
    One resync at a time, by an advisory lock of the session. The relays take the newest slot, so that the old ones can
    be dropped once the new one has its name.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from messenger_platform.relay import PUBLICATION, SLOT_NAME

CONNECT_TIMEOUT_S = 5.0
STATEMENT_TIMEOUT_S = 60.0
POLL_S = 0.1
RETIREMENT_S = 30.0

_LOCK = "SELECT pg_try_advisory_lock(hashtext('resync'))"
_PROVISIONED = "SELECT EXISTS (SELECT FROM pg_publication WHERE pubname = $1)"
_SLOTS = "SELECT slot_name, wal_status, active_pid, database = current_database() AS ours FROM pg_replication_slots"
_NOW = "SELECT extract(epoch FROM clock_timestamp())::bigint"
_RESERVE = "SELECT pg_create_logical_replication_slot($1, 'pgoutput', true)"
_PROMOTE = "SELECT pg_copy_logical_replication_slot($1, $2, false)"
_DROP = "SELECT pg_drop_replication_slot($1)"
_TERMINATE = "SELECT pg_terminate_backend($1)"
_END_OF_LOG = "SELECT pg_current_wal_insert_lsn()::text"
_HAS_READ = "SELECT confirmed_flush_lsn >= $2::text::pg_lsn FROM pg_replication_slots WHERE slot_name = $1"


class ResyncFailed(Exception):  # noqa: N818 - errors are named as facts.
    """The resync could not be done; says what to do. What was before is untouched unless it says otherwise."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot of the relay; `status` as in pg_replication_slots: reserved, extended, unreserved, lost."""

    name: str
    status: str
    incarnation: int


class Slots:
    """The relay's slots, in one session of the role that may replicate."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self._connection = connection

    async def ours(self) -> list[Slot]:
        """Return the relay's slots of this database, the newest last."""
        found = [
            Slot(row["slot_name"], row["wal_status"] or "lost", int(match[1]))
            for row in await self._connection.fetch(_SLOTS)
            if row["ours"] and (match := SLOT_NAME.fullmatch(row["slot_name"]))
        ]
        return sorted(found, key=lambda slot: slot.incarnation)

    async def reserve(self, newer_than: int = 0) -> int:
        """Keep the log from now on, until the session ends; returns the incarnation that the new slot will have.

        It is the time in seconds, or more: greater than `newer_than` and any slot's of the cluster, so that it is
        greater than those that are gone.
        """
        names = [row["slot_name"] for row in await self._connection.fetch(_SLOTS)]
        taken = [int(match[1]) for name in names if (match := SLOT_NAME.fullmatch(name))]
        incarnation = max(int(await self._connection.fetchval(_NOW)), newer_than + 1, *(number + 1 for number in taken))
        try:
            await self._connection.execute(_RESERVE, _reserved(incarnation))
        except asyncpg.ConfigurationLimitExceededError as error:
            raise ResyncFailed(
                "PostgreSQL has no replication slot left (max_replication_slots): drop one that nobody reads "
                "(SELECT * FROM pg_replication_slots), or raise the limit, and run resync again."
            ) from error
        except TimeoutError as error:
            raise ResyncFailed(
                f"A transaction has been open for more than {STATEMENT_TIMEOUT_S:.0f} s, and a slot waits for that: "
                "find it in pg_stat_activity (xact_start), end it, and run resync again."
            ) from error
        return incarnation

    async def promote(self, incarnation: int) -> str:
        """Give the kept log to the relays under the name that is returned."""
        name = f"relay_{incarnation}"
        await self._connection.execute(_PROMOTE, _reserved(incarnation), name)
        return name

    async def retire(self, keep: int) -> list[str]:
        """Drop the slots older than `keep`, ending the relay that streams one; returns their names."""
        dropped = []
        for slot in await self.ours():
            if slot.incarnation < keep:
                await self._drop(slot.name)
                dropped.append(slot.name)
        return dropped

    async def _drop(self, name: str) -> None:
        async with asyncio.timeout(RETIREMENT_S):
            while True:
                pids = {row["slot_name"]: row["active_pid"] for row in await self._connection.fetch(_SLOTS)}
                if name not in pids:
                    return
                if pids[name] is None:
                    try:
                        await self._connection.execute(_DROP, name)
                    except asyncpg.ObjectInUseError:
                        continue
                    return
                await self._connection.execute(_TERMINATE, pids[name])
                await asyncio.sleep(POLL_S)

    async def wait_until_read(self, name: str, patience_s: float) -> bool:
        """Wait until everything that is in the log by now has been published; False when it takes too long."""
        end = await self._connection.fetchval(_END_OF_LOG)
        try:
            async with asyncio.timeout(patience_s):
                while not await self._connection.fetchval(_HAS_READ, name, end):  # noqa: ASYNC110 - PostgreSQL changes.
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            return False
        return True


def _reserved(incarnation: int) -> str:
    return f"resync_{incarnation}"


@asynccontextmanager
async def slots(dsn: str) -> AsyncIterator[Slots]:
    """Open the session that replaces the slot; raises `ResyncFailed` when there is nothing to stand on."""
    try:
        connection = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S, command_timeout=STATEMENT_TIMEOUT_S)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise ResyncFailed(f"PostgreSQL does not answer ({error}): start it and run resync again.") from error
    try:
        if not await connection.fetchval(_PROVISIONED, PUBLICATION):
            raise ResyncFailed(
                f"The publication {PUBLICATION} is not there: this database has not been provisioned. Run `make up` "
                "(infra/postgres/roles.sql), then resync."
            )
        if not await connection.fetchval(_LOCK):
            raise ResyncFailed("Another resync is running: let it end, then run this one if it is still needed.")
        yield Slots(connection)
    finally:
        await connection.close()
