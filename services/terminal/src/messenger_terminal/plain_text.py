"""Text of others, made harmless for a terminal.

A name or a message may carry escape sequences that repaint the screen, rename the window or answer in the user's
name, and invisible characters that turn the direction of writing. Nothing of the kind reaches the terminal: control
characters become their pictures (U+2400 …), other invisible ones the replacement character.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

CONTINUED = "  ┆ "
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_DELETE = 0x7F
_FIRST_PRINTABLE = 0x20
_PICTURES = 0x2400
# Without them many scripts and emoji would fall apart; they neither move the cursor nor turn the direction.
_JOINERS = {"\N{ZERO WIDTH NON-JOINER}", "\N{ZERO WIDTH JOINER}"}
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_BLANK = {"\N{HANGUL FILLER}", "\N{HALFWIDTH HANGUL FILLER}", "\N{BRAILLE PATTERN BLANK}"}
# A letter with a tower of accents would reach into the lines of others.
_MARKS_IN_A_ROW = 4


def one_line(text: object) -> str:
    """Return the text without anything that a terminal would obey."""
    return "".join(_bounded_marks(_harmless(character) for character in str(text)))


def paragraph(text: str) -> str:
    """As `one_line`, but line breaks stay: what follows one is marked, so that it cannot pass for another message."""
    lines = text.replace("\r\n", "\n").split("\n")
    return f"\n{CONTINUED}".join(one_line(line.replace("\t", "    ")) for line in lines)


def _harmless(character: str) -> str:
    code = ord(character)
    if code < _FIRST_PRINTABLE:
        return chr(_PICTURES + code)
    if code == _DELETE:
        return "\N{SYMBOL FOR DELETE}"
    if character in _BLANK or (character not in _JOINERS and unicodedata.category(character) in _UNSEEN):
        return _REPLACEMENT
    return character


def _bounded_marks(characters: Iterable[str]) -> Iterable[str]:
    marks = 0
    for character in characters:
        marks = marks + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if marks <= _MARKS_IN_A_ROW:
            yield character
