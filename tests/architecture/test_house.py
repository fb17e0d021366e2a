"""The house rules that a machine can hold: boundaries, no second HTTP client, no secrets, locks without addresses."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from messenger_testing.repository import HOME, texts

PACKAGES = [
    "services/platform",
    "services/user",
    "services/chat",
    "services/realtime",
    "services/terminal",
    "gateway/app",
]


def run(folder: Path, tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of the environment's tools."""
    command = [str(Path(sys.executable).with_name(tool)), *arguments]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)  # noqa: S603 - ours.


def test_the_boundaries_between_packages_hold() -> None:
    checked = run(HOME, "lint-imports", "--no-cache")
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_declares_what_it_imports(package: str) -> None:
    checked = run(HOME / package, "deptry", "src")
    assert checked.returncode == 0, checked.stderr


def test_authlib_and_respx_speak_through_the_same_http_client() -> None:
    assert importlib.util.find_spec("httpx2") is None, "Authlib would switch to it, and respx would intercept nothing"


def test_locks_carry_hashes_and_no_addresses() -> None:
    lock = (HOME / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"https?://|--index-url|--find-links| @ file:", lock)
    pinned = re.findall(r"^\S+==\S+", lock, re.MULTILINE)
    assert len(pinned) > 50
    blocks = re.split(r"^(?=\S+==)", lock, flags=re.MULTILINE)[1:]
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_the_web_clients_lock_has_hashes_and_no_registry() -> None:
    lock = json.loads((HOME / "services" / "web" / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if "integrity" not in entry] == []
    assert [name for name, entry in packages.items() if entry.get("hasInstallScript")] == []


SECRETS = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\n[A-Za-z0-9+/]"),
    "a token": re.compile(r"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}"),
    "a password with a value": re.compile(
        r"^[A-Z_]*(?:PASSWORD|SECRET|SESSION_KEYS)=(?!\s*$)(?!change)\S+$", re.MULTILINE
    ),
    "an address with a password": re.compile(r"\b(?:amqp|postgres(?:ql)?)://\w+:(?!\{|\$|secret|password)[^@\s{$]+@"),
    "a path of somebody's machine": re.compile(r"(?:^|[\s\"'=(])/(?:root|home/\w+|Users/\w+)/", re.MULTILINE),
}


@pytest.mark.parametrize("what", SECRETS)
def test_nothing_tracked_holds(what: str) -> None:
    allowed = {"tests/architecture/test_house.py"}
    found = [name for name, text in texts() if name not in allowed and SECRETS[what].search(text)]
    assert found == []
