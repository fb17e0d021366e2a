"""Nothing in the repository looks like a credential; tests/architecture/test_house.py looks for our own settings."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

import pytest

from messenger_testing.repository import HOME, texts, tracked

KEY_STORES = {".p12", ".pfx", ".jks", ".keystore", ".pem", ".key", ".kdbx", ".ovpn", ".asc", ".gpg"}
KEY_FILES = {
    "id_rsa",
    "id_ed25519",
    "id_ecdsa",
    ".netrc",
    ".pgpass",
    ".npmrc.local",
    ".htpasswd",
    ".env",
    ".erlang.cookie",
}
SHAPES = {
    "a private key of any kind": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s*\n?[A-Za-z0-9+/=]{16}"),
    "a private JWK": re.compile(r'"d"\s*:\s*"[A-Za-z0-9_-]{40,}"'),
    "a key of a cloud": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{35}\b"),
    "a token of a forge": re.compile(
        r"\b(?:gh[pousr]_[0-9A-Za-z]{36}|github_pat_\w{60,}|glpat-[\w-]{20,}|npm_\w{36})\b"
    ),
    "a token of a chat": re.compile(r"\bxox[abprs]-[0-9A-Za-z-]{20,}"),
    "credentials in an address": re.compile(r"\bhttps?://[^\s/:@{}$<>\"']+:[^\s/:@{}$<>\"']{6,}@"),
    "credentials in a header": re.compile(r"Authorization:? ?(?:Basic|Bearer) [A-Za-z0-9+/_.-]{30,}"),
}
# A name that keeps secrets, and right behind it something long that is neither words nor a name in the code.
_NAMED = re.compile(
    r"(?i)(?:secret|passw(?:or)?d|token|api_?key|private_?key|credential|session_?keys?|client_?secret|cookie)"
    r"[\w\"'\]]*\s*(?:[:=]+|=>|,)\s*[\"']?([A-Za-z0-9+/_=-]{24,})"
)
LOCKS = {"requirements.lock", "services/web/package-lock.json"}
DENSE_BITS = 3.7


def _bits(text: str) -> float:
    """Return Shannon's entropy, in bits a character."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def _dense(text: str) -> Iterator[str]:
    """Yield values that look like chance behind names that keep secrets."""
    for match in _NAMED.finditer(text):
        value = match[1]
        mixed = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
        if mixed and _bits(value) > DENSE_BITS:
            yield value


def test_no_key_store_is_tracked() -> None:
    found = [path for path in tracked() if path.suffix in KEY_STORES or path.name in KEY_FILES]
    assert [str(path.relative_to(HOME)) for path in found] == []


@pytest.mark.parametrize("what", SHAPES)
def test_nothing_tracked_holds(what: str) -> None:
    assert [name for name, text in texts() if SHAPES[what].search(text)] == []


def test_nothing_that_is_named_a_secret_looks_like_chance() -> None:
    found = {name: dense for name, text in texts() if name not in LOCKS and (dense := list(_dense(text)))}
    assert found == {}


@pytest.mark.parametrize(
    ("before", "chance"),
    [
        ("GATEWAY_CLIENT_SECRET=", "k3JrT0q9ZxW2vB7nM5yU8aQ1"),
        ('password: "', "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"),
        ('{"refresh_token": "', "Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZmdo"),
    ],
)
def test_what_would_be_a_secret_is_found(before: str, chance: str) -> None:
    assert list(_dense(before + chance)) == [chance]


@pytest.mark.parametrize(
    "line",
    ["token = access_token_of_this_session", "PASSWORD=", "password=change-me-change-me-change-me", "token: str"],
)
def test_what_is_no_secret_is_not(line: str) -> None:
    assert list(_dense(line)) == []
