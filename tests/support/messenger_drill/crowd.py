"""A crowd of phones that talk at a steady rate, whatever is done to the servers meanwhile, and what became of it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from messenger_bench.world import Account, World, open_database
from messenger_drill.phone import Journal, Phone, Sending
from messenger_drill.verdict import Verdict, judge
from messenger_infra.settings import Stack

TICK_S = 0.01
SWEEP_S = 0.25
SLOW_S = 1.0
"""A message that took longer than this from its first try to the last phone was caught by the fault."""
SETTLE_S = 60.0
GROUP_SIZES = (2, 3, 5, 6)


@dataclass(frozen=True, slots=True)
class Scale:
    """How many talk, where, and how fast (messages per second)."""

    accounts: int
    phones_each: int
    chats: int
    rate: float


SMALL = Scale(accounts=8, phones_each=3, chats=8, rate=40)
FULL = Scale(accounts=40, phones_each=5, chats=40, rate=200)


class Crowd:
    """The phones, and the chats they talk in."""

    def __init__(
        self, stack: Stack, scale: Scale, seed: int, public_url: str, *, padding: int = 0, receive_buffer: int = 0
    ) -> None:
        self.journal = Journal()
        self.phones: list[Phone] = []
        self.scale = scale
        self.seed = seed
        self.copies = 1
        """How often a message is sent at most, over two phones of its sender."""
        self._stack = stack
        self._http = httpx.AsyncClient(base_url=public_url, timeout=5)
        self._padding = padding
        self._receive_buffer = receive_buffer
        self._chance = random.Random(seed)
        self._members: dict[int, list[Phone]] = {}
        self._talk: asyncio.Task[None] | None = None
        self._sweep = asyncio.create_task(self._repeat())

    async def gather(self, world: World) -> None:
        """Log everybody in, make the chats, and connect all phones."""
        accounts = await world.accounts(self.scale.accounts)
        chats: dict[int, list[Account]] = {}
        for number in range(self.scale.chats):
            people = self._chance.sample(accounts, GROUP_SIZES[number % len(GROUP_SIZES)])
            chats[await _chat(world, people, f"Drill {self.seed} {number}")] = people
        versions = await world.versions(list(chats))
        for account in accounts:
            own = {chat_id: versions[chat_id] for chat_id, people in chats.items() if account in people}
            for _ in range(self.scale.phones_each if own else 0):
                seed = self._chance.getrandbits(32)
                phone = Phone(self.journal, account, self._http, own, seed, receive_buffer=self._receive_buffer)
                self.phones.append(phone)
                for chat_id in own:
                    self._members.setdefault(chat_id, []).append(phone)
        await self.all_back()

    async def all_back(self) -> None:
        """Wait until every phone is connected and has all it had missed."""
        try:
            async with asyncio.timeout(SETTLE_S):
                await asyncio.gather(*(phone.back() for phone in self.phones))
        except TimeoutError as error:
            away, journal = sum(not phone.is_back for phone in self.phones), self.journal
            raise AssertionError(
                f"{away} of {len(self.phones)} are not back; handshakes refused {dict(journal.refused_handshakes)}, "
                f"closes {dict(journal.closes)}, errors {dict(journal.errors)}"
            ) from error

    def talk(self, rate: float | None = None) -> None:
        """Begin to send, evenly in time, whether or not anything is acknowledged (open loop)."""
        self.hush()
        self._talk = asyncio.create_task(self._send_steadily(rate or self.scale.rate))

    def hush(self) -> None:
        """Send nothing new."""
        if self._talk is not None:
            self._talk.cancel()

    async def _send_steadily(self, rate: float) -> None:
        started, sent = time.perf_counter(), 0
        while True:
            due = int((time.perf_counter() - started) * rate)
            for _ in range(due - sent):
                self._send()
            sent = due
            await asyncio.sleep(TICK_S)

    def _send(self) -> None:
        phone = self._chance.choice(self.phones)
        chat_id = self._chance.choice(list(phone.chats))
        client_id = phone.send(chat_id, self._padding)
        text = phone.text_of(client_id)
        if self.copies > 1 and text is not None:
            others = [item for item in self._members[chat_id] if item.account is phone.account]
            for _ in range(self._chance.randrange(self.copies)):
                self.journal.copies += 1
                self._chance.choice(others).send_copy(chat_id, client_id, text)

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            now = time.perf_counter()
            for phone in self.phones:
                phone.repeat_what_is_due(now)

    async def calm(self, seconds: float) -> None:
        """Let it go on for so long, and fail at once if sending itself has failed."""
        await asyncio.sleep(seconds)
        if self._talk is not None and self._talk.done() and not self._talk.cancelled():
            self._talk.result()

    async def normal(self, patience_s: float = SETTLE_S) -> float:
        """Wait until a message sent from now on has reached every phone of its chat; returns the seconds."""
        return await self.reached(time.perf_counter(), patience_s)

    async def reached(self, since: float, patience_s: float = SETTLE_S) -> float:
        """Wait until some message sent after `since` has reached every phone of its chat; returns the seconds."""
        async with asyncio.timeout(patience_s):
            while (took := self.first_after(since)) is None:  # noqa: ASYNC110 - many phones note it.
                await asyncio.sleep(0.02)
        return took

    def first_after(self, since: float) -> float | None:
        """Return how long after `since` the first message sent from then on had reached all, in seconds."""
        done = [max(item.shown_at.values()) for item in self._sent(since) if self._is_complete(item)]
        return min(done) - since if done else None

    def disturbed_s(self, since: float, until: float) -> float:
        """Return how long after `since` the last one held up had reached all, if before `until`; in seconds."""
        late = [
            last - since
            for item in self._sent(0.0)
            if item.shown_at and since <= (last := max(item.shown_at.values())) < until and last - item.sent_at > SLOW_S
        ]
        return max([0.0, *late])

    def acknowledgement_s(self, since: float, until: float = float("inf")) -> list[float]:
        """Return, sorted, how long the acknowledgements of what was sent in between took, in seconds."""
        taken = [item.acknowledged_at - item.sent_at for item in self._sent(since, until) if item.acknowledged_at]
        return sorted(taken)

    def delivery_s(self, since: float, until: float, besides: Collection[Phone] = ()) -> list[float]:
        """Return, sorted, how long what was sent in between took to each phone but these, in seconds."""
        left_out = set(besides)
        return sorted(
            at - item.sent_at
            for item in self._sent(since, until)
            for phone, at in item.shown_at.items()
            if phone not in left_out
        )

    def _sent(self, since: float, until: float = float("inf")) -> list[Sending]:
        return [item for item in self.journal.sendings.values() if since <= item.sent_at < until]

    def _is_complete(self, sending: Sending) -> bool:
        return len(sending.shown_at) >= len(self._members[sending.chat_id]) and bool(sending.acknowledged_at)

    def is_settled(self) -> bool:
        """Whether everything that was sent is acknowledged and stands on every phone of its chat."""
        return all(self._is_complete(item) for item in self.journal.sendings.values())

    async def verdict(self, patience_s: float = SETTLE_S) -> Verdict:
        """Stop talking, wait until everything has arrived or patience ends, and compare with the tables."""
        self.hush()
        deadline = time.perf_counter() + patience_s
        while not self.is_settled() and time.perf_counter() < deadline:  # noqa: ASYNC110 - many phones note it.
            await asyncio.sleep(0.05)
        database = await open_database(self._stack)
        try:
            return await judge(self.journal, self._members, database)
        finally:
            await database.close()

    async def leave(self) -> None:
        """Close everything."""
        self.hush()
        self._sweep.cancel()
        await asyncio.gather(*(phone.leave() for phone in self.phones))
        await self._http.aclose()


async def _chat(world: World, people: list[Account], title: str) -> int:
    if len(people) == 2:
        return await world.private_chat(people[0], people[1])
    return await world.group(people[0], title, [person.user_id for person in people[1:]])


@asynccontextmanager
async def crowd(
    stack: Stack, scale: Scale, seed: int, public_url: str | None = None, *, padding: int = 0, receive_buffer: int = 0
) -> AsyncIterator[Crowd]:
    """Gather a crowd at the gateway, or at another address that leads there.

    `padding` characters are added to each message; `receive_buffer` is the size of each socket's, in bytes.
    """
    async with World(stack) as world:
        address = public_url or world.public_url
        gathered = Crowd(stack, scale, seed, address, padding=padding, receive_buffer=receive_buffer)
        try:
            await gathered.gather(world)
            yield gathered
        finally:
            await gathered.leave()
