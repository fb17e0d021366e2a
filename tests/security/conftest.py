"""Attacks on the whole running test stack; each is refused, and what is ordinary goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from messenger_testing.cast import Cast, assemble
from messenger_testing.client import Account
from messenger_testing.e2e import PEOPLE, People, admin, database, logged_in, people, person, public_url, stack
from messenger_testing.people import Person, RealmAdmin

__all__ = ["admin", "database", "logged_in", "people", "person", "public_url", "stack"]

OFFLINE = {"test_floors.py", "test_secrets.py", "test_parsers.py"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All but what only reads files or calls functions needs the stack."""
    for item in items:
        if "/tests/security/" in str(item.path) and item.path.name not in OFFLINE:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="module")
async def players(people: People) -> AsyncIterator[list[Account]]:
    """Return the demo accounts, logged in for all tests of a file."""
    opened = [await people.account(username) for username in PEOPLE]
    yield opened
    for account in opened:
        await account.aclose()


@pytest.fixture(scope="module")
async def cast(players: list[Account]) -> Cast:
    """Return a group with everybody around it, for attacks that change nothing."""
    return await assemble(players)


@pytest.fixture
async def neighbour(admin: RealmAdmin) -> AsyncIterator[Person]:
    """Make somebody else for one test."""
    neighbour = await admin.new_person()
    yield neighbour
    await neighbour.remove()
