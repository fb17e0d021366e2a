"""Tell what happened in chats after a version: for clients that were away and for realtime's own gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from chat_service.domain.log import ChatVersion, Difference, Entry, Members
from chat_service.domain.model import START, ChatId, ChatView, ReadState, UserId
from chat_service.services.ports import Logs

MAX_ENTRIES = 500
MAX_ENTRIES_IN_ALL = 2_000
"""A client with more than this behind it pages histories faster than it reads one huge answer."""


NOBODY = Members(0, (), ReadState(START, 0))


class ReadLog:
    """Differences are complete or they are not given: there is no partial answer."""

    def __init__(self, logs: Logs) -> None:
        self._logs = logs

    async def differences(self, viewer: UserId, asked: Mapping[ChatId, int]) -> dict[ChatId, Difference | None]:
        """Return for each chat what the viewer has missed since a version, all at one moment.

        None: no such chat, or not the viewer's. Too much to tell: more than 500 versions, all the chats' more than
        2,000, or a version that the chat has not reached, which is of another database. Raises `Unavailable`.
        """
        async with self._logs.snapshot() as snapshot:
            states = await snapshot.states(viewer, list(asked))
            after: dict[ChatId, int] = {}
            left = MAX_ENTRIES_IN_ALL
            for chat_id, state in states.items():
                missing = state.version - asked[chat_id]
                if 0 <= missing <= min(MAX_ENTRIES, left):
                    after[chat_id] = asked[chat_id]
                    left -= missing
            behind = {chat_id: seq for chat_id, seq in after.items() if seq < states[chat_id].version}
            entries = await snapshot.entries(behind, MAX_ENTRIES) if behind else {}
            changed = [chat_id for chat_id, found in entries.items() if _has_change(found)]
            views = await snapshot.views(changed, viewer) if changed else {}
        return {
            chat_id: Difference(
                chat_id,
                states[chat_id],
                tuple(entries.get(chat_id, ())) if chat_id in after else None,
                views.get(chat_id),
            )
            if chat_id in states
            else None
            for chat_id in asked
        }

    async def members(self, chat_id: ChatId) -> Members:
        """Return who is in a chat; version 0 and nobody when there is none. Raises `Unavailable`."""
        async with self._logs.snapshot() as snapshot:
            return await snapshot.members(chat_id) or NOBODY

    async def entries(self, chat_id: ChatId, after: int, limit: int) -> tuple[Members, list[Entry], ChatView | None]:
        """Return the first `limit` versions after `after`, as events told them. Raises `Unavailable`.

        The members and the chat (given when an entry is a change of it) are those of now.
        """
        async with self._logs.snapshot() as snapshot:
            members = await snapshot.members(chat_id)
            if members is None:
                return NOBODY, [], None
            entries = (await snapshot.entries({chat_id: after}, limit)).get(chat_id, [])
            view = (await snapshot.views([chat_id], None))[chat_id] if _has_change(entries) else None
        return members, entries, view

    async def changed_since(self, user_ids: Sequence[UserId], since: datetime) -> list[ChatVersion]:
        """Return the chats of any of the users that have versions of `since` or later. Raises `Unavailable`."""
        async with self._logs.snapshot() as snapshot:
            return await snapshot.changed_since(user_ids, since)


def _has_change(entries: Sequence[Entry]) -> bool:
    return any(entry.message is None for entry in entries)
