"""How fast an ended session is dead: from the beginning of what ends it until its socket is closed with 4401.

Every figure includes the call that ends the session. Runs against the test stack (`make test-up`), because it makes
and removes users with the realm's administrator.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable

import httpx
from rich.console import Console
from rich.progress import track
from rich.table import Table

from messenger_platform.tasks import cancel
from messenger_testing.client import LiveClient
from messenger_testing.login import LoginPage, Tokens
from messenger_testing.people import Person, RealmAdmin

console = Console(highlight=False)
PUBLIC_URL = os.environ["PUBLIC_URL"]
Action = Callable[[], Awaitable[object]]
End = Callable[[Person, Tokens], Awaitable[object]]


async def log_in(person: Person) -> tuple[Tokens, LiveClient]:
    """Log in as a native client and connect."""
    async with LoginPage(PUBLIC_URL) as page:
        tokens = await page.log_in(person.username, person.password)
    return tokens, await LiveClient.open(PUBLIC_URL, tokens.access_token)


async def seconds_until_closed(live: LiveClient, action: Action) -> float:
    """Act, and return how long the socket lived on, whatever the action itself waits for."""
    began = time.perf_counter()
    closed = asyncio.ensure_future(live.wait_closed())
    await action()
    assert await closed == 4401
    return live.closed_at - began


async def sixth_logins(admin: RealmAdmin, count: int) -> list[float]:
    """Log in again and again: from the sixth on, each login ends the oldest session."""
    person = await admin.new_person()
    lives = [(await log_in(person))[1] for _ in range(5)]
    found = []
    for _ in track(range(count), "sixth login"):
        began = time.perf_counter()
        closings = [asyncio.ensure_future(live.wait_closed(30)) for live in lives]
        _, live = await log_in(person)
        await asyncio.wait(closings, return_when=asyncio.FIRST_COMPLETED)
        await cancel(*closings)
        found.append(max(item.closed_at for item in lives) - began)
        lives = [item for item in lives if item.close_code is None] + [live]
    for live in lives:
        await live.close()
    await person.remove()
    return found


async def ends(admin: RealmAdmin, name: str, count: int, act: End) -> list[float]:
    """Measure one kind of end, with a new user each time."""
    found = []
    for _ in track(range(count), name):
        person = await admin.new_person()
        tokens, live = await log_in(person)
        found.append(await seconds_until_closed(live, lambda p=person, t=tokens: act(p, t)))  # type: ignore[misc]
        await live.close()
        await person.remove()
    return found


async def main(count: int) -> None:
    """Measure every kind of end and print the table."""
    realm = f"{PUBLIC_URL}/realms/messenger/protocol/openid-connect"
    results: dict[str, list[float]] = {}
    async with (
        httpx.AsyncClient(timeout=10) as http,
        RealmAdmin(os.environ["KEYCLOAK_URL"], os.environ["KEYCLOAK_ADMIN_PASSWORD"]) as admin,
    ):
        form = {"client_id": "messenger-cli"}
        kinds: dict[str, End] = {
            "own logout (native client)": lambda _, tokens: http.post(
                f"{realm}/logout", data={**form, "refresh_token": tokens.refresh_token}
            ),
            "logout by an administrator": lambda person, _: person.log_out_everywhere(),
            "account disabled": lambda person, _: person.set_enabled(enabled=False),
            "account deleted": lambda person, _: person.remove(),
        }
        for name, act in kinds.items():
            results[name] = await ends(admin, name, count, act)
        results["sixth login (the whole login included)"] = await sixth_logins(admin, count)
    table = Table("what ends it", "p50 ms", "worst ms", "n", box=None, header_style="bold")
    for name, seconds in results.items():
        table.add_row(name, f"{statistics.median(seconds) * 1000:.0f}", f"{max(seconds) * 1000:.0f}", str(len(seconds)))
    console.print(table)
    console.print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20)
    asyncio.run(main(parser.parse_args().count))
