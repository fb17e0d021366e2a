"""What the documentation points at is there: tests by name, files by path."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
_TEST = re.compile(r"`([\w./-]+/test_\w+\.py)(?:::(\w+))?`")
_LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def test_every_test_named_in_the_readme_exists() -> None:
    named = _TEST.findall((REPOSITORY / "README.md").read_text(encoding="utf-8"))
    assert len(named) >= 20
    missing = [
        f"{path}::{test}"
        for path, test in named
        if not (REPOSITORY / path).is_file()
        or (test and not re.search(rf"def {test}\b", (REPOSITORY / path).read_text(encoding="utf-8")))
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    links = _LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_decision_is_listed() -> None:
    pages = {page.name for page in (REPOSITORY / "docs" / "adr").glob("[0-9]*.md")}
    listed = set(_LINK.findall((REPOSITORY / "docs" / "adr" / "README.md").read_text(encoding="utf-8")))
    assert pages == listed
