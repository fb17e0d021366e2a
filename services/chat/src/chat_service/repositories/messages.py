"""The message log in PostgreSQL: the hot path, in literal SQL on asyncpg itself.

Five round trips a batch, whatever its size: BEGIN, lock, read, write, COMMIT (one more when a group's read marks
move over others' messages). The statements are prepared once per connection, which belongs to the writer alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chat_service.domain.batch import Answers, Batch, Ground, Op, Questions, Send
from chat_service.domain.model import MAX_EXCERPT, ChatId, LockedChat, Mark, Message, MessageId, Quote, UserId
from chat_service.events import Emission
from messenger_platform.database import translate_database_errors
from messenger_platform.events import wal_messages

# All batches and all membership changes lock chat rows first, in ascending order: no deadlock is possible.
_LOCK = """
SELECT id, private_low, private_high, last_seq, members_seq, message_count, last_message_seq, last_message_id,
       watermark_seq, watermark_message_id, watermark_ordinal, participant_count, updated_at, edited_at
  FROM chat WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE
"""

# A statement of its own after the lock: under READ COMMITTED it sees everything that the previous holder committed.
# Ids are drawn here, under the lock, so that they ascend with the versions; those of duplicates are lost, no matter.
_GROUND = f"""
SELECT o.chat_id, o.user_id, o.peer_id, o.client_id, o.message_id,
       p.read_seq, p.read_message_id, p.read_ordinal,
       q.read_seq AS peer_read_seq, q.read_message_id AS peer_read_message_id, q.read_ordinal AS peer_read_ordinal,
       m.seq, m.id, m.ordinal, m.text, m.created_at, m.reply_to_id, m.edited_at, m.deleted_at,
       t.seq AS target_seq, t.ordinal AS target_ordinal, t.sender_id AS target_sender_id,
       CASE WHEN o.client_id IS NOT NULL AND t.deleted_at IS NULL THEN left(t.text, {MAX_EXCERPT}) END AS target_text,
       CASE WHEN o.client_id IS NOT NULL THEN nextval('message_id_seq') END AS new_id
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::uuid[], $5::bigint[])
       AS o (chat_id, user_id, peer_id, client_id, message_id)
  LEFT JOIN participant p ON p.chat_id = o.chat_id AND p.user_id = o.user_id
  LEFT JOIN participant q ON q.chat_id = o.chat_id AND q.user_id = o.peer_id
  LEFT JOIN message m ON m.chat_id = o.chat_id AND m.sender_id = o.user_id AND m.client_id = o.client_id
  LEFT JOIN message t ON t.chat_id = o.chat_id AND t.id = o.message_id
"""  # noqa: S608 - a number of ours.

# The smallest mark among those who did not move. In a large group somebody else is nearly always still at the
# watermark, and the first such row ends the search.
_LAGGARDS = """
SELECT c.id AS chat_id, l.read_seq, l.read_message_id, l.read_ordinal
  FROM chat c
 CROSS JOIN LATERAL (
       SELECT p.read_seq, p.read_message_id, p.read_ordinal
         FROM participant p
        WHERE p.chat_id = c.id AND p.user_id <> ALL ($2::bigint[])
          AND p.read_seq <= c.watermark_seq
        LIMIT 1) l
 WHERE c.id = $1
UNION ALL
(SELECT p.chat_id, p.read_seq, p.read_message_id, p.read_ordinal
  FROM participant p
 WHERE p.chat_id = $1 AND p.user_id <> ALL ($2::bigint[])
   AND NOT EXISTS (
       SELECT FROM participant x JOIN chat c ON c.id = x.chat_id
        WHERE x.chat_id = $1 AND x.user_id <> ALL ($2::bigint[]) AND x.read_seq <= c.watermark_seq)
 ORDER BY p.read_seq
 LIMIT 1)
"""

# Who wrote what is newly read; those who have left are told nothing.
_AUTHORS = """
SELECT r.chat_id, r.after, m.sender_id, min(m.seq) AS first
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS r (chat_id, after, up_to)
  JOIN message m ON m.chat_id = r.chat_id AND m.seq > r.after AND m.seq <= r.up_to
  JOIN participant p ON p.chat_id = m.chat_id AND p.user_id = m.sender_id
 GROUP BY r.chat_id, r.after, m.sender_id
