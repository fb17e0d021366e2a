"""A guard against losing speed: what the system does, in ratio to what the machine does in the same seconds.

The bounds are a quarter of what was measured on two quiet cores, or less: they hold on a busy machine, and a change
that costs several times as much does not pass.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from messenger_bench import groups, limits, pairs, reading
from messenger_bench.world import World
from messenger_infra.settings import stack_of_tests

pytestmark = pytest.mark.e2e
SECONDS, WARM_UP = 1.5, 0.5
FAULTS = ("lost", "doubled", "gaps", "refused", "cut")


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with World(stack_of_tests()) as world:
        yield world


async def test_messages_in_pairs_keep_up_with_the_database(world: World) -> None:
    machine = await limits.database(world, SECONDS)
    found = await pairs.w2(world, seconds=SECONDS, warm_up=WARM_UP, pairs=6, window=32)
    assert not any(found[fault] for fault in FAULTS), found
    assert found["delivered_per_s"] / machine["one_row_commits_per_s"] > 0.1, (found, machine)


async def test_a_group_keeps_up_with_raw_sockets(world: World) -> None:
    machine = limits.socket_writes()
    group = groups.Group(world, 12, sockets_each=8)
    found = await groups.at_most(group, seconds=SECONDS, warm_up=WARM_UP, window=64)
    assert not any(found[fault] for fault in FAULTS), found
    assert found["deliveries_per_s"] / machine > 0.03, (found, machine)


async def test_a_page_of_history_costs_no_more_in_a_long_chat(world: World) -> None:
    one, other = await world.accounts(2)
    rates = []
    for size in (500, 20_000):
        paths = await reading.pages(world, one, other, size)
        await reading.ask(world, one, paths, WARM_UP, 4)
        found = await reading.ask(world, one, paths, SECONDS, 4)
        assert not found["refused"], found
        rates.append(found["requests_per_s"])
    assert rates[1] > rates[0] / 3, rates
