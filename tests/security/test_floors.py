"""What is locked is not older than what security/floors.toml says."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from messenger_infra.keycloak import VERSION

HOME = Path(__file__).parents[2]
FLOORS: dict[str, list[dict[str, Any]]] = tomllib.loads((HOME / "security" / "floors.toml").read_text(encoding="utf-8"))
ROWS = [pytest.param(kind, row, id=f"{row['package']} {row['id']}") for kind, rows in FLOORS.items() for row in rows]


def _locked() -> dict[str, dict[str, set[str]]]:
    """Return the versions of every package, by kind and name."""
    python = re.findall(r"^(\S+)==(\S+)", (HOME / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
    npm: dict[str, set[str]] = {}
    lock = json.loads((HOME / "services" / "web" / "package-lock.json").read_text(encoding="utf-8"))
    for path, entry in lock["packages"].items():
        if path:
            npm.setdefault(path.rpartition("node_modules/")[2], set()).add(entry["version"])
    return {"python": {name: {version} for name, version in python}, "npm": npm, "server": {"keycloak": {VERSION}}}


LOCKED = _locked()


def _is_good(version: Version, fixes: list[Version]) -> bool:
    """Tell whether a version has the fix: that of its own line, or of the newest one or later."""
    own_line = [fix for fix in fixes if fix.release[:2] == version.release[:2]] or [
        fix for fix in fixes if fix.major == version.major
    ]
    return version >= max(own_line, default=max(fixes)) or version >= max(fixes)


@pytest.mark.parametrize(("kind", "row"), ROWS)
def test_what_is_locked_has_the_fix(kind: str, row: dict[str, Any]) -> None:
    fixes = [Version(fixed) for fixed in row["fixed"]]
    for version in LOCKED[kind].get(row["package"], set()):
        assert _is_good(Version(version), fixes), f"{row['package']} {version}: {row['why']}"


@pytest.mark.parametrize(
    ("version", "good"),
    [
        ("6.3.5", False), ("6.3.6", True), ("7.1.4", False), ("7.1.5", True), ("7.2.0", True), ("8.0.0", True),
        ("5.4.19", False), ("5.4.20", True), ("4.0.0", False), ("6.2.9", False),
    ],
)  # fmt: skip
def test_a_line_needs_its_own_fix(version: str, good: bool) -> None:  # noqa: FBT001 - a table's column.
    assert _is_good(Version(version), [Version("5.4.20"), Version("6.3.6"), Version("7.1.5")]) is good


def test_every_row_says_what_it_is_for() -> None:
    for kind, rows in FLOORS.items():
        assert kind in LOCKED
        for row in rows:
            assert row.keys() == {"package", "fixed", "id", "why"}
            assert re.fullmatch(r"CVE-\d{4}-\d{4,}|GHSA(-[0-9a-z]{4}){3}", row["id"])
            assert row["why"].endswith(".")


def test_the_rows_that_hold_something_are_the_most() -> None:
    held = [row for kind, rows in FLOORS.items() for row in rows if row["package"] in LOCKED[kind]]
    assert len(held) > 40


def test_what_may_never_come_in_is_not_locked() -> None:
    """python-jose is not maintained; pyjwt's key cache is not ours (services/platform tokens.py has its own)."""
    assert not {"python-jose", "pyjwt", "httpx2"} & LOCKED["python"].keys()