"""

# One statement for all that a batch changes; the events enter the WAL in their order, in the same transaction.
_WRITE = """
WITH appended AS (
  INSERT INTO message (chat_id, seq, id, ordinal, sender_id, client_id, text, created_at, reply_to_id)
  SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::uuid[], $7::text[],
                       $8::timestamptz[], $9::bigint[])),
chats AS (
  UPDATE chat SET last_seq = v.last_seq, message_count = v.message_count, last_message_seq = v.last_message_seq,
         last_message_id = v.last_message_id, updated_at = v.updated_at, watermark_seq = v.watermark_seq,
         watermark_message_id = v.watermark_message_id, watermark_ordinal = v.watermark_ordinal
    FROM unnest($10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::timestamptz[],
                $16::bigint[], $17::bigint[], $18::bigint[])
         AS v (id, last_seq, message_count, last_message_seq, last_message_id, updated_at, watermark_seq,
               watermark_message_id, watermark_ordinal)
   WHERE chat.id = v.id),
marks AS (
  UPDATE participant SET read_seq = v.seq, read_message_id = v.message_id, read_ordinal = v.ordinal
    FROM unnest($19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[], $23::bigint[])
         AS v (chat_id, user_id, seq, message_id, ordinal)
   WHERE participant.chat_id = v.chat_id AND participant.user_id = v.user_id),
logged AS (
  INSERT INTO read_log (chat_id, user_id, up_to_seq, at)
  SELECT chat_id, user_id, seq, $24
    FROM unnest($25::bigint[], $26::bigint[], $27::bigint[]) AS v (chat_id, user_id, seq))
SELECT pg_logical_emit_message(true, e.prefix, e.body)
  FROM unnest($28::text[], $29::bytea[]) WITH ORDINALITY AS e (prefix, body, n) ORDER BY e.n
"""


class Messages:
    """The `MessageLog` of PostgreSQL; holds one connection of the pool, made anew when it is lost."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._driver: asyncpg.Connection | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[_Transaction]:
        """Open a transaction; raises `Unavailable` when the database is away, also at the commit.

        After any failure the connection is dropped. One whose BEGIN was answered too late is inside a transaction
        without asyncpg knowing: what is then "committed" on it is a savepoint, and is lost with the connection.
        """
        with translate_database_errors():
            driver = await self._connected()
            try:
                async with driver.transaction():
                    yield _Transaction(driver)
            except BaseException:
                driver.terminate()
                await self.close()
                raise

    async def close(self) -> None:
        """Let the connection go; it is not returned to the pool, for nobody knows how far it came."""
        connection, self._connection, self._driver = self._connection, None, None
        if connection is not None:
            await connection.invalidate()
            await connection.close()

    async def _connected(self) -> asyncpg.Connection:
        if self._driver is None or self._driver.is_closed():
            await self.close()
            self._connection = await self._engine.connect()
            driver = (await self._connection.get_raw_connection()).driver_connection
            assert isinstance(driver, asyncpg.Connection)  # noqa: S101 - the URL names the driver.
            self._driver = driver
        return self._driver


