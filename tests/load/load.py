"""`make load`: latency at a steady rate through the gateway, with the result checked against the database's history.

Open loop: every send has its moment, whether or not earlier ones were answered, so a stall shows in the figures.
The five demo accounts talk in their ten private chats; 100 messages a second are 20 for each, the contract's limit.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import statistics
import sys
import time
import uuid
from dataclasses import dataclass, field

import httpx
from rich.console import Console
from rich.table import Table

from messenger_testing.client import Account, Frame, LiveClient
from messenger_testing.login import LoginFailed, log_in

PEOPLE = ("alice", "bob", "carol", "dave", "erin")
WARM_UP_S = 2.0
SETTLE_S = 10.0
console = Console(highlight=False)


@dataclass(slots=True)
class Journal:
    """What was sent, told and received; times in seconds of one clock."""

    sent_at: dict[str, float] = field(default_factory=dict)
    acknowledged_at: dict[str, float] = field(default_factory=dict)
    id_of: dict[str, int] = field(default_factory=dict)
    received_at: dict[tuple[str, int], float] = field(default_factory=dict)
    refused: int = 0
    doubled: int = 0
    reordered: int = 0


class Listener:
    """Writes into the journal what one account receives, at the moment of its arrival."""

    def __init__(self, username: str, journal: Journal) -> None:
        self._username = username
        self._journal = journal
        self._versions: dict[int, int] = {}

    def take(self, frame: Frame) -> None:
        """Take one frame."""
        now = time.perf_counter()
        if frame["type"] == "error":
            self._journal.refused += 1
        if frame["type"] != "message":
            return
        message, version = frame["message"], frame["version"]
        key = (self._username, message["id"])
        if key in self._journal.received_at:
            self._journal.doubled += 1
            return
        self._journal.received_at[key] = now
        last = self._versions.get(message["chat_id"])
        if last is not None and version != last + 1:
            self._journal.reordered += 1
        self._versions[message["chat_id"]] = version
        client_id = message.get("client_id")
        if client_id is not None:
            self._journal.acknowledged_at[client_id] = now
            self._journal.id_of[client_id] = message["id"]


async def send_at_rate(
    lives: dict[str, LiveClient], chats: list[tuple[str, str, int]], rate: float, seconds: float, journal: Journal
) -> dict[str, str]:
    """Send at fixed moments; returns who is to receive each message."""
    receivers: dict[str, str] = {}
    start = time.perf_counter()
    turns = itertools.cycle([*chats, *((other, sender, chat_id) for sender, other, chat_id in chats)])
    for number in range(int(rate * (WARM_UP_S + seconds))):
        moment = start + number / rate
        await asyncio.sleep(max(0.0, moment - time.perf_counter()))
        sender, receiver, chat_id = next(turns)
        client_id = str(uuid.uuid4())
        if moment - start >= WARM_UP_S:
            journal.sent_at[client_id] = moment
            receivers[client_id] = receiver
        text = f"load {number} " + "x" * 80
        await lives[sender].send({"type": "send", "chat_id": chat_id, "client_id": client_id, "text": text})
    return receivers


async def settle(journal: Journal, receivers: dict[str, str]) -> None:
    """Wait until everything has arrived, or for as long as is reasonable."""
    deadline = time.perf_counter() + SETTLE_S
    while len(deliveries_of(journal, receivers)) < len(receivers) and time.perf_counter() < deadline:  # noqa: ASYNC110 - five journals.
        await asyncio.sleep(0.05)


def deliveries_of(journal: Journal, receivers: dict[str, str]) -> list[float]:
    """Return the seconds from send to the other client, of what has arrived."""
    arrivals = (
        (item, journal.received_at.get((other, journal.id_of.get(item, 0)))) for item, other in receivers.items()
    )
    return [at - journal.sent_at[item] for item, at in arrivals if at is not None]


def acknowledgements_of(journal: Journal) -> list[float]:
    """Return the seconds from send to acknowledgement, of what was acknowledged."""
    arrivals = ((journal.acknowledged_at.get(item), sent_at) for item, sent_at in journal.sent_at.items())
    return [at - sent_at for at, sent_at in arrivals if at is not None]


async def stored_ids(accounts: dict[str, Account], chats: list[tuple[str, str, int]], first_id: int) -> set[int]:
    """Read back by REST every message from `first_id` on."""
    found: set[int] = set()
    for sender, _, chat_id in chats:
        after = first_id - 1
        while page := await accounts[sender].history(chat_id, after_id=after, limit=200):
            found |= {message["id"] for message in page}
            after = page[-1]["id"]
    return found


def percentiles(latencies: list[float]) -> tuple[float, float, float]:
    """Return p50, p95 and p99 in milliseconds."""
    cuts = statistics.quantiles(latencies, n=100)
    return cuts[49] * 1000, cuts[94] * 1000, cuts[98] * 1000


async def run(public_url: str, rate: float, seconds: float) -> bool:
    """Run the load and print the result; False when anything was lost, doubled or reordered."""
    journal = Journal()
    accounts: dict[str, Account] = {}
    lives: dict[str, LiveClient] = {}
    for username in PEOPLE:
        tokens = await log_in(public_url, username, f"{username}-demo")
        accounts[username] = await Account(public_url, username, tokens.access_token).start()
        lives[username] = await accounts[username].live()
        lives[username].on_frame = Listener(username, journal).take
    chats = [
        (one, other, await accounts[one].private_chat(accounts[other]))
        for one, other in itertools.combinations(PEOPLE, 2)
    ]
    with console.status(f"{rate:g} messages/s for {seconds:g} s …"):
        receivers = await send_at_rate(lives, chats, rate, seconds, journal)
        await settle(journal, receivers)
    deliveries = deliveries_of(journal, receivers)
    stored = await stored_ids(accounts, chats, min(journal.id_of.values()))
    missing = [item for item in journal.sent_at if journal.id_of.get(item) not in stored]
    lost = len(missing) + len(receivers) - len(deliveries)
    for account in accounts.values():
        await account.aclose()
    report(rate, seconds, {"send → acknowledgement": acknowledgements_of(journal), "send → other client": deliveries})
    console.print(
        f"sent {len(journal.sent_at)}, refused {journal.refused}, lost {lost}, doubled {journal.doubled}, "
        f"reordered {journal.reordered}"
    )
    return not (lost or journal.doubled or journal.reordered or journal.refused)


def report(rate: float, seconds: float, latencies: dict[str, list[float]]) -> None:
    """Print the latencies and the circumstances."""
    table = Table("", "p50 ms", "p95 ms", "p99 ms", "count", box=None, header_style="bold")
    for name, values in latencies.items():
        table.add_row(name, *(f"{value:.1f}" for value in percentiles(values)), str(len(values)))
    console.print(table)
    load = os.getloadavg()[0]
    console.print(f"{rate:g}/s for {seconds:g} s; load average {load:.1f} on {os.cpu_count()} cores")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=100, help="messages a second over all accounts")
    parser.add_argument("--seconds", type=float, default=20, help="how long, after two seconds of warm-up")
    arguments = parser.parse_args()
    public_url = os.environ.get("PUBLIC_URL", "http://localhost:8080")
    try:
        good = asyncio.run(run(public_url, arguments.rate, arguments.seconds))
    except (httpx.ConnectError, LoginFailed) as error:
        console.print(f"[red]The load could not run:[/] {error}\nIs the system up? Try `make up` first.")
        sys.exit(1)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
