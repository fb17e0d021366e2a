"""`session.ended`: what the gateway app publishes is what every service heeds, by the golden file between them.

And `user.profile` as the gateway app reads it: of all that happens to an account, what ends its sessions.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from gateway_app.controllers.consumers.users import UserEvents
from gateway_app.domain.sessions import Ended, EndReason
from gateway_app.events import envelope
from messenger_platform.events import Position, pack
from messenger_platform.sessions import EndedSessions, SessionEnd
from messenger_platform.tokens import Principal

FOLDER = Path(__file__).parent / "golden"
GOLDEN = FOLDER / "session.ended.json"
SID = "tKq0fV8mXjZs2Yb1LcRwHn3d"
SUB = "8f14e45f-ceea-4a7b-9c5d-2b1f0c6f7a01"


def at(second: int, microsecond: int = 0) -> datetime:
    return datetime(2026, 1, 2, 3, 4, second, microsecond, tzinfo=UTC)


def holder(sid: str, sub: str, issued_at: datetime) -> Principal:
    return Principal(sub, sid, "", "", "", frozenset(), issued_at.timestamp(), issued_at.timestamp() + 300, "")


def test_the_gateway_publishes_the_golden_events() -> None:
    ends = [Ended(SID, SUB, EndReason.EVICTED, at(4, 500_000)), Ended(None, SUB, EndReason.REVOKED, at(5, 500_000))]
    events = [envelope(ended) for ended in ends]
    for number, event in enumerate(events, 1):
        event.id, event.time = f"{number:032d}", at(4 + number)
    (body,) = pack(events)
    assert json.loads(body) == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_every_service_heeds_the_golden_events() -> None:
    one, every = [msgspec.convert(event["data"], SessionEnd) for event in json.loads(GOLDEN.read_bytes())]
    ended = EndedSessions()
    ended.add(one)
    assert ended.end_of(holder(SID, SUB, at(59))) is one
    assert ended.end_of(holder("another", SUB, at(1))) is None
    ended.add(every)
    assert ended.end_of(holder("another", SUB, at(5))) is every
    assert ended.end_of(holder("another", SUB, at(6))) is None
    assert ended.end_of(holder("another", "somebody else", at(1))) is None


async def test_the_gateway_ends_the_sessions_of_disabled_and_deleted_accounts_only() -> None:
    applied: list[tuple[Position, list[str]]] = []

    async def end_account(position: Position, subs: list[str]) -> None:
        applied.append((position, subs))

    position = Position.at("1.1.1", 7, 0)
    events = json.loads((FOLDER / "user.profile.json").read_text(encoding="utf-8"))
    for event in events:
        await UserEvents(end_account).apply(position, json.dumps([event]).encode())  # type: ignore[arg-type] # A stand-in.
    assert [bool(subs) for _, subs in applied] == [event["type"] in {"UserDisabled", "UserDeleted"} for event in events]
    assert {sub for _, subs in applied for sub in subs} == {SUB}
