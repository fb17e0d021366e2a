"""The whole test stack, through the gateway, and drills: faults under load, with journals.

`make test` runs each drill that is short, small; `make drill` runs all of them with the whole crowd, and writes
docs/reliability.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from messenger_drill.drill import Drill
from messenger_drill.findings import Findings
from messenger_infra.settings import stack_of_tests
from messenger_testing.e2e import Processes, accounts, admin, database, people, person, processes, public_url

__all__ = ["accounts", "admin", "database", "people", "person", "processes", "public_url"]

IS_FULL = os.environ.get("DRILL") == "full"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the stack; what takes long runs with `make drill` only."""
    for item in items:
        if "/tests/faults/" in str(item.path):
            item.add_marker(pytest.mark.e2e)
            if not IS_FULL and item.get_closest_marker("drill"):
                item.add_marker(pytest.mark.skip(reason="takes long or needs root: make drill"))


@pytest.fixture(scope="session")
def findings() -> Iterator[Findings]:
    """Collect what the drills find; written at the end of `make drill`."""
    stack = stack_of_tests()
    found = Findings(stack.repo)
    yield found
    if IS_FULL:
        found.write()


@pytest.fixture
def drill(request: pytest.FixtureRequest, findings: Findings, processes: Processes) -> Drill:
    """Give what a drill needs; afterwards everything is healthy again."""
    return Drill(request.path.stem, stack_of_tests(), processes, findings, is_full=IS_FULL)
