"""W6: whether a message costs the same when much has been said, and a delivery when many are in the group."""

from __future__ import annotations

from typing import Any

from messenger_bench.groups import Group, at_most
from messenger_bench.pairs import w2
from messenger_bench.stored import make_groups, speak
from messenger_bench.world import World

STORED = 10_000_000
CHATS = 10
SOCKETS = 95
WINDOW = 64
# Participants → how many of them are online, with how many sockets each.
SIZES = {2: (1, 95), 20: (19, 5), 200: (95, 1), 2_000: (95, 1), 10_000: (95, 1)}


async def w6(world: World, *, seconds: float, warm_up: float, stored: int = STORED) -> dict[str, Any]:
    """W2 again with ten million messages in the tables, and one group of each size with 95 sockets."""
    before: int = await world.database.fetchval("SELECT count(*) FROM message")
    empty = await w2(world, seconds=seconds, warm_up=warm_up)
    await _fill(world, stored - before)
    full = await w2(world, seconds=seconds, warm_up=warm_up)
    groups = {}
    for size, (online, sockets_each) in SIZES.items():
        group = Group(world, 1 + online, sockets_each, size)
        groups[f"group_of_{size}"] = await at_most(group, seconds=seconds, warm_up=warm_up, window=WINDOW)
    return {"stored_before": before, "before": empty, "stored": max(stored, before), "after": full, **groups}


async def _fill(world: World, count: int) -> None:
    if count <= 0:
        return
    one, other = await world.accounts(2)
    chats = await make_groups(world.database, one.user_id, other.user_id, CHATS)
    for chat_id in chats:
        await speak(world.database, chat_id, [one.user_id, other.user_id], count // CHATS)
