"""The deny-list: ended sessions are refused for as long as their tokens could live, and forgotten afterwards."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx
import respx

from messenger_platform.sessions import REMEMBERED_S, EndedSessions, SessionEnd, SessionEndFeed
from messenger_platform.tokens import Principal

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def principal(sub: str = "alice", sid: str = "laptop", issued_at: datetime = NOW) -> Principal:
    issued = issued_at.timestamp()
    return Principal(sub, sid, sub, sub, "", frozenset(), issued, issued + 300, "token")


def end(sid: str | None = "laptop", sub: str | None = "alice", at: datetime = NOW) -> SessionEnd:
    return SessionEnd(sid, sub, "revoked", at)


def test_an_ended_session_is_refused_and_others_live() -> None:
    ended = EndedSessions()
    assert ended.end_of(principal()) is None
    ended.add(end())
    assert ended.end_of(principal()) == end()
    assert ended.end_of(principal(sid="phone")) is None
    assert ended.end_of(principal(sub="bob", sid="other")) is None


def test_the_end_of_a_subject_covers_the_tokens_issued_before_it() -> None:
    ended = EndedSessions()
    ended.add(end(sid=None))
    assert ended.end_of(principal(sid="any")) is not None
    assert ended.end_of(principal(sid="later", issued_at=NOW + timedelta(seconds=1))) is None
    assert ended.end_of(principal(sub="bob", sid="any")) is None


def test_listeners_hear_of_each_end_once() -> None:
    ended = EndedSessions()
    heard: list[SessionEnd] = []
    ended.listen(heard.append)
    for item in (end(), end(), end(sid=None), end(sid=None), end(sid="phone")):
        ended.add(item)
    assert [(item.sid, item.sub) for item in heard] == [("laptop", "alice"), (None, "alice"), ("phone", "alice")]


def test_an_end_is_forgotten_when_its_tokens_are_long_expired() -> None:
    clock = Clock()
    ended = EndedSessions(clock)
    ended.add(end())
    ended.add(end(sid=None))
    clock.now += REMEMBERED_S + 1
    ended.add(end(sid="phone"))
    assert ended.end_of(principal()) is None
    assert ended.end_of(principal(sid="phone")) is not None
    assert len(ended._order) == 1


def test_a_later_end_of_a_subject_replaces_the_earlier_one() -> None:
    ended = EndedSessions()
    ended.add(end(sid=None))
    ended.add(end(sid=None, at=NOW + timedelta(minutes=1)))
    assert ended.end_of(principal(issued_at=NOW + timedelta(seconds=30))) is not None


async def test_when_events_were_lost_the_ends_are_read_again() -> None:
    ended = EndedSessions()
    heard = asyncio.Event()
    ended.listen(lambda _: heard.set())
    items = [{"sid": "laptop", "sub": "alice", "reason": "logout", "ended_at": NOW.isoformat()}]
    async with httpx.AsyncClient() as http:
        feed = SessionEndFeed(ended, broker_url="", gateway_url="http://gateway", internal_secret="s", http=http)
        with respx.mock:
            respx.get("http://gateway/internal/ended-sessions").respond(json={"items": items})
            reading = asyncio.create_task(feed._keep_reading())
            body = b'[{"type":"Resynced","data":{}}]'
            await feed._take(SimpleNamespace(body=body))  # type: ignore[arg-type]  # All that is read of it.
            await asyncio.wait_for(heard.wait(), 5)
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
    assert ended.end_of(principal()) is not None
