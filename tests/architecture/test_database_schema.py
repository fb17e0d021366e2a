"""The committed picture of the database shows the tables as they are."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def draw_schema() -> ModuleType:
    spec = importlib.util.spec_from_file_location("draw_schema", DOCS / "draw_schema.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_source_of_the_picture_is_what_the_metadata_says(draw_schema: ModuleType) -> None:
    committed = (DOCS / "database_schema.dot").read_text(encoding="utf-8")
    assert committed == draw_schema.dot_source(draw_schema.schemas()), "stale: run `make schema`"


def test_the_picture_was_drawn_from_its_source(draw_schema: ModuleType) -> None:
    committed = (DOCS / "database_schema.dot").read_text(encoding="utf-8")
    png = (DOCS / "database_schema.png").read_bytes()
    assert draw_schema.digest_of(png) == draw_schema.digest(committed), "stale: run `make schema`"


def test_every_schema_is_drawn(draw_schema: ModuleType) -> None:
    assert {"user_profile", "chat", "realtime"} <= {schema.name for schema in draw_schema.schemas()}
