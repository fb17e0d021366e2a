"""Chats that were there before: written into the tables at once, as years of talk would have left them."""

from __future__ import annotations

import asyncpg

_SPEAK = """
WITH said AS (
  INSERT INTO message (chat_id, seq, id, ordinal, sender_id, client_id, text, created_at)
  SELECT c.id, c.last_seq + n, nextval('message_id_seq'), c.message_count + n,
         ($2::bigint[])[1 + n % cardinality($2::bigint[])], gen_random_uuid(), rpad('message ' || n, 100, 'x'),
         c.updated_at + n * interval '1 millisecond'
    FROM chat c CROSS JOIN generate_series(1, $3::bigint) AS n
   WHERE c.id = $1
   ORDER BY n
  RETURNING seq, id, ordinal, created_at),
newest AS (SELECT * FROM said ORDER BY seq DESC LIMIT 1)
UPDATE chat SET last_seq = newest.seq, message_count = newest.ordinal, last_message_seq = newest.seq,
       last_message_id = newest.id, updated_at = newest.created_at
  FROM newest WHERE chat.id = $1
"""

_GROUPS = """
WITH made AS (
  INSERT INTO chat (type, title, creator_id, last_seq, members_seq, participant_count, created_at, updated_at)
  SELECT 'group', 'Group ' || n, $1, 1, 1, 2, now(), now() FROM generate_series(1, $3::int) AS n
  RETURNING id),
changed AS (
  INSERT INTO chat_change (chat_id, seq, kind, data, at) SELECT id, 1, 'created', '{}', now() FROM made)
INSERT INTO participant (chat_id, user_id, role, joined_seq)
SELECT made.id, u.id, CASE WHEN u.id = $1 THEN 'creator' ELSE 'member' END, 1
  FROM made CROSS JOIN unnest(ARRAY[$1, $2]::bigint[]) AS u (id)
RETURNING chat_id
"""

_STRANGERS = """
WITH strangers AS (
  INSERT INTO participant (chat_id, user_id, role, joined_seq)
  SELECT id, 900000000 + n, 'member', last_seq + 1 FROM chat CROSS JOIN generate_series(1, $2::int) AS n WHERE id = $1),
changed AS (
  INSERT INTO chat_change (chat_id, seq, kind, data, at)
  SELECT id, last_seq + 1, 'joined', '{}', now() FROM chat WHERE id = $1)
UPDATE chat SET last_seq = last_seq + 1, members_seq = last_seq + 1, participant_count = participant_count + $2
 WHERE id = $1
"""

BATCH = 100_000
FILL_S = 120


async def add_strangers(database: asyncpg.Connection, chat_id: int, count: int) -> None:
    """Add participants who are nobody; nobody is told, so the next message makes realtime ask who is in the chat."""
    if count:
        await database.execute(_STRANGERS, chat_id, count)


async def speak(database: asyncpg.Connection, chat_id: int, senders: list[int], count: int) -> None:
    """Let the senders say `count` messages in turn; nobody is told."""
    for start in range(0, count, BATCH):
        async with database.transaction():
            await database.fetchval("SELECT id FROM chat WHERE id = $1 FOR UPDATE", chat_id)
            await database.execute(_SPEAK, chat_id, senders, min(BATCH, count - start), timeout=FILL_S)


async def make_groups(database: asyncpg.Connection, creator: int, other: int, count: int) -> list[int]:
    """Make groups of two people; returns their ids."""
    rows = await database.fetch(_GROUPS, creator, other, count)
    return sorted({row["chat_id"] for row in rows})
