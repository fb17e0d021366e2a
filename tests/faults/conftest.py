"""The whole test stack, through the gateway."""

from __future__ import annotations

import pytest

from messenger_testing.e2e import accounts, admin, database, people, person, processes, public_url

__all__ = ["accounts", "admin", "database", "people", "person", "processes", "public_url"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the stack."""
    for item in items:
        if "/tests/faults/" in str(item.path):
            item.add_marker(pytest.mark.e2e)
