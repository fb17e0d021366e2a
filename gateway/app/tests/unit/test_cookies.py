from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from gateway_app.controllers.cookies import Cookies

LATER = datetime.now(UTC) + timedelta(hours=1)


def written(cookies: Cookies) -> Any:
    response = Response()
    cookies.set_access_token(response, "token", LATER)
    cookies.set_session(response, "opaque", LATER)
    cookies.set_login(response, "state", "sealed")
    parsed = SimpleCookie()
    for name, value in response.raw_headers:
        if name == b"set-cookie":
            parsed.load(value.decode())
    return parsed


@pytest.mark.parametrize(
    ("secure", "names"),
    [
        (False, {"access_token": "/", "session": "/auth", "login-": "/auth/callback"}),
        (True, {"__Host-access_token": "/", "__Secure-session": "/auth", "__Secure-login-": "/auth/callback"}),
    ],
    ids=["http", "https"],
)
def test_cookies_are_for_one_host_and_no_script(*, secure: bool, names: dict[str, str]) -> None:
    parsed = written(Cookies(secure=secure))
    assert {name[: name.index("login-") + 6] if "login-" in name else name for name in parsed} == set(names)
    for name, flags in parsed.items():
        path = next(path for prefix, path in names.items() if name.startswith(prefix))
        assert (flags["path"], flags["domain"], flags["samesite"]) == (path, "", "lax")
        assert flags["httponly"] is True
        assert bool(flags["secure"]) == secure
        assert 0 < int(flags["max-age"]) <= 3600


@pytest.mark.parametrize("secure", [False, True])
def test_cookies_are_taken_back_under_the_names_they_were_given(*, secure: bool) -> None:
    cookies = Cookies(secure=secure)
    given = written(cookies)
    response = Response()
    cookies.drop(response)
    cookies.drop_login(response, "state")
    parsed = SimpleCookie()
    for name, value in response.raw_headers:
        if name == b"set-cookie":
            parsed.load(value.decode())
    assert {(name, flags["path"]) for name, flags in parsed.items()} == {
        (name, flags["path"]) for name, flags in given.items()
    }
    assert all(flags["max-age"] == "0" and flags.value == "" for flags in parsed.values())


@pytest.mark.parametrize("state", ["", "x; Path=/", "a=b", "é", "\r\nSet-Cookie: x=1", "a" * 4000])
def test_a_state_never_writes_a_cookie_of_its_own(state: str) -> None:
    response = Response()
    Cookies(secure=False).drop_login(response, state)
    (line,) = [value.decode() for name, value in response.raw_headers if name == b"set-cookie"]
    assert line.startswith("login-")
    assert len(line.partition("=")[0]) == len("login-") + 16


def test_a_secure_deployment_does_not_read_the_unprotected_names() -> None:
    scope = {"type": "http", "headers": [(b"cookie", b"session=planted; access_token=planted")]}
    assert Cookies(secure=True).session(Request(scope)) is None
    assert Cookies(secure=True).access_token(Request(scope)) is None
    assert Cookies(secure=False).session(Request(scope)) == "planted"
