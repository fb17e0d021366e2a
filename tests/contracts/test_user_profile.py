"""`user.profile`: what the user service publishes is what the chat service reads, by the golden file between them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

from chat_service.controllers.consumers.users import UserEvents
from messenger_platform.events import Event, Position, pack
from user_service.domain.accounts import Account, AccountId
from user_service.events import News, news_of
from user_service.repositories.accounts import envelope

GOLDEN = Path(__file__).parent / "golden" / "user.profile.json"
SUB = UUID("8f14e45f-ceea-4a7b-9c5d-2b1f0c6f7a01")


def alice(name: str) -> Account:
    return Account(AccountId(2), SUB, "alice", name, "alice@example.com")


def at(event: Event, number: int) -> Event:
    event.id = f"{number:032d}"
    event.time = datetime(2026, 1, 2, 3, 4, 4 + number, 678_900 if number == 1 else 0, tzinfo=UTC)
    return event


def test_the_user_service_publishes_the_golden_events() -> None:
    """Alice registers, takes another name, is disabled, enabled, and deleted."""
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    registered, renamed = alice("Alice Liddell"), alice("Алиса 👩‍🚀")
    life = [None, registered, renamed, replace(renamed, disabled_at=long_ago), renamed, renamed.deleted(long_ago)]
    news: list[News] = []
    for before, after in pairwise(life):
        assert after is not None
        news += news_of(before, after)
    (body,) = pack(at(envelope(event), number) for number, event in enumerate(news, 1))
    assert json.loads(body) == json.loads(GOLDEN.read_text(encoding="utf-8"))


async def test_the_chat_service_reads_the_golden_events() -> None:
    stored: list[dict[str, Any]] = []

    class Users:
        async def store(self, _position: Position, accounts: list[dict[str, Any]]) -> None:
            stored.extend(accounts)

    await UserEvents(Users()).apply(Position.at("1.1.1", 7, 0), GOLDEN.read_bytes())  # type: ignore[arg-type] # A stand-in.
    expected = {"id": 2, "sub": str(SUB), "username": "alice"}
    assert stored == [
        expected | {"name": "Alice Liddell"},
        expected | {"name": "Алиса 👩‍🚀"},
        expected | {"username": "deleted-2", "name": "Deleted account"},
    ]


async def test_the_chat_service_ignores_what_it_does_not_know() -> None:
    stored: list[dict[str, Any]] = []

    class Users:
        async def store(self, _position: Position, accounts: list[dict[str, Any]]) -> None:
            stored.extend(accounts)

    grown = json.loads(GOLDEN.read_text(encoding="utf-8"))
    grown[0]["data"]["photo"] = "later"
    grown.append(grown[0] | {"type": "UserRetired", "data": {"id": 2}})
    await UserEvents(Users()).apply(Position.at("1.1.1", 7, 0), json.dumps(grown).encode())  # type: ignore[arg-type] # As above.
    assert [account["name"] for account in stored] == ["Alice Liddell", "Алиса 👩‍🚀", "Deleted account"]
