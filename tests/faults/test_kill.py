"""Hypothesis: whatever is killed while people talk, nothing is lost, doubled or reordered, and it heals by itself.

Each client keeps a journal. It repeats what was not acknowledged, with the same client id, over a new connection if
the old one broke, and syncs after each reconnect, as every client of the contract must.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import Counter
from typing import Any

import asyncpg
import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from messenger_testing.client import Account, LiveClient
from messenger_testing.e2e import Processes

PACE_S = 0.03
PATIENCE_S = 2.0


class Talker:
    """A client that survives: it sends on and on, and what it shows is what its user would see."""

    def __init__(self, account: Account, chat_id: int, seed: int) -> None:
        self._account = account
        self._chat_id = chat_id
        self._chance = random.Random(seed)
        self._live: LiveClient | None = None
        self._taken = 0
        self.sent: dict[str, str] = {}
        self.acknowledged: dict[str, int] = {}
        self.shown: list[tuple[int, int]] = []
        self._ahead: dict[int, int] = {}
        self.version = 0
        self.repeated = 0
        self.reconnects = 0
        self.errors: Counter[str] = Counter()

    async def connect(self) -> LiveClient:
        """Return a connection that is up to date, however many tries it takes."""
        while self._live is None or self._live.close_code is not None:
            try:
                live = await self._account.live()
                self._live, self._taken = live, 0
                self.reconnects += 1
                await self._sync(live)
            except (OSError, InvalidHandshake, ConnectionClosed, TimeoutError, AssertionError):
                self._live = None
                await asyncio.sleep(self._chance.uniform(0.05, 0.3))
        return self._live

    async def _sync(self, live: LiveClient) -> None:
        """Ask until the answer is whole: an `unavailable` is asked again."""
        while True:
            start = len(live.frames)
            await live.send({"type": "sync", "chats": {str(self._chat_id): self.version}})
            answer = await live.wait_for(lambda frame: frame["type"] in {"synced", "error"}, start=start)
            if answer["type"] == "synced":
                return
            await asyncio.sleep(0.1)

    def take(self) -> None:
        """Look at the new frames, as a user interface would."""
        if self._live is None:
            return
        for frame in self._live.frames[self._taken :]:
            self._taken += 1
            if frame["type"] == "error":
                self.errors[frame["code"]] += 1
            if frame["type"] == "message" and frame["message"]["chat_id"] == self._chat_id:
                self._take_message(frame)
            elif frame["type"] == "chat" and frame["chat"]["id"] == self._chat_id:
                self.version = max(self.version, frame["version"])
                self._show_what_follows()

    def _take_message(self, frame: dict[str, Any]) -> None:
        message = frame["message"]
        if "client_id" in message:
            self.acknowledged[message["client_id"]] = message["id"]
        if frame["version"] <= self.version:
            self.repeated += 1
            return
        # What comes live while a sync is on its way stands ahead of the sync's answer.
        self._ahead[frame["version"]] = message["id"]
        self._show_what_follows()

    def _show_what_follows(self) -> None:
        while self.version + 1 in self._ahead:
            self.version += 1
            self.shown.append((self.version, self._ahead.pop(self.version)))

    async def talk(self, until: asyncio.Event) -> None:
        """Send one message after the other, each until it is acknowledged."""
        while not until.is_set():
            client_id = str(uuid.uuid4())
            text = self.sent[client_id] = f"{self._account.username} {len(self.sent)}"
            await self.deliver(client_id, text)
            await asyncio.sleep(PACE_S)

    async def deliver(self, client_id: str, text: str) -> None:
        """Repeat a send until its acknowledgement."""
        while client_id not in self.acknowledged:
            live = await self.connect()
            start = len(live.frames)
            try:
                await live.send({"type": "send", "chat_id": self._chat_id, "client_id": client_id, "text": text})
                await live.wait_for(
                    lambda frame: client_id in (frame.get("client_id"), frame.get("message", {}).get("client_id")),
                    start=start,
                    patience_s=PATIENCE_S,
                )
            except (ConnectionClosed, TimeoutError, AssertionError, OSError):
                await asyncio.sleep(self._chance.uniform(0.02, 0.1))
            self.take()

    async def finish(self, version: int) -> None:
        """Wait until everything up to `version` is shown, then leave."""
        async with asyncio.timeout(20):
            while self.version < version:
                live = await self.connect()
                self.take()
                if self.version < version:
                    await self._sync(live)
                self.take()
        if self._live is not None:
            await self._live.close()


FAULTS = {
    "relay": ["relay-1", "relay-2"],
    "chat": ["chat-1", "chat-2"],
    "realtime": ["realtime-1", "realtime-2"],
    "user": ["user"],
    "everything of ours": ["relay-1", "chat-1", "realtime-2", "relay-2", "chat-2", "realtime-1", "user"],
}


@pytest.mark.timeout(180)
@pytest.mark.parametrize("fault", FAULTS)
async def test_killed_under_load_nothing_is_lost_doubled_or_reordered(
    fault: str,
    processes: Processes,
    accounts: list[Account],
    database: asyncpg.Connection[asyncpg.Record],
) -> None:
    alice, bob, carol = accounts[:3]
    group = await alice.group(f"Killing {fault}", bob, carol)
    talkers = [Talker(account, group, seed) for seed, account in enumerate([alice, alice, bob, bob, carol])]
    for talker in talkers:
        await talker.connect()
    done = asyncio.Event()
    talking = [asyncio.create_task(talker.talk(done)) for talker in talkers]
    try:
        await _kill_in_turn(FAULTS[fault], processes, talkers)
    finally:
        done.set()
    await asyncio.gather(*talking)
    await _check(group, talkers, database)


async def _kill_in_turn(names: list[str], processes: Processes, talkers: list[Talker]) -> None:
    """Kill -9 one after the other; go on when messages are acknowledged again."""
    for name in names:
        before = sum(len(talker.acknowledged) for talker in talkers)
        async with asyncio.timeout(20):
            while sum(len(talker.acknowledged) for talker in talkers) < before + 30:  # noqa: ASYNC110 - five journals.
                await asyncio.sleep(0.05)
        await processes.healthy()
        processes.kill(name)


async def _check(group: int, talkers: list[Talker], database: asyncpg.Connection[asyncpg.Record]) -> None:
    rows = await database.fetch(
        "SELECT seq, id, client_id::text AS client_id, text FROM chat.message WHERE chat_id = $1 ORDER BY seq", group
    )
    last = await database.fetchval("SELECT last_seq FROM chat.chat WHERE id = $1", group)
    for talker in talkers:
        await talker.finish(last)
    sent = {client_id: text for talker in talkers for client_id, text in talker.sent.items()}
    stored = {row["client_id"]: row["text"] for row in rows}
    assert stored == sent, "every send was repeated until acknowledged, so each stands once"
    assert len(rows) == len(stored)
    assert [row["seq"] for row in rows] == list(range(2, last + 1))
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    log = [(row["seq"], row["id"]) for row in rows]
    for talker in talkers:
        assert talker.shown == log
        assert set(talker.errors) <= {"unavailable"}
