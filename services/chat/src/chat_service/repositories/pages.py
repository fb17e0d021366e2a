"""Pages of history as JSON, made by PostgreSQL: nothing of a message is looked at between the table and the wire.

One statement reads all the pages that were asked for at about the same time, each with its membership. The connections
are raw ones of the pool, kept; a single SELECT needs no transaction around it. `controllers.schemas.encode_messages` is
the same shape for messages that Python has; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chat_service.domain.history import Asked
from chat_service.domain.model import MAX_EXCERPT
from messenger_platform.database import translate_database_errors

_FORM = '\\"YYYY-MM-DD"T"HH24:MI:SS.US"Z"\\"'


def _time(column: str) -> str:
    # As msgspec and pydantic write times: six digits of a second's parts, or none.
    return f"replace(to_char({column} AT TIME ZONE 'UTC', '{_FORM}'), '.000000Z', 'Z')"


_QUOTE = f"""
SELECT concat('{{"id":', q.id, ',"sender_id":', q.sender_id, ',"text":', to_json(left(q.text, {MAX_EXCERPT})), '}}')
  FROM message q
 WHERE q.chat_id = m.chat_id AND q.id = m.reply_to_id AND q.deleted_at IS NULL AND m.deleted_at IS NULL
"""  # noqa: S608 - a number of ours.

# `concat` passes over nulls. Most messages are as they were sent and answer none: for them the end is one constant.
_LINE = f"""
concat('{{"id":', m.id, ',"chat_id":', m.chat_id, ',"sender_id":', m.sender_id, ',"text":', to_json(m.text),
       ',"timestamp":', {_time("m.created_at")}, ',"is_read":',
       CASE WHEN m.seq <= c.watermark_seq AND NOT (c.participant_count = 1 AND m.sender_id = a.viewer)
            THEN 'true' ELSE 'false' END,
       CASE WHEN m.reply_to_id IS NULL AND m.edited_at IS NULL AND m.deleted_at IS NULL
            THEN ',"reply_to_id":null,"reply_to":null,"edited_at":null,"deleted":false'
            ELSE concat(',"reply_to_id":', coalesce(m.reply_to_id::text, 'null'),
                        ',"reply_to":', coalesce(({_QUOTE}), 'null'),
                        ',"edited_at":', coalesce({_time("m.edited_at")}, 'null'),
                        ',"deleted":', CASE WHEN m.deleted_at IS NULL THEN 'false' ELSE 'true' END) END,
       CASE WHEN m.sender_id = a.viewer THEN concat(',"client_id":"', m.client_id, '"') END, '}}')
"""

_PART = f"""
SELECT {_LINE} AS line
  FROM message m
 WHERE m.chat_id = c.id AND m.id > a.after AND m.id < a.before
"""  # noqa: S608 - constants of ours.

# A line a message, in the order in which they were found: PostgreSQL would sort whole lines to turn them round.
# Null for who is not in the chat, empty where there is nothing between the two places.
READ = f"""
SELECT a.number,
       (SELECT convert_to(coalesce(
                 (SELECT string_agg(page.line, E',\\n')
                    FROM (({_PART} AND a.from_end ORDER BY m.id DESC LIMIT a.size)
                          UNION ALL
                          ({_PART} AND NOT a.from_end ORDER BY m.id LIMIT a.size)) AS page),
                 ''), 'UTF8')
          FROM participant p JOIN chat c ON c.id = p.chat_id
         WHERE p.chat_id = a.chat_id AND p.user_id = a.viewer) AS lines
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::boolean[], $6::bigint[])
       WITH ORDINALITY AS a (chat_id, viewer, after, before, from_end, size, number)
"""  # noqa: S608 - constants of ours.

_BETWEEN = b",\n"  # JSON holds no line break, so it tells messages apart.


class Pages:
    """Reads pages; keeps as many connections of the pool as were ever needed at once."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._idle: list[tuple[AsyncConnection, asyncpg.Connection]] = []

    async def read(self, asked: Sequence[Asked]) -> list[bytes | None]:
        """Return each page as a JSON list, None where the viewer is not in the chat; raises `Unavailable`."""
        columns = zip(*((a.chat_id, a.viewer, a.after, a.before, a.from_end, a.limit) for a in asked), strict=True)
        with translate_database_errors():
            connection, driver = await self._connected()
            try:
                rows = await driver.fetch(READ, *map(list, columns))
            except BaseException:
                # Nobody knows how far it came.
                await _end(connection)
                raise
            self._idle.append((connection, driver))
        pages: list[bytes | None] = [None] * len(asked)
        for number, lines in rows:
            if lines is not None:
                pages[number - 1] = _page(lines, turned=asked[number - 1].from_end != asked[number - 1].newest_first)
        return pages

    async def close(self) -> None:
        """Let the connections go."""
        while self._idle:
            await _end(self._idle.pop()[0])

    async def _connected(self) -> tuple[AsyncConnection, asyncpg.Connection]:
        while self._idle:
            connection, driver = self._idle.pop()
            if not driver.is_closed():
                return connection, driver
            await _end(connection)
        connection = await self._engine.connect()
        driver = (await connection.get_raw_connection()).driver_connection
        assert isinstance(driver, asyncpg.Connection)  # noqa: S101 - the URL names the driver.
        return connection, driver


def _page(lines: bytes, *, turned: bool) -> bytes:
    if turned:
        lines = _BETWEEN.join(reversed(lines.split(_BETWEEN)))
    return b"[%b]" % lines


async def _end(connection: AsyncConnection) -> None:
    await connection.invalidate()
    await connection.close()
