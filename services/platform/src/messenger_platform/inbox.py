"""How a projection applies each event once: the position of the last one, kept in the projection's own transaction."""

from __future__ import annotations

from sqlalchemy import Column, MetaData, String, Table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from messenger_platform.events import Position

_READ = text("SELECT epoch, position FROM inbox_position WHERE consumer = :consumer FOR UPDATE")
_WRITE = text(
    "INSERT INTO inbox_position (consumer, epoch, position) VALUES (:consumer, :epoch, :position) "
    "ON CONFLICT (consumer) DO UPDATE SET epoch = excluded.epoch, position = excluded.position"
)


def inbox_table(metadata: MetaData) -> Table:
    """Declare the table in a service's metadata: one row per consumer, so it never grows."""
    return Table(
        "inbox_position",
        metadata,
        Column("consumer", String(64), primary_key=True),
        Column("epoch", String(64), nullable=False),
        Column("position", String(25), nullable=False),
    )


async def advance(connection: AsyncConnection, consumer: str, position: Position) -> bool:
    """Move the consumer's mark to `position`; False when it has been there already and the message is to be skipped.

    A new epoch (slot made anew, backup restored) starts the log again, so its first message is always applied, and
    what an older one has left behind is skipped.
    """
    row = (await connection.execute(_READ, {"consumer": consumer})).one_or_none()
    if row is not None:
        if row.epoch == position.epoch and position.order <= row.position:
            return False
        if position.precedes(row.epoch):
            return False
    await connection.execute(_WRITE, {"consumer": consumer, "epoch": position.epoch, "position": position.order})
    return True
