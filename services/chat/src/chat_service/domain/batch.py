"""What a batch of sends and reads does to the chats it has locked: pure, so that it can be tested without a database.

The caller locks the chats' rows, gathers the `Ground`, applies the operations in their order, answers the `Questions`
about groups, settles, and writes what changed. Everything here may rely on nobody else touching the chats meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import msgspec

from chat_service.domain.errors import ChatError, Conflict, no_such_chat, no_such_message
from chat_service.domain.model import ChatId, LockedChat, Mark, Message, MessageId, Quote, ReadState, UserId

Seat = tuple[ChatId, UserId]


class Send(msgspec.Struct, frozen=True, gc=False):
    """A message to append once; `text` has passed `clean_text`."""

    user_id: UserId
    chat_id: ChatId
    client_id: UUID
    text: str
    reply_to_id: MessageId | None = None


class Read(msgspec.Struct, frozen=True, gc=False):
    """Everything up to this message is read by the user."""

    user_id: UserId
    chat_id: ChatId
    message_id: MessageId


Op = Send | Read


class Sent(msgspec.Struct, frozen=True, gc=False):
    """The message of a send; `duplicate` when an earlier send had the same client id. `to` names a private pair."""

    message: Message
    duplicate: bool
    is_read: bool
    to: tuple[UserId, UserId] | None


class Noted(msgspec.Struct, frozen=True, gc=False):
    """A read was taken note of, or was behind the mark already."""


Outcome = Sent | Noted | ChatError


@dataclass(slots=True)
class Ground:
    """What a batch stands on, read after the locks were taken.

    `cursors` holds the marks of the operations' users who are participants, and in private chats of both peers.
    `targets` are the messages that reads name, `quotes` those that replies answer. `ids` ascend, lie above all ids of
    the locked chats and suffice for all sends.
    """

    chats: dict[ChatId, LockedChat] = field(default_factory=dict)
    cursors: dict[Seat, Mark] = field(default_factory=dict)
    sent: dict[tuple[ChatId, UserId, UUID], Message] = field(default_factory=dict)
    targets: dict[tuple[ChatId, MessageId], Mark] = field(default_factory=dict)
    quotes: dict[tuple[ChatId, MessageId], Quote] = field(default_factory=dict)
    ids: list[MessageId] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Questions:
    """What only the database knows about groups, and only sometimes matters.

    `laggards`: of these chats, the smallest mark among the participants who are not in `moved`.
    `authors`: for (chat, after, up to), who of the present participants wrote there and each one's first version.
    """

    moved: list[Seat]
    laggards: list[ChatId]
    authors: list[tuple[ChatId, int, int]]

    def __bool__(self) -> bool:
        return bool(self.laggards or self.authors)


@dataclass(slots=True)
class Answers:
    """Answers to `Questions`; the authors' key is (chat, after)."""

    laggards: dict[ChatId, Mark] = field(default_factory=dict)
    authors: dict[tuple[ChatId, int], dict[UserId, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A participant has read others' messages up to `up_to`.

    `authors` wrote what was newly read. When everyone has now read further, `is_read_up_to` is how far and
    `is_read_authors` wrote what lies between.
    """

    chat_id: ChatId
    user_id: UserId
    up_to: Mark
    authors: tuple[UserId, ...]
    is_read_up_to: MessageId | None = None
    is_read_authors: tuple[UserId, ...] = ()


class Batch:
    """Apply operations one after the other; afterwards `messages`, `moved` and `receipts` say what is new."""

    def __init__(self, ground: Ground, now: datetime) -> None:
        self._ground = ground
        self._now = now
        self._ids: Iterator[MessageId] = iter(ground.ids)
        self._own: defaultdict[Seat, int] = defaultdict(int)
        self._before: dict[Seat, Mark] = {}
        self._changed: dict[ChatId, None] = {}
        self._new: defaultdict[ChatId, list[Message]] = defaultdict(list)
        self.messages: list[Message] = []
        self.receipts: list[Receipt] = []

    @property
    def moved(self) -> dict[Seat, Mark]:
        """The marks that moved, at their new places."""
        return {seat: self._ground.cursors[seat] for seat in self._before}

    @property
    def changed_chats(self) -> list[LockedChat]:
        """The chats whose counters differ from their rows."""
        return [self._ground.chats[chat_id] for chat_id in self._changed]

    def apply(self, op: Op) -> Outcome:
        """Apply one operation; a refusal is an outcome, not an exception, and changes nothing."""
        chat = self._ground.chats.get(op.chat_id)
        if chat is None or (op.chat_id, op.user_id) not in self._ground.cursors:
            return no_such_chat()
        return self._send(chat, op) if isinstance(op, Send) else self._read(op)

    def _send(self, chat: LockedChat, op: Send) -> Outcome:
        key = (op.chat_id, op.user_id, op.client_id)
        known = self._ground.sent.get(key)
        if known is not None:
            # Of an edited message nobody knows any more what was sent first.
            is_as_sent = known.edited_at is None and not known.deleted
            if (is_as_sent and known.text != op.text) or known.reply_to_id != op.reply_to_id:
                return Conflict("This client_id has been used for another text or reply.")
            state = ReadState(chat.watermark, chat.participant_count)
            return Sent(known, duplicate=True, is_read=state.is_read(known, op.user_id), to=chat.peers)
        quote: Quote | None = None
        if op.reply_to_id is not None:
            quote = self._ground.quotes.get((op.chat_id, op.reply_to_id))
            if quote is None:
                return no_such_message()
        message = self._append(chat, op, quote)
        self._ground.sent[key] = message
        self._ground.targets[op.chat_id, message.id] = message.mark
        self.messages.append(message)
        self._changed[op.chat_id] = None
        self._new[op.chat_id].append(message)
        self._own[op.chat_id, op.user_id] += 1
        self._move((op.chat_id, op.user_id), message.mark)
        return Sent(message, duplicate=False, is_read=False, to=chat.peers)

    def _append(self, chat: LockedChat, op: Send, quote: Quote | None) -> Message:
        at = chat.advance(self._now)
        message = Message(
            chat_id=chat.id,
            seq=chat.last_seq,
            id=next(self._ids),
            ordinal=chat.end.ordinal + 1,
            sender_id=op.user_id,
            client_id=op.client_id,
            text=op.text,
            created_at=at,
            reply_to_id=op.reply_to_id,
            quote=quote,
        )
        chat.end = message.mark
        return message

    def _read(self, op: Read) -> Outcome:
        target = self._ground.targets.get((op.chat_id, op.message_id))
        if target is None:
            return no_such_message()
        self._move((op.chat_id, op.user_id), target)
        return Noted()

    def _move(self, seat: Seat, target: Mark) -> None:
        cursor = self._ground.cursors[seat]
        if target > cursor:
            self._before.setdefault(seat, cursor)
            self._ground.cursors[seat] = target

    def questions(self) -> Questions:
        """Ask what the read state of the groups among the chats depends on."""
        laggards: set[ChatId] = set()
        ranges: dict[tuple[ChatId, int], int] = {}
        for seat, old in self._before.items():
            chat = self._ground.chats[seat[0]]
            if chat.peers is not None:
                continue
            if old.seq <= chat.watermark.seq:
                laggards.add(chat.id)
            if self._newly_read(seat):
                span = (chat.id, old.seq)
                ranges[span] = max(ranges.get(span, 0), self._ground.cursors[seat].seq)
        return Questions(
            moved=[seat for seat in self._before if seat[0] in laggards],
            laggards=sorted(laggards),
            authors=[(chat_id, after, up_to) for (chat_id, after), up_to in ranges.items()],
        )

    def settle(self, answers: Answers) -> None:
        """Move the watermarks and write the receipts."""
        watermarks: dict[ChatId, Mark] = {}
        for chat_id in {chat_id for chat_id, _ in self._before}:
            chat = self._ground.chats[chat_id]
            watermarks[chat_id], chat.watermark = chat.watermark, self._watermark(chat, answers)
            if chat.watermark != watermarks[chat_id]:
                self._changed[chat_id] = None
        last_receipt: dict[ChatId, int] = {}
        for seat in self._before:
            if self._newly_read(seat):
                last_receipt[seat[0]] = len(self.receipts)
                self.receipts.append(self._receipt(seat, answers))
        # That all have read up to somewhere is told once, with the chat's last receipt: a watermark passes others'
        # messages only when someone reads them.
        for chat_id, index in last_receipt.items():
            chat = self._ground.chats[chat_id]
            if chat.watermark > watermarks[chat_id]:
                told = self.receipts[index]
                authors = self._authors_below(chat, watermarks[chat_id], told, answers)
                if authors:
                    self.receipts[index] = Receipt(
                        chat_id, told.user_id, told.up_to, told.authors, chat.watermark.message_id, authors
                    )

    def _newly_read(self, seat: Seat) -> int:
        """Count the others' messages that a moved mark has passed; one's own all lie behind one's mark."""
        return self._ground.cursors[seat].ordinal - self._before[seat].ordinal - self._own[seat]

    def _watermark(self, chat: LockedChat, answers: Answers) -> Mark:
        if chat.peers is not None:
            return min(self._ground.cursors[chat.id, peer] for peer in chat.peers)
        moved = {seat: old for seat, old in self._before.items() if seat[0] == chat.id}
        if all(old.seq > chat.watermark.seq for old in moved.values()):
            return chat.watermark
        marks = [self._ground.cursors[seat] for seat in moved]
        laggard = answers.laggards.get(chat.id)
        return min([*marks, laggard] if laggard is not None else marks)

    def _receipt(self, seat: Seat, answers: Answers) -> Receipt:
        chat_id, user_id = seat
        chat, old, new = self._ground.chats[chat_id], self._before[seat], self._ground.cursors[seat]
        if chat.peers is not None:
            authors = tuple(peer for peer in chat.peers if peer != user_id)
        else:
            found = self._wrote_in_batch(chat_id, old.seq, new.seq)
            for author, first in answers.authors.get((chat_id, old.seq), {}).items():
                if first <= new.seq:
                    found.add(author)
            authors = tuple(sorted(found - {user_id}))
        return Receipt(chat_id, user_id, new, authors)

    def _authors_below(self, chat: LockedChat, old: Mark, told: Receipt, answers: Answers) -> tuple[UserId, ...]:
        found = self._wrote_in_batch(chat.id, old.seq, chat.watermark.seq)
        if chat.peers is not None:
            if len(self._in_batch(chat.id, old.seq, chat.watermark.seq)) < chat.watermark.ordinal - old.ordinal:
                # Of what was stored before, the one who was behind had read nothing: the other one wrote it.
                found.update(peer for peer in chat.peers if self._before.get((chat.id, peer)) != old)
            return tuple(sorted(found))
        for author, first in answers.authors.get((chat.id, old.seq), {}).items():
            if first <= chat.watermark.seq:
                found.add(author)
        if chat.participant_count == 1:
            found.discard(told.user_id)  # Alone in the chat, one's own messages are read by nobody.
        return tuple(sorted(found))

    def _in_batch(self, chat_id: ChatId, after: int, up_to: int) -> list[Message]:
        return [message for message in self._new[chat_id] if after < message.seq <= up_to]

    def _wrote_in_batch(self, chat_id: ChatId, after: int, up_to: int) -> set[UserId]:
        return {message.sender_id for message in self._in_batch(chat_id, after, up_to)}
