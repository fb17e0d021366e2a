"""For the unit tests of a package: its conftest imports the fixture."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_socket import disable_socket, enable_socket


@pytest.fixture(autouse=True)
def offline() -> Iterator[None]:
    """No unit test talks to the outside; the event loop's own socket pair is local."""
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()
