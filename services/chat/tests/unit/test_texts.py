from __future__ import annotations

import pytest

from chat_service.domain.errors import InvalidText, TooLong
from chat_service.domain.texts import clean_text, clean_title


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("hi", "hi"),
        ("  hi\n", "hi"),
        ("a\n\nb", "a\n\nb"),
        ("x" * 4096, "x" * 4096),
        (" " + "😀" * 4096 + " ", "😀" * 4096),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)
def test_a_text_is_stored_trimmed_and_otherwise_as_it_is(given: str, stored: str) -> None:
    assert clean_text(given) == stored


@pytest.mark.parametrize("given", ["", " ", "\n\t", "\u2003"])
def test_an_empty_text_is_refused(given: str) -> None:
    with pytest.raises(InvalidText):
        clean_text(given)


@pytest.mark.parametrize("given", ["a\0b", "\0", "a\ud83d", "\udc00", "\ude00\ud83d"])
def test_what_cannot_be_stored_is_refused(given: str) -> None:
    with pytest.raises(InvalidText) as refusal:
        clean_text(given)
    assert refusal.value.code == "bad_frame"


def test_a_text_of_4097_characters_is_too_long() -> None:
    with pytest.raises(TooLong) as refusal:
        clean_text("x" * 4097)
    assert refusal.value.code == "too_long"


def test_a_title_has_at_most_128_characters() -> None:
    assert clean_title(" " + "t" * 128) == "t" * 128
    with pytest.raises(TooLong):
        clean_title("t" * 129)
