"""What a browser cannot be asked about the theme: addresses that change with their files, and two full languages."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

THEME = Path(__file__).parents[2] / "keycloak" / "theme"
PROPERTY = re.compile(r"^([\w.-]+)=(.+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def stamping() -> ModuleType:
    spec = importlib.util.spec_from_file_location("keycloak_theme_stamp", THEME / "stamp.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _texts(kind: str, language: str) -> dict[str, str]:
    messages = THEME / "messenger" / kind / "messages" / f"messages_{language}.properties"
    found = PROPERTY.findall(messages.read_text(encoding="utf-8"))
    assert len(dict(found)) == len(found), "A key stands twice."
    return dict(found)


def test_browsers_learn_of_a_changed_style_sheet(stamping: ModuleType, tmp_path: Path) -> None:
    assert stamping.outdated(repair=False) == [], "Run keycloak/theme/stamp.py."
    sheet = tmp_path / "a.css"
    sheet.write_text("old")
    before = stamping.stamp("styles=a.css?v=", tmp_path)
    sheet.write_text("new")
    assert re.fullmatch(r"styles=a\.css\?v=[0-9a-f]{8}", before)
    assert stamping.stamp(before, tmp_path) != before


def test_every_file_of_ours_is_referred_to_with_its_hash() -> None:
    for kind in ("login", "account"):
        folder = THEME / "messenger" / kind
        referring = [folder / "theme.properties", *folder.rglob("*.css")]
        texts = "".join(path.read_text(encoding="utf-8") for path in referring)
        ours = [path for path in (folder / "resources").rglob("*") if path.is_file()]
        assert [path.name for path in ours if f"{path.name}?v=" not in texts] == []


@pytest.mark.parametrize("kind", ["login", "account"])
def test_what_is_said_in_english_is_said_in_russian(kind: str) -> None:
    english, russian = _texts(kind, "en"), _texts(kind, "ru")
    assert english.keys() <= russian.keys()
    for key, text in english.items():
        assert set(re.findall(r"\{\d\}", text)) == set(re.findall(r"\{\d\}", russian[key])), key


@pytest.mark.parametrize("language", ["en", "ru"])
def test_no_apostrophe_is_lost_in_formatting(language: str) -> None:
    assert [key for key, text in _texts("login", language).items() if "'" in text] == []
