"""The conformance suite of a message log: the same sentences hold in memory and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chat_service.domain.batch import Noted, Outcome, Read, Send, Sent
from chat_service.domain.errors import Conflict, NotFound
from chat_service.domain.model import ChatId, MessageId, Quote, UserId
from chat_service.services.write_batch import WriteBatch

ALICE, BOB, CAROL, MALLORY = (UserId(number) for number in (1, 2, 3, 66))


class Talk:
    """One chat, and what is said in it."""

    def __init__(self, storage: Any, chat_id: ChatId, client_ids: Iterator[UUID], now: datetime) -> None:
        self.chat_id = chat_id
        self.now = now
        self._storage = storage
        self._client_ids = client_ids
        self._write = WriteBatch(storage.log, lambda: self.now)

    def send(
        self, user_id: UserId, text: str = "hi", client_id: UUID | None = None, reply_to_id: int | None = None
    ) -> Send:
        answered = None if reply_to_id is None else MessageId(reply_to_id)
        return Send(user_id, self.chat_id, client_id or next(self._client_ids), text, answered)

    def read(self, user_id: UserId, message_id: int) -> Read:
        return Read(user_id, self.chat_id, MessageId(message_id))

    async def batch(self, *ops: Send | Read) -> list[Outcome]:
        return await self._write(ops)

    async def sent(self, *ops: Send) -> list[Sent]:
        outcomes = await self.batch(*ops)
        assert all(isinstance(outcome, Sent) for outcome in outcomes), outcomes
        return [outcome for outcome in outcomes if isinstance(outcome, Sent)]

    async def said(self, user_id: UserId) -> int:
        """Send a message in a batch of its own and return its id."""
        return (await self.sent(self.send(user_id)))[0].message.id

    def told(self, kind: str) -> list[Any]:
        return list(self._storage.log.of_type(kind))


NOON = datetime.fromisoformat("2030-01-01T12:00:00+00:00")


@pytest.fixture
async def private(storage: Any, client_ids: Iterator[UUID]) -> Talk:
    return Talk(storage, await storage.private(ALICE, BOB), client_ids, NOON)


@pytest.fixture
async def group(storage: Any, client_ids: Iterator[UUID]) -> Talk:
    return Talk(storage, await storage.group(ALICE, BOB, CAROL), client_ids, NOON)


async def test_messages_get_consecutive_versions_in_the_order_of_the_batch(private: Talk, storage: Any) -> None:
    sent = await private.sent(*(private.send(user, str(number)) for number, user in enumerate([ALICE, BOB, ALICE])))
    assert [answer.message.seq for answer in sent] == [2, 3, 4]
    stored = await storage.messages(private.chat_id)
    assert [(m.text, m.seq, m.ordinal, m.sender_id) for m in stored] == [
        ("0", 2, 1, ALICE),
        ("1", 3, 2, BOB),
        ("2", 4, 3, ALICE),
    ]
    assert stored == [answer.message for answer in sent]


async def test_ids_and_times_agree_with_versions_even_when_the_clock_goes_back(private: Talk, storage: Any) -> None:
    for minutes in (5, -5, 1):
        private.now = NOON + timedelta(minutes=minutes)
        await private.said(ALICE)
    stored = await storage.messages(private.chat_id)
    assert [m.created_at for m in stored] == [NOON + timedelta(minutes=5)] * 3
    assert [m.id for m in stored] == sorted({m.id for m in stored})


async def test_the_same_client_id_is_one_message(private: Talk, storage: Any) -> None:
    first, again = await private.sent(*[private.send(ALICE, client_id=UUID(int=7))] * 2)
    (later,) = await private.sent(private.send(ALICE, client_id=UUID(int=7)))
    assert (first.duplicate, again.duplicate, later.duplicate) == (False, True, True)
    assert first.message == again.message == later.message
    assert len(await storage.messages(private.chat_id)) == len(private.told("MessageSent")) == 1


async def test_the_same_client_id_of_another_sender_is_another_message(private: Talk, storage: Any) -> None:
    await private.sent(private.send(ALICE, client_id=UUID(int=7)), private.send(BOB, client_id=UUID(int=7)))
    assert len(await storage.messages(private.chat_id)) == 2


async def test_the_same_client_id_with_another_text_is_a_conflict(private: Talk, storage: Any) -> None:
    outcomes = await private.batch(
        private.send(ALICE, "one", UUID(int=7)), private.send(ALICE, "two", UUID(int=7)), private.send(ALICE, "three")
    )
    assert [type(outcome) for outcome in outcomes] == [Sent, Conflict, Sent]
    assert [m.text for m in await storage.messages(private.chat_id)] == ["one", "three"]


async def test_duplicates_take_no_version(private: Talk) -> None:
    sent = await private.sent(*[private.send(ALICE, client_id=UUID(int=7))] * 3, private.send(ALICE), private.send(BOB))
    assert [answer.message.seq for answer in sent] == [2, 2, 2, 3, 4]


async def test_outsiders_and_strangers_to_no_chat_get_the_same_answer(private: Talk, storage: Any) -> None:
    message_id = await private.said(ALICE)
    nowhere = ChatId(10**9)
    outcomes = await private.batch(
        private.send(MALLORY),
        private.read(MALLORY, message_id),
        Send(MALLORY, nowhere, UUID(int=9), "hi"),
        Read(MALLORY, nowhere, MessageId(message_id)),
    )
    assert {type(outcome) for outcome in outcomes} == {NotFound}
    assert len({str(outcome) for outcome in outcomes}) == 1
    assert len(await storage.messages(private.chat_id)) == 1


async def test_a_refusal_leaves_the_rest_of_the_batch_alone(private: Talk) -> None:
    outcomes = await private.batch(private.send(MALLORY), private.send(ALICE), private.read(BOB, 10**12))
    assert [type(outcome) for outcome in outcomes] == [NotFound, Sent, NotFound]


async def test_one_batch_writes_to_many_chats(storage: Any, private: Talk, group: Talk) -> None:
    outcomes = await private.batch(private.send(ALICE), group.send(BOB), private.send(BOB), group.send(CAROL))
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert [m.seq for m in await storage.messages(private.chat_id)] == [2, 3]
    assert [m.seq for m in await storage.messages(group.chat_id)] == [2, 3]


async def test_private_messages_name_both_participants_and_groups_the_version_of_their_members(
    private: Talk, group: Talk
) -> None:
    (answer,) = await private.sent(private.send(BOB))
    assert answer.to == (ALICE, BOB)
    await group.said(CAROL)
    in_private, in_group = private.told("MessageSent")
    assert (in_private.to, in_group.members_version) == ([ALICE, BOB], 1)
    assert (in_private.message.client_id, in_private.version) == (answer.message.client_id, 2)


async def test_reading_tells_the_author_and_marks_the_message_read_by_all(private: Talk, storage: Any) -> None:
    message_id = await private.said(ALICE)
    assert await private.batch(private.read(BOB, message_id)) == [Noted()]
    (told,) = private.told("MessageRead")
    assert (told.user_id, told.message_id, told.authors) == (BOB, message_id, [ALICE])
    assert (told.is_read_up_to, told.is_read_authors) == (message_id, [ALICE])
    assert await storage.watermark(private.chat_id) == message_id


async def test_a_mark_never_goes_back(private: Talk, storage: Any) -> None:
    first, second = await private.said(ALICE), await private.said(ALICE)
    await private.batch(private.read(BOB, second))
    assert await private.batch(private.read(BOB, first), private.read(BOB, second)) == [Noted(), Noted()]
    assert (await storage.marks(private.chat_id))[BOB] == second
    assert len(private.told("MessageRead")) == 1


async def test_marks_of_one_batch_are_told_once(private: Talk) -> None:
    first, second = await private.said(ALICE), await private.said(ALICE)
    await private.batch(private.read(BOB, first), private.read(BOB, second))
    assert [told.message_id for told in private.told("MessageRead")] == [second]


async def test_a_message_of_another_chat_cannot_be_read_here(private: Talk, group: Talk) -> None:
    elsewhere = await group.said(ALICE)
    (outcome,) = await private.batch(private.read(BOB, elsewhere))
    assert isinstance(outcome, NotFound)


async def test_sending_reads_what_the_others_wrote_before(private: Talk, storage: Any) -> None:
    question = await private.said(ALICE)
    answer = await private.said(BOB)
    (told,) = private.told("MessageRead")
    assert (told.user_id, told.message_id, told.authors) == (BOB, answer, [ALICE])
    assert (told.is_read_up_to, told.is_read_authors) == (question, [ALICE])
    assert await storage.marks(private.chat_id) == {ALICE: question, BOB: answer}


async def test_sending_again_reads_nothing_new(private: Talk) -> None:
    await private.said(ALICE)
    await private.said(ALICE)
    assert private.told("MessageRead") == []


async def test_a_talk_within_one_batch_names_both_as_authors(private: Talk) -> None:
    first, second, _ = [
        answer.message.id for answer in await private.sent(private.send(ALICE), private.send(BOB), private.send(ALICE))
    ]
    told = {event.user_id: event for event in private.told("MessageRead")}
    assert (told[BOB].authors, told[ALICE].authors) == ([ALICE], [BOB])
    everyone = [event for event in told.values() if event.is_read_up_to is not None]
    assert [(event.is_read_up_to, event.is_read_authors) for event in everyone] == [(second, [ALICE, BOB])]
    assert first < second


async def test_a_group_message_is_read_by_all_when_the_last_one_has_read_it(group: Talk, storage: Any) -> None:
    message_id = await group.said(ALICE)
    await group.batch(group.read(BOB, message_id))
    assert await storage.watermark(group.chat_id) == 0
    await group.batch(group.read(CAROL, message_id))
    assert await storage.watermark(group.chat_id) == message_id
    by_bob, by_carol = group.told("MessageRead")
    assert (by_bob.is_read_up_to, by_bob.authors) == (None, [ALICE])
    assert (by_carol.is_read_up_to, by_carol.is_read_authors) == (message_id, [ALICE])


async def test_everybody_reading_in_one_batch_is_read_by_all(group: Talk, storage: Any) -> None:
    message_id = await group.said(ALICE)
    await group.batch(group.read(BOB, message_id), group.read(CAROL, message_id))
    assert await storage.watermark(group.chat_id) == message_id
    assert [told.is_read_up_to for told in group.told("MessageRead")] == [None, message_id]


async def test_authors_are_those_of_the_newly_read_messages_only(group: Talk) -> None:
    await group.said(ALICE)
    middle = await group.said(BOB)
    await group.batch(group.read(CAROL, middle))
    last = await group.said(BOB)
    await group.batch(group.read(CAROL, last))
    of_carol = [told.authors for told in group.told("MessageRead") if told.user_id == CAROL]
    assert of_carol == [[ALICE, BOB], [BOB]]


async def test_reading_in_part_names_the_authors_of_that_part(group: Talk) -> None:
    first = await group.said(ALICE)
    await group.said(BOB)
    await group.batch(group.read(CAROL, first))
    assert [told.authors for told in group.told("MessageRead") if told.user_id == CAROL] == [[ALICE]]


async def test_a_repeated_send_shows_whether_the_message_has_been_read(private: Talk) -> None:
    op = private.send(ALICE)
    (first,) = await private.sent(op)
    await private.batch(private.read(BOB, first.message.id))
    (again,) = await private.sent(op)
    assert (first.is_read, again.is_read) == (False, True)


async def test_someone_alone_in_a_group_reads_nothing_to_anybody(storage: Any, client_ids: Iterator[UUID]) -> None:
    alone = Talk(storage, await storage.group(ALICE), client_ids, NOON)
    op = alone.send(ALICE)
    await alone.sent(op)
    (again,) = await alone.sent(op)
    assert not again.is_read
    assert alone.told("MessageRead") == []


async def test_who_is_told_that_all_have_read_is_who_wrote_what_all_have_read(group: Talk) -> None:
    first = await group.said(ALICE)
    second = await group.said(BOB)
    await group.batch(group.read(CAROL, second))
    # Alice has not read Bob's message: of the two that Carol has read, all have read only Alice's.
    told = group.told("MessageRead")[-1]
    assert (told.user_id, told.authors) == (CAROL, [ALICE, BOB])
    assert (told.is_read_up_to, told.is_read_authors) == (first, [ALICE])


async def test_a_private_chat_counts_no_third_person_in_its_batch(private: Talk, storage: Any) -> None:
    await private.batch(private.send(MALLORY), private.send(ALICE), private.read(MALLORY, 1))
    assert set(await storage.marks(private.chat_id)) == {ALICE, BOB}


async def test_a_reply_quotes_the_beginning_of_what_it_answers(private: Talk) -> None:
    (first,) = await private.sent(private.send(ALICE, "x" * 119 + "yz"))
    reply = private.send(BOB, "indeed", reply_to_id=first.message.id)
    (sent,) = await private.sent(reply)
    assert sent.message.quote == Quote(first.message.id, ALICE, "x" * 119 + "y")
    told = private.told("MessageSent")[-1].message
    assert (told.reply_to_id, told.reply_to.text) == (first.message.id, "x" * 119 + "y")
    (again,) = await private.sent(reply)
    assert again.duplicate
    assert again.message == sent.message


async def test_a_reply_to_what_is_not_in_the_chat_is_refused_and_takes_no_version(private: Talk, storage: Any) -> None:
    elsewhere = await storage.private(ALICE, CAROL)
    (there,) = await private.sent(Send(ALICE, elsewhere, UUID(int=1), "hi"))
    refused, nothing = await private.batch(
        private.send(BOB, reply_to_id=there.message.id), private.send(BOB, reply_to_id=2**53 - 1)
    )
    assert isinstance(refused, NotFound)
    assert isinstance(nothing, NotFound)
    (sent,) = await private.sent(private.send(BOB))
    assert sent.message.seq == 2


async def test_the_same_client_id_for_another_reply_is_a_conflict(private: Talk) -> None:
    first = await private.said(ALICE)
    client_id = UUID(int=7)
    await private.sent(private.send(BOB, client_id=client_id, reply_to_id=first))
    assert isinstance((await private.batch(private.send(BOB, client_id=client_id)))[0], Conflict)
