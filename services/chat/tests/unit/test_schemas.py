"""What is encoded for speed says the same as what OpenAPI documents."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from chat_service.controllers.schemas import MessageBody, encode_messages
from chat_service.domain.model import ChatId, Message, MessageId, Quote, SeenMessage, UserId

ALICE, BOB = UserId(1), UserId(2)
PLAIN = Message(ChatId(3), 4, MessageId(5), 4, ALICE, UUID(int=6), "hi", datetime(2026, 11, 22, 1, 2, 3, 45, UTC))
REPLY = Message(
    ChatId(3),
    5,
    MessageId(7),
    5,
    BOB,
    UUID(int=8),
    "Grüße \U0001f600",
    datetime(2026, 11, 22, tzinfo=UTC),
    MessageId(5),
    Quote(MessageId(5), ALICE, "hi"),
    datetime(2026, 11, 23, tzinfo=UTC),
)
GONE = Message(
    ChatId(3),
    6,
    MessageId(9),
    6,
    ALICE,
    UUID(int=9),
    "",
    datetime(2026, 11, 22, tzinfo=UTC),
    MessageId(5),
    deleted=True,
)


@pytest.mark.parametrize("viewer", [ALICE, BOB])
@pytest.mark.parametrize("message", [PLAIN, REPLY, GONE], ids=["plain", "reply", "deleted"])
def test_a_page_and_a_single_message_look_the_same(message: Message, viewer: UserId) -> None:
    seen = SeenMessage(message, is_read=viewer == BOB)
    single = json.loads(MessageBody.seen(seen, viewer).model_dump_json())
    assert json.loads(encode_messages([seen], viewer)) == [single]
