"""The command `resync`: a new replication slot, and everyone told again where everything stands.

    1. Keep the log from now on, by a temporary slot that no relay sees.
    2. Announce all accounts and all chats, as they stand in the tables.
    3. Give the kept log to the relays as `relay_<n>`, the newest slot, and drop the older ones.
    4. Wait until a relay has published all of it.

Up to the third step nothing has changed for anybody, so an interrupted run is one that was not begun.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable

import asyncpg
import httpx

from chat_service.clients.user_service import UserService
from chat_service.repositories.announcements import SQLAnnouncements
from chat_service.services.announce_state import AnnounceState, Report
from chat_service.settings import ResyncSettings
from messenger_platform.database import create_engine
from messenger_platform.errors import Unavailable
from messenger_platform.slots import ResyncFailed, Slot, Slots, slots

RELAY_PATIENCE_S = 60.0
AGAIN = "The relays have what they had before; run resync again when this is mended."


async def resync(settings: ResyncSettings, report: Report, *, relay_patience_s: float = RELAY_PATIENCE_S) -> str:
    """Do all of it and return the name of the new slot; raises `ResyncFailed`.

    Safe at any time and to repeat. `report` takes sentences of progress; a relay has `relay_patience_s` seconds to
    publish what was announced.
    """
    started = time.monotonic()
    engine = create_engine(settings.runtime_url, application_name="resync", pool_size=2)
    announcements = SQLAnnouncements(engine)
    try:
        async with httpx.AsyncClient() as http, slots(settings.relay_dsn) as held:
            users = UserService(http, settings.user_url, settings.internal_secret.get_secret_value())
            report(_found(await held.ours()))
            incarnation = await held.reserve(await announcements.last_incarnation())
            announced = await AnnounceState(announcements, users, report)()
            report(f"announced {announced.chats} chats and {announced.accounts} accounts")
            name = await _switch(held, incarnation, report)
            await _published(held, name, relay_patience_s)
    except Unavailable as error:
        raise ResyncFailed(f"{error} {AGAIN}") from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise ResyncFailed(f"PostgreSQL refused or went away ({error}): see its log, and run resync again.") from error
    finally:
        await engine.dispose()
    report(f"done in {time.monotonic() - started:.1f} s: everything announced has been published from slot {name}")
    return name


async def _switch(held: Slots, incarnation: int, report: Report) -> str:
    name = await held.promote(incarnation)
    report(f"made the slot {name}; the relays take it within seconds")
    try:
        dropped = await held.retire(keep=incarnation)
    except TimeoutError as error:
        raise ResyncFailed(
            "The relay that streams the old slot does not let go of it: stop that relay and run resync again."
        ) from error
    if dropped:
        report(f"dropped {', '.join(dropped)}")
    return name


async def _published(held: Slots, name: str, patience_s: float) -> None:
    if not await held.wait_until_read(name, patience_s):
        raise ResyncFailed(
            f"No relay has published from slot {name} within {patience_s:.0f} s. What was announced is kept, and "
            "published as soon as a relay and RabbitMQ run: see to them (`make status`); resync need not be run again."
        )


def _found(ours: list[Slot]) -> str:
    if not ours:
        return "found no slot: events have been lost since it went"
    newest = ours[-1]
    lost = ": its events since then are gone" if newest.status == "lost" else ""
    return f"found the slot {newest.name}, {newest.status}{lost}"


def run_resync(settings: ResyncSettings, write: Callable[[str], object] = sys.stderr.write) -> int:
    """Run the command; returns the exit code. Progress and errors are sentences on standard error."""
    try:
        asyncio.run(resync(settings, lambda sentence: write(f"resync: {sentence}\n")))
    except ResyncFailed as failure:
        write(f"resync: FAILED. {failure}\n")
        return 1
    return 0
