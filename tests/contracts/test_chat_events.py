"""`chat.message` and `chat.membership`: what the chat service publishes is what realtime reads, by the golden files."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from chat_service.domain.batch import Receipt
from chat_service.domain.log import Standing
from chat_service.domain.model import (
    START,
    ChatId,
    ChatType,
    ChatView,
    LockedChat,
    Mark,
    Message,
    MessageId,
    NewlyRead,
    OwnSettings,
    Participant,
    Quote,
    Role,
    SeenMessage,
    UserId,
)
from chat_service.events import (
    Emission,
    chat_changed,
    chat_created,
    chat_resynced,
    membership_changed,
    message_changed,
    message_read,
    message_sent,
    resynced,
    settings_changed,
)
from messenger_platform.events import wal_messages
from realtime_service.domain import events as reader
from realtime_service.domain.frames import Quote as Quoted

GOLDEN = Path(__file__).parent / "golden"
AT = datetime(2026, 1, 2, 3, 4, 5, 678900, UTC)
ALICE, BOB, CAROL = UserId(2), UserId(3), UserId(4)
PRIVATE = LockedChat(ChatId(7), (ALICE, BOB), 2, 1, START, AT, START, 2)
GROUP = LockedChat(ChatId(8), None, 5, 3, START, AT, START, 3)


def message(chat: LockedChat, seq: int, text: str, quote: Quote | None = None) -> Message:
    client_id = UUID("7d4f1c9e-2f0b-4c53-9a51-0d6f3a1f9b11")
    reply_to_id = None if quote is None else quote.id
    return Message(chat.id, seq, MessageId(100 + seq), seq - 1, ALICE, client_id, text, AT, reply_to_id, quote)


def mark(seq: int) -> Mark:
    return Mark(seq, MessageId(100 + seq), seq - 1)


def view(version: int, *roles: tuple[UserId, Role], title: str = "Weekend", last: Message | None = None) -> ChatView:
    return ChatView(
        id=GROUP.id,
        type=ChatType.GROUP,
        title=title,
        creator_id=ALICE,
        participants=tuple(Participant(user_id, role, MessageId(0)) for user_id, role in roles),
        participant_count=len(roles),
        last_message=None if last is None else SeenMessage(last, is_read=True),
        unread_count=0,
        version=version,
        read_by_all_up_to=MessageId(0 if last is None else last.id),
        created_at=AT,
        updated_at=AT,
    )


EDITED = replace(message(PRIVATE, 2, "hello"), edited_at=AT)
DELETED = replace(message(GROUP, 4, ""), deleted=True)
TWO = ((ALICE, Role.CREATOR), (BOB, Role.MEMBER))
THREE = (*TWO, (CAROL, Role.MEMBER))
PUBLISHED: dict[str, list[Emission]] = {
    "chat.message": [
        message_sent(message(PRIVATE, 2, "hi"), PRIVATE),
        message_sent(message(GROUP, 4, "Привет 👩‍🚀 <b>"), GROUP),
        message_read(Receipt(PRIVATE.id, BOB, mark(2), (ALICE,), MessageId(102), (ALICE,))),
        message_read(Receipt(GROUP.id, BOB, mark(4), (ALICE, CAROL))),
        message_sent(message(PRIVATE, 3, "indeed", Quote(MessageId(102), ALICE, "hi")), PRIVATE),
        message_changed("MessageEdited", SeenMessage(EDITED, is_read=True), PRIVATE),
        message_changed("MessageDeleted", SeenMessage(DELETED, is_read=False), GROUP),
    ],
    "chat.settings": [settings_changed(GROUP.id, BOB, OwnSettings(muted=True, pinned=False))],
    "chat.membership": [
        chat_created(view(1, *TWO), [ALICE, BOB]),
        membership_changed(
            "ParticipantJoined", view(3, *THREE, last=message(GROUP, 2, "hi")), [ALICE, BOB, CAROL], CAROL, NewlyRead()
        ),
        chat_changed(view(4, *THREE, title="Lake"), [ALICE, BOB, CAROL]),
        membership_changed("ParticipantLeft", view(5, *TWO), [ALICE, BOB], CAROL, NewlyRead(MessageId(102), (ALICE,))),
        chat_resynced(Standing(GROUP.id, 5, (ALICE, BOB), MessageId(102))),
    ],
    "session.resynced": [resynced()],
}


def golden(key: str) -> bytes:
    return (GOLDEN / f"{key}.json").read_bytes()


@pytest.mark.parametrize("key", PUBLISHED)
def test_the_chat_service_publishes_the_golden_events(key: str) -> None:
    emissions = PUBLISHED[key]
    for number, (routing_key, event) in enumerate(emissions, start=1):
        assert routing_key == key
        event.id, event.time = f"{number:032d}", AT
    ((prefix, body),) = wal_messages(emissions)
    assert prefix == f"messenger.{key}"
    assert json.loads(body) == json.loads(golden(key))


def _read(key: str) -> list[Any]:
    decoders: dict[str, msgspec.json.Decoder[Any]] = {
        "MessageSent": reader.message_sent,
        "MessageRead": reader.message_read,
        **dict.fromkeys(reader.CHANGES_OF_MESSAGES, reader.message_changed),
        "ChatSettingsChanged": reader.chat_settings_changed,
        **dict.fromkeys(reader.CHAT_EVENTS, reader.chat_event),
        "ChatResynced": reader.chat_resynced,
    }
    return [decoders[event.type].decode(event.data) for event in reader.envelopes.decode(golden(key))]


def test_realtime_reads_the_golden_messages() -> None:
    private, group, read_by_all, read, reply, edited, deleted = _read("chat.message")
    assert (private.version, private.to, private.message.text) == (2, [2, 3], "hi")
    assert private.message.client_id == "7d4f1c9e-2f0b-4c53-9a51-0d6f3a1f9b11"
    assert (private.message.reply_to_id, private.message.reply_to) == (None, None)
    assert (reply.message.reply_to_id, reply.message.reply_to) == (102, Quoted(102, 2, "hi"))
    assert (edited.version, edited.to, edited.message.id) == (2, [2, 3], 102)
    assert (edited.message.text, edited.message.is_read) == ("hello", True)
    assert (edited.message.edited_at, edited.message.deleted) == ("2026-01-02T03:04:05.678900Z", False)
    assert (deleted.version, deleted.to, deleted.members_version) == (5, None, 3)
    assert (deleted.message.text, deleted.message.deleted, deleted.message.is_read) == ("", True, False)
    assert (group.version, group.to, group.members_version) == (4, None, 3)
    assert (read_by_all.user_id, read_by_all.message_id, read_by_all.authors) == (3, 102, [2])
    assert (read_by_all.is_read_up_to, read_by_all.is_read_authors) == (102, [2])
    assert (read.is_read_up_to, read.is_read_authors, read.authors) == (None, [], [2, 4])


def test_realtime_reads_the_golden_changes_of_membership() -> None:
    created, joined, changed, left, resynced = _read("chat.membership")
    assert [event.version for event in (created, joined, changed, left)] == [1, 3, 4, 5]
    assert {event.chat_id for event in (created, joined, changed, left)} == {8}
    assert (created.participants, created.user_id) == ([2, 3], None)
    assert (joined.participants, joined.user_id, joined.is_read_up_to) == ([2, 3, 4], 4, None)
    assert msgspec.json.decode(changed.chat)["title"] == "Lake"
    assert (left.participants, left.user_id, left.is_read_up_to, left.is_read_authors) == ([2, 3], 4, 102, [2])
    assert (resynced.chat_id, resynced.version, resynced.participants, resynced.is_read_up_to) == (8, 5, [2, 3], 102)


def test_realtime_reads_the_golden_settings() -> None:
    (changed,) = _read("chat.settings")
    assert (changed.chat_id, changed.user_id, changed.muted, changed.pinned) == (8, 3, True, False)
