from __future__ import annotations

import base64
import secrets
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_app.domain.errors import LoginUnknown
from gateway_app.domain.keyring import BadKey, CannotOpen, KeyRing
from gateway_app.domain.logins import LIFE_S, Login


def key(name: str, value: bytes | None = None) -> str:
    return f"{name}:{base64.b64encode(value or secrets.token_bytes(32)).decode()}"


K1, K2 = key("k1"), key("k2")


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=3000), st.text(max_size=20))
def test_what_was_sealed_opens(text: str, place: str) -> None:
    keys = KeyRing.parse(K1)
    assert keys.open(keys.seal(text, place), place) == text


def test_the_same_text_never_looks_the_same() -> None:
    keys = KeyRing.parse(K1)
    assert len({keys.seal("x", "place").value for _ in range(100)}) == 100


def test_the_first_key_seals_and_every_key_opens() -> None:
    old = KeyRing.parse(K1)
    rotated = KeyRing.parse(f"{K2},{K1}")
    before, after = old.seal("x", "p"), rotated.seal("x", "p")
    assert (before.key_id, after.key_id) == ("k1", "k2")
    assert rotated.open(before, "p") == rotated.open(after, "p") == "x"
    with pytest.raises(CannotOpen):
        old.open(after, "p")
    with pytest.raises(CannotOpen):
        KeyRing.parse(K2).open(before, "p")


def test_a_value_opens_only_in_its_place_and_unchanged() -> None:
    keys = KeyRing.parse(f"{K1},{K2}")
    sealed = keys.seal("a refresh token", "row 1")
    changed = bytearray(sealed.value)
    changed[-1] ^= 1
    for forged, place in (
        (sealed, "row 2"),
        (replace(sealed, key_id="k2"), "row 1"),
        (replace(sealed, value=bytes(changed)), "row 1"),
        (replace(sealed, value=sealed.value[:-1]), "row 1"),
        (replace(sealed, value=b""), "row 1"),
    ):
        with pytest.raises(CannotOpen):
            keys.open(forged, place)


@pytest.mark.parametrize(
    "text",
    ["", ",", "k1", "k1:", ":AAAA", f"{K1},{K1}", "k1:" + "A" * 22 + "==", "k1:not base64!", f"{K1},k2"],
)
def test_a_malformed_list_of_keys_stops_the_start(text: str) -> None:
    with pytest.raises(BadKey):
        KeyRing.parse(text)


def test_both_alphabets_of_base64_are_read() -> None:
    value = b"\xfb\xff" * 16
    urlsafe = f"k1:{base64.urlsafe_b64encode(value).decode()}"
    sealed = KeyRing.parse(urlsafe).seal("x", "p")
    assert KeyRing.parse(key("k1", value)).open(sealed, "p") == "x"


def test_a_login_comes_back_only_with_its_state_and_in_time() -> None:
    keys = KeyRing.parse(K1)
    login = Login.begin("/chats", now=1000.0)
    cookie = login.sealed(keys)
    assert Login.opened(cookie, login.state, keys, 1000.0 + LIFE_S) == login
    other = Login.begin("/evil", now=1000.0)
    for value, state, now in (
        (None, login.state, 1000.0),
        ("", login.state, 1000.0),
        ("k1.", login.state, 1000.0),
        ("k1.é", login.state, 1000.0),
        (cookie[:-4], login.state, 1000.0),
        (cookie, other.state, 1000.0),
        (other.sealed(keys), login.state, 1000.0),
        (cookie, login.state, 1000.1 + LIFE_S),
        (f"k2{cookie[2:]}", login.state, 1000.0),
    ):
        with pytest.raises(LoginUnknown):
            Login.opened(value, state, keys, now)


def test_logins_share_nothing_and_their_cookies_tell_nothing() -> None:
    keys = KeyRing.parse(K1)
    logins = [Login.begin("/", 0.0) for _ in range(50)]
    assert len({login.state for login in logins} | {login.nonce for login in logins}) == 100
    assert len({login.verifier for login in logins}) == 50
    assert all(43 <= len(login.verifier) <= 128 for login in logins)
    cookie = logins[0].sealed(keys)
    assert logins[0].verifier not in cookie
