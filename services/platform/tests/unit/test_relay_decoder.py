"""pgoutput as the relay reads it: whole committed transactions, our own logical messages only."""

from __future__ import annotations

from messenger_platform.relay import Decoder
from messenger_testing.wal import END_LSN, begin, commit, message


def test_a_transaction_comes_out_at_its_commit_with_its_messages_in_order() -> None:
    decoder = Decoder()
    assert decoder.feed(begin()) is None
    assert decoder.in_transaction
    assert decoder.feed(message("messenger.chat.message", b"[1]")) is None
    assert decoder.feed(message("messenger.chat.membership", b"[2]")) is None
    transaction = decoder.feed(commit())
    assert transaction is not None
    assert transaction.end_lsn == END_LSN
    assert transaction.messages == [("chat.message", b"[1]"), ("chat.membership", b"[2]")]
    assert not decoder.in_transaction


def test_messages_of_strangers_and_outside_a_transaction_are_no_events() -> None:
    decoder = Decoder()
    assert decoder.feed(message("messenger.chat.message", b"[0]", transactional=False)) is None
    decoder.feed(begin())
    decoder.feed(message("other.tool", b"[1]"))
    decoder.feed(message("messenger.chat.message", b"[2]", transactional=False))
    transaction = decoder.feed(commit())
    assert transaction is not None
    assert transaction.messages == []


def test_a_body_may_hold_any_bytes() -> None:
    decoder = Decoder()
    body = bytes(range(256)) * 3
    decoder.feed(begin())
    decoder.feed(message("messenger.chat.message", body))
    transaction = decoder.feed(commit())
    assert transaction is not None
    assert transaction.messages == [("chat.message", body)]


def test_kinds_without_events_are_passed_over() -> None:
    decoder = Decoder()
    decoder.feed(begin())
    assert decoder.feed(b"R" + b"\0" * 20) is None
    assert decoder.feed(b"O" + b"\0" * 12) is None
    assert decoder.feed(commit()) is not None