class _Transaction:
    def __init__(self, driver: asyncpg.Connection) -> None:
        self._driver = driver

    async def ground(self, ops: Sequence[Op]) -> Ground:
        ground = Ground()
        for row in await self._driver.fetch(_LOCK, sorted({op.chat_id for op in ops})):
            ground.chats[row["id"]] = _locked(row)
        known = [op for op in ops if op.chat_id in ground.chats]
        if known:
            self._stand(ground, await self._driver.fetch(_GROUND, *_columns([_op_row(ground, op) for op in known], 5)))
        return ground

    @staticmethod
    def _stand(ground: Ground, rows: list[asyncpg.Record]) -> None:
        ids: list[MessageId] = []
        for row in rows:
            chat_id, user_id = row["chat_id"], row["user_id"]
            if row["new_id"] is not None:
                ids.append(row["new_id"])
            if row["read_seq"] is None:
                continue  # Not a participant: nothing of the chat is looked at.
            ground.cursors[chat_id, user_id] = Mark(row["read_seq"], row["read_message_id"], row["read_ordinal"])
            if row["peer_read_seq"] is not None:
                ground.cursors[chat_id, row["peer_id"]] = Mark(
                    row["peer_read_seq"], row["peer_read_message_id"], row["peer_read_ordinal"]
                )
            if row["target_seq"] is not None:
                message_id = row["message_id"]
                ground.targets[chat_id, message_id] = Mark(row["target_seq"], message_id, row["target_ordinal"])
                if row["target_text"] is not None:
                    quote = Quote(message_id, row["target_sender_id"], row["target_text"])
                    ground.quotes[chat_id, message_id] = quote
            if row["seq"] is not None:
                ground.sent[chat_id, user_id, row["client_id"]] = Message(
                    chat_id,
                    row["seq"],
                    row["id"],
                    row["ordinal"],
                    user_id,
                    row["client_id"],
                    row["text"],
                    row["created_at"],
                    row["reply_to_id"],
                    # A repetition names the same message, and another one is a conflict.
                    ground.quotes.get((chat_id, row["reply_to_id"])) if row["deleted_at"] is None else None,
                    row["edited_at"],
                    row["deleted_at"] is not None,
                )
        ground.ids = sorted(ids)

    async def answer(self, questions: Questions) -> Answers:
        answers = Answers()
        for chat_id in questions.laggards:
            moved = [user for chat, user in questions.moved if chat == chat_id]
            row = await self._driver.fetchrow(_LAGGARDS, chat_id, moved)
            if row is not None:
                answers.laggards[chat_id] = Mark(row["read_seq"], row["read_message_id"], row["read_ordinal"])
        if questions.authors:
            for row in await self._driver.fetch(_AUTHORS, *_columns(questions.authors, 3)):
                authors = answers.authors.setdefault((row["chat_id"], row["after"]), {})
                authors[row["sender_id"]] = row["first"]
        return answers

    async def write(self, batch: Batch, emissions: Sequence[Emission]) -> None:
        messages = [
            (m.chat_id, m.seq, m.id, m.ordinal, m.sender_id, m.client_id, m.text, m.created_at, m.reply_to_id)
            for m in batch.messages
        ]
        chats = [
            (c.id, c.last_seq, c.end.ordinal, c.end.seq, c.end.message_id, c.updated_at, *_fields(c.watermark))
            for c in batch.changed_chats
        ]
        marks = [(*seat, *_fields(mark)) for seat, mark in batch.moved.items()]
        receipts = [(r.chat_id, r.user_id, r.up_to.seq) for r in batch.receipts]
        await self._driver.fetch(
            _WRITE,
            *_columns(messages, 9),
            *_columns(chats, 9),
            *_columns(marks, 5),
            datetime.now(UTC),
            *_columns(receipts, 3),
            *_columns(wal_messages(emissions), 2),
        )


def _locked(row: asyncpg.Record) -> LockedChat:
    return LockedChat(
        id=ChatId(row["id"]),
        peers=None if row["private_low"] is None else (UserId(row["private_low"]), UserId(row["private_high"])),
        last_seq=row["last_seq"],
        members_seq=row["members_seq"],
        end=Mark(row["last_message_seq"], row["last_message_id"], row["message_count"]),
        updated_at=row["updated_at"],
        watermark=Mark(row["watermark_seq"], row["watermark_message_id"], row["watermark_ordinal"]),
        participant_count=row["participant_count"],
        edited_at=row["edited_at"],
    )


def _op_row(ground: Ground, op: Op) -> tuple[Any, ...]:
    peers = ground.chats[op.chat_id].peers
    peer = None if peers is None else peers[0] if op.user_id == peers[1] else peers[1]
    if isinstance(op, Send):
        return op.chat_id, op.user_id, peer, op.client_id, op.reply_to_id
    return op.chat_id, op.user_id, peer, None, op.message_id


def _fields(mark: Mark) -> tuple[int, int, int]:
    return mark.seq, mark.message_id, mark.ordinal


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Turn rows into the columns that `unnest` takes; no rows are `width` empty columns."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
