"""How people are found: by the beginning of the username, or of any word of the name.

An account is filed under its *terms*: the folded username, and the folded name from each word's start on. So
"Zoë van Dyk" is found by "zo", "van", "dyk" and "zoe v", and a search is one range of an ordered index.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from user_service.domain.errors import QueryRefused

MAX_QUERY_CHARS = 64
MAX_TERM_CHARS = 64
MAX_WORDS = 8
MAX_TERMS = MAX_WORDS + 1
# Greater than every character of a term: no term contains it, because Unicode reserves it as a non-character.
_LAST = "\U0010ffff"
_WORD = re.compile(r"""[^\s.,'\u2019"()/_-]+""")


def fold(text: str) -> str:
    """Make texts that people take for equal equal: case, accents, compatibility forms, invisible marks, blanks."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = "".join(
        character
        for character in decomposed
        if unicodedata.category(character) not in {"Mn", "Cf"} and character != _LAST
    )
    return " ".join(plain.split())


def terms(username: str, name: str) -> list[str]:
    """Return the at most nine distinct terms that an account is filed under, each at most 64 characters."""
    folded = fold(name)
    starts = [match.start() for match in _WORD.finditer(folded)][:MAX_WORDS]
    texts = [fold(username), *(folded[start:] for start in starts)]
    return sorted({text[:MAX_TERM_CHARS].rstrip() for text in texts if text})


@dataclass(frozen=True, slots=True)
class TermRange:
    """The terms that begin with a search text: `low <= term < high`. Nothing in it is a pattern, so `%` is a `%`."""

    low: str
    high: str

    @classmethod
    def beginning_with(cls, query: str) -> TermRange:
        """Read what a person typed; raises `QueryRefused` unless it is 1 to 64 characters after trimming."""
        query = query.strip()
        if not 1 <= len(query) <= MAX_QUERY_CHARS:
            raise QueryRefused(f"A search takes 1 to {MAX_QUERY_CHARS} characters.")
        if any(unicodedata.category(character) in {"Cc", "Cs"} for character in query):
            raise QueryRefused("A search takes no control characters.")
        low = fold(query)[:MAX_TERM_CHARS].rstrip()
        if not low:
            raise QueryRefused("A search takes visible characters.")
        return cls(low=low, high=low + _LAST)
