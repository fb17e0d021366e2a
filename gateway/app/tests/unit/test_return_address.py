from __future__ import annotations

import pytest

from gateway_app.domain.errors import ReturnAddressRefused
from gateway_app.domain.return_address import checked, with_error


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/chats/1",
        "/chats/1?tab=2#end",
        "/?next=//evil.example",
        "/a//b",
        "/%2f%2fevil.example",
        "/authors",
        "/@me",
    ],
)
def test_paths_of_ours_pass_unchanged(address: str) -> None:
    assert checked(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "chats",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/chats\\..\\x",
        "/\t/evil.example",
        "/\n/evil.example",
        "/a\r\nSet-Cookie: x=1",
        "/a\x00",
        "/ a",
        " /a",
        "http://evil.example/",
        "https:evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "?x",
        "#x",
        "/é",
        "/\u202e",
        "/\ud800",
        "/auth",
        "/auth/login",
        "/auth/logout?x=1",
        "/" + "a" * 2000,
    ],
)
def test_everything_that_a_browser_could_take_for_another_place_is_refused(address: str) -> None:
    with pytest.raises(ReturnAddressRefused):
        checked(address)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/", "/?login_error=x"),
        ("/a?b=1", "/a?b=1&login_error=x"),
        ("/a?b=1#c", "/a?b=1&login_error=x#c"),
        ("/a#c?d", "/a?login_error=x#c?d"),
        ("/a//b", "/a//b?login_error=x"),
    ],
)
def test_an_error_is_added_to_the_query(address: str, expected: str) -> None:
    assert with_error(address, "x") == expected


def test_an_error_cannot_add_more_than_itself() -> None:
    assert with_error("/a", "x&admin=1#\n") == "/a?login_error=x%26admin%3D1%23%0A"
