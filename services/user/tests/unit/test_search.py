from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from user_service.domain.errors import QueryRefused
from user_service.domain.search import MAX_TERM_CHARS, MAX_TERMS, TermRange, terms


def finds(query: str, username: str, name: str) -> bool:
    asked = TermRange.beginning_with(query)
    return any(asked.low <= term < asked.high for term in terms(username, name))


@pytest.mark.parametrize(
    "query",
    ["a", "ali", "ALICE", "  ali ", "van", "dyk", "alice v", "Alice  van dyk", "jean", "luc", "zoe", "o", "neil"],
)
def test_a_person_is_found_by_the_beginning_of_the_username_or_of_any_word(query: str) -> None:
    assert finds(query, "alice77", "Alice van Dyk Jean-Luc Zoë O\u2019Neil")


@pytest.mark.parametrize("query", ["lice", "%", "_", "a%", "a_ice", "\\", "77", "dyk van", "alicia", "*"])
def test_a_person_is_found_by_nothing_else(query: str) -> None:
    assert not finds(query, "alice77", "Alice van Dyk")


@pytest.mark.parametrize(
    ("query", "name"), [("%", "100 % sure"), ("ё", "Ёлка"), ("елка", "Ёлка"), ("STRASS", "straße")]
)
def test_characters_mean_themselves_and_case_and_accents_do_not_matter(query: str, name: str) -> None:
    assert finds(query, "someone", name)
    assert not finds(query, "someone", "A. N. Other")


@pytest.mark.parametrize("query", ["", "   ", "x" * 65, "a\x00", "\ud800", "\u00ad"])
def test_no_text_too_much_text_and_control_characters_are_refused(query: str) -> None:
    with pytest.raises(QueryRefused):
        TermRange.beginning_with(query)


@given(st.text(max_size=255), st.text(max_size=511))
def test_any_name_is_filed_under_few_short_terms_that_are_found_by_themselves(username: str, name: str) -> None:
    filed = terms(username, name)
    assert len(filed) <= MAX_TERMS
    assert all(1 <= len(term) <= MAX_TERM_CHARS for term in filed)


@given(
    st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12), min_size=1, max_size=8), st.data()
)
def test_every_beginning_of_every_word_finds_its_owner(words: list[str], data: st.DataObject) -> None:
    word = data.draw(st.sampled_from(words))
    beginning = word[: data.draw(st.integers(1, len(word)))]
    assert finds(beginning, "someone", " ".join(words))
