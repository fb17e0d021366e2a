"""The order of the whole run: what needs no server first, what breaks servers last; random within each group."""

import os

import pytest


def group(item: pytest.Item) -> int:
    """Return 0 for unit tests, 1 for integration, 2 for end to end, 3 for faults.

    Integration tests empty tables that running services remember rows of, and faults cut every connection that
    a fixture keeps: neither may happen in the middle of another group.
    """
    if "faults" in item.path.parts:
        return 3
    if item.get_closest_marker("e2e"):
        return 2
    return 1 if item.get_closest_marker("integration") else 0


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by group, after every other plugin has marked and shuffled; the sort keeps the shuffled order."""
    items.sort(key=group)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Recall what failed before pytest began (`make test`), which scrolled away meanwhile."""
    if failed := os.environ.get("MESSENGER_FAILED_BEFORE"):
        terminalreporter.write_line(f"FAILED before pytest began:\n{failed}", red=True)
