"""A hub with fakes around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from messenger_testing.realtime_world import World, settle


@pytest.fixture
async def world() -> World:
    return World()


@pytest.fixture
def settled() -> Callable[[], Any]:
    return settle
