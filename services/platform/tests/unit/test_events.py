"""Events are packed for the wire once, in order, and their positions compare."""

from __future__ import annotations

import json

import pytest

from messenger_platform.events import MAX_BYTES, MAX_EVENTS, Event, Position, pack, wal_messages


def event(number: int, text: str = "") -> Event:
    return Event(type="MessageSent", source="chat", subject="1", data={"number": number, "text": text})


def numbers(body: bytes) -> list[int]:
    return [item["data"]["number"] for item in json.loads(body)]


def test_an_event_is_a_cloud_event() -> None:
    (body,) = pack([event(1)])
    (cloud_event,) = json.loads(body)
    assert set(cloud_event) == {"specversion", "id", "source", "type", "time", "subject", "data"}
    assert cloud_event["specversion"] == "1.0"


def test_no_events_make_no_message() -> None:
    assert pack([]) == []


def test_batches_hold_at_most_fifty_events_in_order() -> None:
    bodies = pack(event(number) for number in range(120))
    assert [len(numbers(body)) for body in bodies] == [MAX_EVENTS, MAX_EVENTS, 20]
    assert [number for body in bodies for number in numbers(body)] == list(range(120))


def test_batches_stay_below_their_size() -> None:
    bodies = pack(event(number, "x" * 10_000) for number in range(20))
    assert all(len(body) <= MAX_BYTES for body in bodies)
    assert [number for body in bodies for number in numbers(body)] == list(range(20))


def test_an_event_larger_than_a_batch_goes_alone() -> None:
    bodies = pack([event(1), event(2, "x" * (MAX_BYTES + 1)), event(3)])
    assert [numbers(body) for body in bodies] == [[1], [2], [3]]


def test_order_is_kept_across_routing_keys() -> None:
    keys = ["chat.message", "chat.message", "chat.membership", "chat.message"]
    messages = wal_messages((key, event(number)) for number, key in enumerate(keys))
    assert [(prefix, numbers(body)) for prefix, body in messages] == [
        ("messenger.chat.message", [0, 1]),
        ("messenger.chat.membership", [2]),
        ("messenger.chat.message", [3]),
    ]


def test_positions_of_one_epoch_compare_in_log_order() -> None:
    order = [Position.at("7.1.1", lsn, index) for lsn, index in [(9, 0), (9, 1), (10, 0), (2**33, 5), (2**63, 0)]]
    assert order == sorted(order)
    assert [Position.parse(str(position)) for position in order] == order


@pytest.mark.parametrize("header", ["", "abc", "7.1.1:short", ":0000000000000009-00000000"])
def test_a_malformed_position_is_an_error(header: str) -> None:
    with pytest.raises(ValueError, match="not a position"):
        Position.parse(header)


def test_what_an_older_slot_of_the_same_log_left_behind_is_known_as_such() -> None:
    assert Position.at("7.1.5", 9, 0).precedes("7.1.6")
    assert Position.at("7.1.1", 9, 0).precedes("7.1.1795405282")
    for newer in ("7.1.6", "7.1.7", "7.2.5", "8.1.5", "no epoch of a relay"):
        assert not Position.at(newer, 1, 0).precedes("7.1.6")
