"""Ended login sessions: every process refuses their tokens from the moment it hears of the end.

An access token proves a session for up to five minutes after Keycloak has ended it. So the gateway app announces
each end (`SessionEnded`), and every process remembers it until the last token of the session has expired. A process
that starts late, or was cut off from the broker, reads the recent ends from the gateway app first, and so does every
process when a resync says that events have been lost.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import NoReturn

import httpx
import msgspec
from aio_pika.abc import AbstractIncomingMessage

from messenger_platform.broker import BACK_OFF_S, EVENTS_EXCHANGE, LINK_ERRORS, UNREADABLE, connect, until_closed
from messenger_platform.errors import Unavailable
from messenger_platform.reconnect import BackOff, reconnect
from messenger_platform.tasks import cancel
from messenger_platform.tokens import Principal

# Twice the life of an access token.
REMEMBERED_S = 600.0
SNAPSHOT_RETRY_S = 1.0

logger = logging.getLogger(__name__)


class SessionEnd(msgspec.Struct):
    """The end of one login session (`sid`), or of all of `sub` whose tokens were issued up to `ended_at`.

    `reason` is one of revoked, evicted, expired, logout.
    """

    sid: str | None
    sub: str | None
    reason: str
    ended_at: datetime

    def covers(self, *, sid: str, sub: str, issued_at: float) -> bool:
        """Tell whether a token of this session and subject, issued then (seconds), is one of those that ended."""
        if self.sid is not None:
            return self.sid == sid
        return self.sub == sub and issued_at <= self.ended_at.timestamp()


class _Snapshot(msgspec.Struct):
    items: list[SessionEnd]


class _Envelope(msgspec.Struct):
    type: str
    data: msgspec.Raw


RESYNCED = "Resynced"
_envelopes = msgspec.json.Decoder(list[_Envelope])
_ends = msgspec.json.Decoder(SessionEnd)
_snapshots = msgspec.json.Decoder(_Snapshot)

Listener = Callable[[SessionEnd], None]


class EndedSessions:
    """The deny-list of one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._by_sid: dict[str, SessionEnd] = {}
        self._by_sub: dict[str, SessionEnd] = {}
        self._order: list[tuple[float, SessionEnd]] = []
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Call `listener` with every end that is new to this process."""
        self._listeners.append(listener)

    def add(self, end: SessionEnd) -> None:
        """Remember an end; one that is known already changes nothing."""
        self._forget_old()
        if end.sid is not None:
            if end.sid in self._by_sid:
                return
            self._by_sid[end.sid] = end
        elif end.sub is not None:
            known = self._by_sub.get(end.sub)
            if known is not None and known.ended_at >= end.ended_at:
                return
            self._by_sub[end.sub] = end
        self._order.append((self._clock() + REMEMBERED_S, end))
        for listener in self._listeners:
            listener(end)

    def end_of(self, principal: Principal) -> SessionEnd | None:
        """Return how the principal's session has ended, None while it lives."""
        if not self._order:
            return None
        end = self._by_sid.get(principal.sid)
        if end is not None:
            return end
        end = self._by_sub.get(principal.sub)
        if end is not None and end.covers(sid=principal.sid, sub=principal.sub, issued_at=principal.issued_at):
            return end
        return None

    def _forget_old(self) -> None:
        now = self._clock()
        while self._order and self._order[0][0] <= now:
            _, end = self._order.pop(0)
            if end.sid is not None:
                self._by_sid.pop(end.sid, None)
            elif end.sub is not None and self._by_sub.get(end.sub) is end:
                del self._by_sub[end.sub]


class SessionEndFeed:
    """Fill the deny-list of a process from the events, and from the gateway app's list after every gap."""

    def __init__(
        self, ended: EndedSessions, *, broker_url: str, gateway_url: str, internal_secret: str, http: httpx.AsyncClient
    ) -> None:
        self._ended = ended
        self._broker_url = broker_url
        self._snapshot_url = f"{gateway_url}/internal/ended-sessions"
        self._headers = {"Authorization": f"Internal {internal_secret}"}
        self._http = http
        self._missed = asyncio.Event()
        self.connected = False

    async def check(self) -> None:
        """Raise `Unavailable` while ends of sessions would go unheard."""
        if not self.connected:
            raise Unavailable("Ends of sessions are not heard of.")

    async def run(self) -> NoReturn:
        """Listen for ever: connect, consume, read what was missed; on any close back off and start again."""
        await reconnect(self._session, BackOff(*BACK_OFF_S), breaks=LINK_ERRORS, lost=self._lost)

    @staticmethod
    def _lost(error: Exception) -> None:
        logger.warning("the feed of ended sessions lost its broker", extra={"error": repr(error)})

    async def _session(self) -> None:
        try:
            await self._consume()
        finally:
            self.connected = False

    async def _consume(self) -> None:
        connection = await connect(self._broker_url)
        async with connection:
            channel = await connection.channel(publisher_confirms=False)
            queue = await channel.declare_queue(exclusive=True, auto_delete=True, arguments={"x-queue-type": "classic"})
            await queue.bind(EVENTS_EXCHANGE, "session.*")
            await queue.consume(self._take, no_ack=True)
            self._missed.set()
            closed = asyncio.ensure_future(until_closed(connection, channel))
            reading = asyncio.ensure_future(self._keep_reading())
            try:
                await asyncio.wait({closed, reading}, return_when=asyncio.FIRST_COMPLETED)
                if not closed.done():
                    await reading
            finally:
                await cancel(reading, closed)

    async def _keep_reading(self) -> NoReturn:
        """Read what was missed, at first and whenever ends may have been lost."""
        while True:
            await self._missed.wait()
            self._missed.clear()
            await self._read_missed()
            self.connected = True

    async def _read_missed(self) -> None:
        """Read the recent ends from the gateway app; it may start later than we do."""
        while True:
            try:
                response = await self._http.get(self._snapshot_url, headers=self._headers, timeout=3.0)
                response.raise_for_status()
                items = _snapshots.decode(response.content).items
            except (httpx.HTTPError, msgspec.DecodeError) as error:
                logger.warning("the list of ended sessions cannot be read", extra={"error": repr(error)})
                await asyncio.sleep(SNAPSHOT_RETRY_S)
            else:
                for end in items:
                    self._ended.add(end)
                return

    async def _take(self, message: AbstractIncomingMessage) -> None:
        try:
            for envelope in _envelopes.decode(message.body):
                if envelope.type == "SessionEnded":
                    self._ended.add(_ends.decode(envelope.data))
                elif envelope.type == RESYNCED:
                    self._missed.set()
        except UNREADABLE:
            logger.exception("an end of a session could not be read")
