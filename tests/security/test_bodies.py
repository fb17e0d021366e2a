"""Bodies that try to say too much, or nothing that can be read."""

from __future__ import annotations

import gzip
import json
from typing import Any
from urllib.parse import quote

import pytest

from messenger_testing.browser import Browser
from messenger_testing.cast import Cast, filled
from messenger_testing.people import Person
from messenger_testing.routes import ROUTES

TAKING_BODIES = [pytest.param(key, id=" ".join(key)) for key, route in ROUTES.items() if route.body is not None]
NOT_TO_SAY = (
    "id", "sender_id", "creator_id", "owner_id", "user", "username", "sub", "is_admin", "roles", "participants",
    "seq", "version", "timestamp", "created_at", "updated_at", "is_read", "edited_at", "deleted", "unread_count",
    "last_message", "last_read_message_id", "chat_id", "__proto__", "constructor",
)  # fmt: skip
SURROGATE, NUL = '"\\ud83d"', '"a\\u0000b"'
JSON = "application/json"
UNREADABLE: dict[str, tuple[str, bytes]] = {
    "nothing": (JSON, b""),
    "half": (JSON, b'{"text":'),
    "two": (JSON, b"{}{}"),
    "not a number": (JSON, b'{"user_id": NaN, "message_id": NaN, "text": NaN}'),
    "infinity": (JSON, b'{"user_id": -Infinity, "message_id": 1e999, "text": Infinity}'),
    "a number of 5,000 digits": (JSON, b'{"user_id": ' + b"9" * 5000 + b"}"),
    "60,000 deep in lists": (JSON, b"[" * 60_000),
    "10,000 deep in objects": (JSON, b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
    "not UTF-8": (JSON, b'{"text": "\xff\xfe"}'),
    "compressed": (JSON, gzip.compress(b"{}")),
    "a form": ("application/x-www-form-urlencoded", b"text=x&user_id=1"),
    "a file": ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--"),
    "XML": ("application/xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
    "text": ("text/plain", b'{"title": "x"}'),
}
QUERIES = ("%00", "a%00b", "%ff%fe", "%ed%a0%80", "'%20OR%201=1--", "%25", "..%2f", "%F0%9F%98%80" * 300, "-1", "NaN")


async def _is_refused(cast: Cast, key: Any, **options: Any) -> None:
    method, path = key
    response = await cast["creator"].http.request(method, path.format_map(cast.values("creator")), **options)
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "errors"} <= response.json().keys()


async def _seen(cast: Cast) -> tuple[Any, ...]:
    chat = (await cast["creator"].http.get(f"/api/chats/{cast.chat_id}")).json()
    return chat["version"], chat["title"], chat["creator_id"], chat["muted"], chat["participants"]


@pytest.mark.parametrize("key", TAKING_BODIES)
async def test_a_field_that_is_not_the_callers_to_say_is_refused(cast: Cast, key: Any) -> None:
    before = await _seen(cast)
    good = filled(ROUTES[key].body, cast.values("creator"))
    for extra in NOT_TO_SAY:
        if extra not in good:
            await _is_refused(cast, key, json={**good, extra: cast["creator"].id})
    assert await _seen(cast) == before


@pytest.mark.parametrize("key", TAKING_BODIES)
async def test_what_is_no_json_object_is_malformed_and_nothing_worse(cast: Cast, key: Any) -> None:
    before = await _seen(cast)
    for kind, content in UNREADABLE.values():
        await _is_refused(cast, key, content=content, headers={"Content-Type": kind})
    good = filled(ROUTES[key].body, cast.values("creator"))
    for field, value in good.items():
        numbers = () if isinstance(value, str) else ('"1"', "1.5", "-1")
        for raw in (*numbers, "{}", "[[[]]]", "1e999", SURROGATE, NUL):
            body = json.dumps({**good, field: 0}).replace(f'"{field}": 0', f'"{field}": {raw}')
            await _is_refused(cast, key, content=body, headers={"Content-Type": JSON})
    assert await _seen(cast) == before


@pytest.mark.parametrize(
    "address",
    [
        "/api/users?query={0}", "/api/users?ids={0}", "/api/users?query=a&limit={0}", "/api/users/{0}",
        "/api/chats?cursor={0}", "/api/chats?limit={0}", "/api/chats/{0}", "/api/history/{0}",
        "/api/history/1?limit={0}", "/api/history/1?offset={0}", "/api/history/1?order={0}",
        "/api/history/1?before_id={0}", "/auth/login?return_to={0}", "/auth/callback?state={0}&code={0}",
    ],
)  # fmt: skip
async def test_no_address_breaks_a_service(cast: Cast, address: str) -> None:
    for value in QUERIES:
        response = await cast["creator"].http.get(address.format(value))
        assert response.status_code in {200, 303, 400, 404, 422}, (value, response.text)
    assert (await cast["creator"].http.get("/api/users/me")).status_code == 200


async def test_no_session_id_breaks_the_gateway(public_url: str, person: Person) -> None:
    async with Browser(public_url) as browser:
        await browser.log_in(person.username, person.password)
        for value in (*QUERIES, quote("x" * 255), quote("x" * 3000), "00000000-0000-0000-0000-000000000000"):
            response = await browser.change("DELETE", f"/auth/sessions/{value}")
            assert response.status_code in {400, 404, 422}, (value, response.text)
            assert response.headers["content-type"] == "application/problem+json"
        assert len((await browser.get("/auth/sessions")).json()) == 1


async def test_cookies_that_nobody_gave_are_no_session(public_url: str) -> None:
    async with Browser(public_url) as browser:
        for value in ("", "x", "a" * 5000, "%00", '"quoted"', "../..", "{}"):
            answer = await browser.change("POST", "/auth/refresh", Cookie=f"session={value}; access_token={value}")
            assert answer.status_code == 401, (value, answer.text)
            read = await browser.get("/api/users/me", headers={"Cookie": f"access_token={value}"})
            assert read.status_code == 401, (value, read.text)
