"""The whole test stack, through the gateway."""

from __future__ import annotations

import pytest

from messenger_testing.e2e import (
    accounts,
    admin,
    database,
    logged_in,
    people,
    person,
    processes,
    public_url,
    stack,
)

__all__ = ["accounts", "admin", "database", "logged_in", "people", "person", "processes", "public_url", "stack"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the stack."""
    for item in items:
        if "/tests/e2e/" in str(item.path):
            item.add_marker(pytest.mark.e2e)
