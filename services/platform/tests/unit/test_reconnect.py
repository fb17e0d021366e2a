"""Links that are opened again: what ends a session, what ends the loop, and how long the pauses are."""

from __future__ import annotations

import pytest

from messenger_platform.reconnect import BackOff, reconnect


class Done(Exception):
    """What no link breaks with."""


def test_pauses_double_up_to_the_longest_and_vary_by_half() -> None:
    for _ in range(20):
        back_off = BackOff(1, 5)
        for middle in (1, 2, 4, 5, 5):
            assert middle / 2 <= back_off.next_s() <= middle * 1.5


async def test_a_broken_session_is_told_and_followed_by_another() -> None:
    errors = [OSError("first"), OSError("second"), Done()]
    told: list[Exception] = []

    async def session() -> None:
        raise errors[len(told)]

    with pytest.raises(Done):
        await reconnect(session, BackOff(0, 0), breaks=(OSError,), lost=told.append)
    assert told == errors[:2]


async def test_only_a_session_that_ends_well_resets_the_pauses() -> None:
    outcomes = iter([OSError(), OSError(), None, OSError(), Done()])
    pauses: list[float] = []

    class Noted(BackOff):
        def next_s(self) -> float:
            pauses.append(self._next_s)
            super().next_s()
            return 0

    async def session() -> None:
        if error := next(outcomes):
            raise error

    with pytest.raises(Done):
        await reconnect(session, Noted(1, 5), breaks=(OSError,), lost=lambda _: None)
    assert pauses == [1, 2, 1, 2]
