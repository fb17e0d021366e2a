from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from messenger_terminal.versions import Versions

CHAT = 1


def frame(version: int) -> dict[str, Any]:
    return {"type": "message", "version": version, "message": {"id": 100 + version, "chat_id": CHAT}}


def followed(version: int = 0) -> Versions:
    versions = Versions()
    versions.follow(CHAT, version, 100 + version)
    return versions


def shown(frames: list[dict[str, Any]]) -> list[int]:
    return [item["message"]["id"] - 100 for item in frames]


def test_what_comes_behind_a_gap_waits_for_the_gap() -> None:
    versions = followed()
    assert shown(versions.accept(frame(2))) == []
    assert versions.has_gap(CHAT)
    assert shown(versions.accept(frame(1))) == [1, 2]
    assert not versions.has_gap(CHAT)


def test_what_came_already_is_dropped() -> None:
    versions = followed(5)
    assert shown(versions.accept(frame(5))) == []
    assert shown(versions.accept(frame(6))) == [6]
    assert shown(versions.accept(frame(6))) == []


def test_after_the_history_the_live_frames_go_on_without_repetition() -> None:
    versions = followed()
    assert shown(versions.accept(frame(4))) == []
    page = [frame(number)["message"] for number in (1, 2, 3, 4)]
    assert shown(versions.accept_page(CHAT, page)) == [1, 2, 3, 4]
    assert shown(versions.reach(CHAT, 3)) == [], "number 4 was in the page already"
    assert versions.known() == {CHAT: 4}
    assert shown(versions.accept(frame(5))) == [5]


@given(st.lists(st.integers(1, 12), max_size=60))
def test_any_mixture_shows_each_version_once_and_in_order(arrivals: list[int]) -> None:
    versions = followed()
    seen = [number for arrival in arrivals for number in shown(versions.accept(frame(arrival)))]
    seen += [number for number in range(1, 13) for number in shown(versions.accept(frame(number)))]
    assert seen == list(range(1, 13))
