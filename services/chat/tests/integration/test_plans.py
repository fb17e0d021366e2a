"""Pages are read along an index whatever the planner believes: here it has never seen the table that it reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_service.repositories import histories, views
from chat_service.repositories.pages import READ

MESSAGES = 20_000
_FILL = text("""
INSERT INTO message (chat_id, seq, id, ordinal, sender_id, client_id, text, created_at)
SELECT :chat_id, n + 1, nextval('message_id_seq'), n, :sender, gen_random_uuid(), 'text ' || n, now()
  FROM generate_series(1, :count) AS n ORDER BY n
""")
_COUNT = text("""
UPDATE chat SET last_seq = :count + 1, message_count = :count, last_message_seq = :count + 1 WHERE id = :chat_id
""")
PLACES = {
    "offset from the oldest": (histories._OLDEST, {"skipped": MESSAGES // 2, "limit": 50}),
    "offset from the newest": (histories._NEWEST, {"skipped": 100, "limit": 50}),
    "before a message": (histories._LAST_BETWEEN, {"after": 0, "before": 2**53 - 1, "limit": 50}),
    "after a message": (histories._FIRST_BETWEEN, {"after": 0, "before": 2**53 - 1, "limit": 50}),
    "around a message": (histories._AROUND, {"middle": 2**53 - 1, "older": 26, "newer": 24}),
    "list of chats": (views._FIRST_PAGE, {"limit": 50}),
}


@pytest.mark.parametrize("place", PLACES)
async def test_a_page_reads_no_more_than_it_shows(runtime: AsyncEngine, sql_storage: Any, place: str) -> None:
    statement, parameters = PLACES[place]
    chat_id = await sql_storage.private(1, 2)
    compiled = statement.compile(dialect=runtime.dialect)
    given = compiled.params | {"viewer": 1, "chat_id": chat_id, **parameters}
    values = tuple(given[name] for name in compiled.positiontup)
    assert await _rows_read(runtime, chat_id, str(compiled), values) < 500


@pytest.mark.parametrize("from_end", [True, False])
async def test_encoded_pages_read_no_more_than_they_show(
    runtime: AsyncEngine, sql_storage: Any, *, from_end: bool
) -> None:
    chat_id = await sql_storage.private(1, 2)
    middle = MESSAGES // 2
    values = ([chat_id] * 2, [1, 3], [0, middle], [2**53 - 1] * 2, [from_end] * 2, [50, 50])
    assert await _rows_read(runtime, chat_id, READ, values) < 500


async def _rows_read(runtime: AsyncEngine, chat_id: int, statement: str, values: tuple[Any, ...]) -> int:
    """Fill the chat, run the statement and count what its scans found; none of them may leave the indexes."""
    async with runtime.begin() as connection:
        await connection.execute(_FILL, {"chat_id": chat_id, "sender": 1, "count": MESSAGES})
        await connection.execute(_COUNT, {"chat_id": chat_id, "count": MESSAGES})
        explained = await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values)
        plan = explained.scalar_one()
        found = json.loads(plan) if isinstance(plan, str) else plan
        await connection.rollback()
    nodes = list(_nodes(found[0]["Plan"]))
    assert {node["Node Type"] for node in nodes} & {"Seq Scan", "Bitmap Heap Scan"} == set()
    return sum(node["Actual Rows"] * node["Actual Loops"] for node in nodes if "Scan" in node["Node Type"])


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in _nodes(child))]
