"""Where a request carries its token."""

from __future__ import annotations

import pytest
from starlette.requests import HTTPConnection

from messenger_platform.errors import InvalidToken
from messenger_platform.http_auth import token_of


def connection(**headers: str) -> HTTPConnection:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection({"type": "http", "path": "/", "query_string": b"access_token=query", "headers": raw})


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({"authorization": "Bearer abc"}, "abc"),
        ({"authorization": "bearer abc"}, "abc"),
        ({"cookie": "access_token=abc"}, "abc"),
        ({"cookie": "__Host-access_token=abc"}, "abc"),
        ({"cookie": "theme=dark; access_token=abc"}, "abc"),
        ({"cookie": "access_token=planted; __Host-access_token=ours"}, "ours"),
        ({"authorization": "Bearer header", "cookie": "access_token=cookie"}, "header"),
    ],
)
def test_a_token_is_found(headers: dict[str, str], token: str) -> None:
    assert token_of(connection(**headers)) == token


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "abc"},
        {"authorization": "Basic abc"},
        {"authorization": "Bearer "},
        {"cookie": "access_token="},
    ],
)
def test_nothing_else_is_a_token(headers: dict[str, str]) -> None:
    with pytest.raises(InvalidToken):
        token_of(connection(**headers))
