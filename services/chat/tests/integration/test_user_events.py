"""The projection of accounts."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_service.controllers.consumers.users import UserEvents
from chat_service.domain.model import UserId
from chat_service.repositories.users import KnownUsers
from messenger_platform.events import Position


def batch(*events: tuple[str, dict[str, Any]]) -> bytes:
    envelopes = [
        {"specversion": "1.0", "id": uuid4().hex, "source": "user", "type": kind, "subject": "s", "data": data}
        for kind, data in events
    ]
    return json.dumps(envelopes).encode()


def account(user_id: int, name: str) -> dict[str, Any]:
    return {"id": user_id, "sub": f"sub-{user_id}", "username": name.lower(), "name": name, "more": "later"}


def at(lsn: int, epoch: str = "e1") -> Position:
    return Position.at(epoch, lsn, 0)


async def _names(engine: AsyncEngine) -> dict[int, str]:
    async with engine.connect() as connection:
        rows = await connection.execute(text("SELECT id, name FROM known_user"))
        return {row.id: row.name for row in rows}


async def test_announced_accounts_are_known_and_follow_their_changes(runtime: AsyncEngine) -> None:
    users = KnownUsers(runtime)
    events = UserEvents(users)
    await events.apply(at(1), batch(("UserRegistered", account(1, "Alice")), ("UserRegistered", account(2, "Bob"))))
    await events.apply(at(2), batch(("UserChanged", account(2, "Robert"))))
    assert await _names(runtime) == {1: "Alice", 2: "Robert"}
    assert await users.known([UserId(1), UserId(2), UserId(3)]) == {1, 2}


async def test_a_message_delivered_again_is_skipped(runtime: AsyncEngine) -> None:
    events = UserEvents(KnownUsers(runtime))
    await events.apply(at(1), batch(("UserRegistered", account(1, "Old"))))
    await events.apply(at(2), batch(("UserChanged", account(1, "New"))))
    await events.apply(at(1), batch(("UserRegistered", account(1, "Old"))))
    assert await _names(runtime) == {1: "New"}


async def test_a_new_epoch_is_applied_from_its_beginning(runtime: AsyncEngine) -> None:
    events = UserEvents(KnownUsers(runtime))
    await events.apply(at(9), batch(("UserRegistered", account(1, "Old"))))
    await events.apply(at(1, "e2"), batch(("UserChanged", account(1, "New"))))
    assert await _names(runtime) == {1: "New"}


async def test_events_of_other_types_are_passed_over(runtime: AsyncEngine) -> None:
    events = UserEvents(KnownUsers(runtime))
    await events.apply(at(1), batch(("UserMerged", {"from": 1}), ("UserRegistered", account(2, "Bob"))))
    assert await _names(runtime) == {2: "Bob"}


async def test_a_broken_event_is_refused_so_that_the_broker_keeps_it(runtime: AsyncEngine) -> None:
    events = UserEvents(KnownUsers(runtime))
    with pytest.raises(msgspec.DecodeError):
        await events.apply(at(1), batch(("UserRegistered", {"id": "x"})))
    assert await _names(runtime) == {}


async def test_a_new_slot_begins_the_log_anew_and_leftovers_of_the_old_one_are_skipped(runtime: AsyncEngine) -> None:
    events = UserEvents(KnownUsers(runtime))
    await events.apply(at(90, "7.1.1"), batch(("UserRegistered", account(1, "Alice"))))
    await events.apply(at(20, "7.1.2"), batch(("UserChanged", account(1, "Alicia"))))
    await events.apply(at(95, "7.1.1"), batch(("UserChanged", account(1, "Leftover"))))
    await events.apply(at(20, "7.1.2"), batch(("UserChanged", account(1, "Repeated"))))
    assert await _names(runtime) == {1: "Alicia"}
    await events.apply(at(10, "7.2.1"), batch(("UserChanged", account(1, "Restored"))))
    assert await _names(runtime) == {1: "Restored"}
