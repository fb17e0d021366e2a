from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_service.controllers.schemas import read_cursor, write_cursor
from chat_service.domain.model import MAX_ID, ChatId, ListPosition


@given(st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)), st.integers(1, MAX_ID))  # noqa: DTZ001 - hypothesis adds the zone.
def test_a_cursor_brings_its_position_back(updated_at: datetime, chat_id: int) -> None:
    position = ListPosition(updated_at, ChatId(chat_id))
    assert read_cursor(write_cursor(position)) == position


@given(st.text())
def test_anything_else_is_refused(cursor: str) -> None:
    try:
        position = read_cursor(cursor)
    except ValueError:
        return
    assert read_cursor(write_cursor(position)) == position


@pytest.mark.parametrize("cursor", ["", "AAAA", "f" * 22, "*" * 22, "A" * 4096])
def test_broken_cursors_are_refused(cursor: str) -> None:
    with pytest.raises(ValueError, match="not a cursor"):
        read_cursor(cursor)
