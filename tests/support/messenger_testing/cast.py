"""One group and everybody who could want something from it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from messenger_testing.client import Account

ROLES = ("stranger", "removed", "participant", "admin", "creator")


@dataclass(frozen=True, slots=True)
class Cast:
    """A group, a message of its creator in it, and an account for each role."""

    people: dict[str, Account]
    chat_id: int
    message_id: int

    def __getitem__(self, role: str) -> Account:
        """Return who plays the role."""
        return self.people[role]

    def values(self, caller: str) -> dict[str, Any]:
        """Return what templates name; the person aimed at is never the caller."""
        target = "admin" if caller == "participant" else "participant"
        return {
            "chat_id": self.chat_id,
            "message_id": self.message_id,
            "user_id": self.people[target].id,
            "session_id": str(uuid.uuid4()),
            "stranger": self.people["stranger"].id,
            "uuid": str(uuid.uuid4()),
        }


async def assemble(accounts: list[Account]) -> Cast:
    """Make the group; takes five accounts."""
    people = dict(zip(ROLES, accounts, strict=True))
    creator, others = people["creator"], [people[role] for role in ("removed", "participant", "admin")]
    chat_id = await creator.group("Attacked", *others)
    base = f"/api/chats/{chat_id}"
    made_admin = await creator.http.put(f"{base}/participants/{people['admin'].id}", json={"role": "admin"})
    removed = await creator.http.delete(f"{base}/participants/{people['removed'].id}")
    sent = await creator.http.post(f"{base}/messages", json={"client_id": str(uuid.uuid4()), "text": "for us only"})
    assert (made_admin.status_code, removed.status_code, sent.status_code) == (200, 204, 201)
    return Cast(people, chat_id, sent.json()["id"])


def filled(template: Any, values: dict[str, Any]) -> Any:
    """Put values in place of `"{name}"` anywhere in a body."""
    if isinstance(template, dict):
        return {key: filled(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, values) for value in template]
    if isinstance(template, str) and template.startswith("{"):
        return values[template.strip("{}")]
    return template
