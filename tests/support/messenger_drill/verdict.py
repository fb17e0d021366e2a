"""What the tables and the journals say together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from messenger_drill.phone import Journal, Phone

PROMISED_ERRORS = frozenset({"unavailable", "rate_limited"})
PROMISED_CLOSES = frozenset({1000, 1001, 1005, 1006, 1012, 1013, 4408})
PROMISED_STATUSES = frozenset({0, 429, 503})
"""Answers to a handshake; 0: no answer, the gateway was away."""


@dataclass(slots=True)
class Verdict:
    """Counts, which are all to be 0, but for `sent`, `acknowledged` and what was repeated on the wire."""

    sent: int = 0
    acknowledged: int = 0
    repeated: int = 0
    lost: int = 0
    """Acknowledged but not in the tables, or in the tables and missing on a phone."""
    doubled: int = 0
    phantom: int = 0
    """On a phone but not in the tables."""
    reordered: int = 0
    gaps: int = 0
    unacknowledged: int = 0
    unpromised: Counter[str] = field(default_factory=Counter)
    """Error codes, close codes and statuses that the contract does not name for such a moment."""
    details: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether nothing at all went wrong that must not."""
        wrong = self.lost + self.doubled + self.phantom + self.reordered + self.gaps + self.unacknowledged
        return wrong == 0 and not self.unpromised and self.sent > 0

    def __str__(self) -> str:
        counts = ("sent", "acknowledged", "lost", "doubled", "phantom", "reordered", "gaps", "unacknowledged")
        said = ", ".join(f"{name} {getattr(self, name)}" for name in counts)
        return "\n".join([said, f"not promised: {dict(self.unpromised)}", *self.details[:20]])


async def judge(
    journal: Journal, members: Mapping[int, Sequence[Phone]], database: asyncpg.Connection[asyncpg.Record]
) -> Verdict:
    """Compare what phones noted and show with the rows of their chats."""
    verdict = Verdict(sent=len(journal.sendings), repeated=journal.repeated)
    verdict.unpromised = _unpromised(journal)
    verdict.details = journal.contradictions[:]
    verdict.reordered = len(journal.contradictions)
    stored: dict[str, int] = {}
    for chat_id, phones in members.items():
        rows = await database.fetch(
            "SELECT id, seq, client_id::text AS client_id FROM message WHERE chat_id = $1 ORDER BY seq", chat_id
        )
        _judge_chat(verdict, chat_id, rows, phones, journal)
        for row in rows:
            verdict.doubled += row["client_id"] in stored
            stored[row["client_id"]] = row["id"]
    for client_id, sending in journal.sendings.items():
        if not sending.acknowledged_at:
            verdict.unacknowledged += 1
            continue
        verdict.acknowledged += 1
        if stored.get(client_id) != sending.message_id:
            verdict.lost += 1
            verdict.details.append(
                f"{client_id} was acknowledged as {sending.message_id}, and is {stored.get(client_id)}"
            )
    return verdict


def _judge_chat(
    verdict: Verdict, chat_id: int, rows: list[asyncpg.Record], phones: Sequence[Phone], journal: Journal
) -> None:
    ids = [row["id"] for row in rows if row["client_id"] in journal.sendings]
    all_ids = {row["id"] for row in rows}
    sequence = [row["seq"] for row in rows]
    verdict.gaps += len(sequence) and sequence[-1] - sequence[0] + 1 - len(sequence)
    verdict.reordered += ids != sorted(ids)
    for phone in phones:
        chat = phone.chats[chat_id]
        missing = [item for item in ids if item not in chat.known]
        verdict.lost += len(missing)
        verdict.doubled += len(chat.ids) - len(set(chat.ids))
        verdict.phantom += sum(item not in all_ids for item in chat.ids)
        verdict.reordered += chat.ids != sorted(chat.ids)
        verdict.gaps += len(chat.ahead)
        if missing:
            verdict.details.append(
                f"chat {chat_id} on a phone of {phone.account.username}: {len(missing)} missing from {missing[0]} on, "
                f"version {chat.version} of {sequence[-1]}, {len(chat.ahead)} ahead"
            )


def _unpromised(journal: Journal) -> Counter[str]:
    found: Counter[str] = Counter()
    for code, count in journal.errors.items():
        if code not in PROMISED_ERRORS:
            found[f"error {code}"] += count
    for close, count in journal.closes.items():
        if close not in PROMISED_CLOSES:
            found[f"close {close}"] += count
    for status, count in journal.refused_handshakes.items():
        if status not in PROMISED_STATUSES:
            found[f"handshake {status}"] += count
    return found
