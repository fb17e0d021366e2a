from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messenger_terminal.plain_text import one_line, paragraph


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "␛[2J"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("a\x7fb", "a␡b"),
        ("\x9b31m", "\ufffd31m"),
        ("a\rb\nc", "a␍b␊c"),
        ("\u202egpj.exe", "\ufffdgpj.exe"),
        ("\u2066x\u2069", "\ufffdx\ufffd"),
        ("a\u2028b", "a\ufffdb"),
        ("a" + "\u0301" * 50, "a" + "\u0301" * 4),
        ("👩‍🚀 Ünï любовь", "👩‍🚀 Ünï любовь"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_instead(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_a_second_line_cannot_pass_for_another_message() -> None:
    assert paragraph("hi\n20:15 bob: I owe you\r\n\tdone") == "hi\n  ┆ 20:15 bob: I owe you\n  ┆     done"


@given(st.text())
def test_nothing_that_controls_is_left(text: str) -> None:
    for line in (one_line(text), *paragraph(text).split("\n")):
        assert not any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in line)
