from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest

from user_service.domain.accounts import Claims, clean

SUB = uuid.UUID("11111111-2222-4333-8444-555555555555")
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def test_a_person_without_a_name_is_called_by_the_username() -> None:
    claims = Claims.cleaned(sub=SUB, username="alice", name=" ", email="", as_of=LATER)
    assert (claims.name, claims.email) == ("alice", None)


def test_a_token_without_a_username_still_names_someone() -> None:
    claims = Claims.cleaned(sub=SUB, username="", name="", email="", as_of=LATER)
    assert claims.username == claims.name == str(SUB)


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("Alice\x00Smith", "AliceSmith"),
        ("\ud800Alice", "Alice"),
        ("Alice \u202egpj.exe", "Alice gpj.exe"),
        ("  Alice \t\n Smith ", "Alice Smith"),
        ("मीरा राजा", "मीरा राजा"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("x" * 300, "x" * 255),
    ],
)
def test_names_keep_what_is_written_and_lose_what_deceives(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned
