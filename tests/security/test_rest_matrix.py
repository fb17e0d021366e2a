"""Every REST call of the whole, by everyone: a call that the document names and the table does not fails."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from messenger_testing.cast import Cast, assemble, filled
from messenger_testing.client import Account
from messenger_testing.routes import LEVELS, ROUTES, described

CHANGING = {"X-CSRF": "1"}


async def _call(http: httpx.AsyncClient, key: tuple[str, str], values: dict[str, Any], **options: Any) -> Any:
    method, path = key
    route = ROUTES[key]
    body = None if route.body is None else filled(route.body, values)
    return await http.request(method, path.format_map(values) + route.query, json=body, **options)


def _is_refusal(response: httpx.Response, status: int) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == status
    assert "for us only" not in response.text


async def test_every_call_is_in_the_table(public_url: str) -> None:
    async with httpx.AsyncClient(base_url=public_url, timeout=20) as http:
        document = (await http.get("/api/openapi.json")).json()
    assert described(document) == set(ROUTES)


def _ids(least: set[str]) -> list[Any]:
    return [pytest.param(key, id=" ".join(key)) for key, route in ROUTES.items() if route.least in least]


@pytest.mark.parametrize("key", _ids(set(LEVELS) - {"anyone"}))
async def test_without_a_token_in_the_right_place_nobody_gets_in(cast: Cast, public_url: str, key: Any) -> None:
    token = cast["creator"].token
    attempts: list[dict[str, Any]] = [
        {},
        {"headers": {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."}},
        {"headers": {"Authorization": f"Basic {token}"}},
        {"headers": {"X-Authorization": f"Bearer {token}", "X-Access-Token": token}},
        {"params": {"access_token": token}},
        {"params": {"token": token}},
    ]
    async with httpx.AsyncClient(base_url=public_url) as http:
        for options in attempts:
            _is_refusal(await _call(http, key, cast.values("creator"), **options), 401)


@pytest.mark.parametrize("key", _ids(set(LEVELS) - {"anyone"}))
async def test_whoever_may_less_is_refused_and_the_least_who_may_is_not(
    cast: Cast, players: list[Account], key: Any
) -> None:
    least = ROUTES[key].least
    if ROUTES[key].spends:
        cast = await assemble(players)
    for caller in LEVELS[1 : LEVELS.index(least)]:
        outside = caller in {"stranger", "removed"}
        response = await _call(cast[caller].http, key, cast.values(caller))
        _is_refusal(response, 404 if outside else 403)
        if outside and "{chat_id}" in key[1]:
            nothing = await _call(cast[caller].http, key, cast.values(caller) | {"chat_id": 2**40})
            assert nothing.content == response.content
    allowed = await _call(cast[least].http, key, cast.values(least))
    assert allowed.is_success, allowed.text


@pytest.mark.parametrize("key", _ids({"session"}))
async def test_what_belongs_to_browsers_takes_no_token(cast: Cast, public_url: str, key: Any) -> None:
    ours = {"Origin": public_url}
    for headers in (ours, {}):
        wanted = 401 if key[0] == "GET" else 403
        _is_refusal(await _call(cast["creator"].http, key, cast.values("creator"), headers=headers), wanted)
    _is_refusal(await _call(cast["creator"].http, key, cast.values("creator"), headers=ours | CHANGING), 401)
    assert (await cast["creator"].http.get("/api/users/me")).status_code == 200


@pytest.mark.parametrize("key", [pytest.param(key, id=" ".join(key)) for key in ROUTES if "{message_id}" in key[1]])
async def test_a_message_is_not_reached_through_another_chat(cast: Cast, key: Any) -> None:
    """The attacker may do everything in a group of their own, and names a message that is elsewhere."""
    attacker = cast["stranger"]
    own = await attacker.group("Own", cast["removed"])
    _is_refusal(await _call(attacker.http, key, cast.values("creator") | {"chat_id": own}), 404)
    said = {"client_id": cast.values("creator")["uuid"], "text": "?", "reply_to_id": cast.message_id}
    _is_refusal(await attacker.http.post(f"/api/chats/{own}/messages", json=said), 404)
    _is_refusal(await attacker.http.post(f"/api/chats/{own}/read", json={"message_id": cast.message_id}), 404)
    for position in ("around_id", "before_id", "after_id"):
        found = await attacker.http.get(f"/api/history/{own}", params={position: cast.message_id})
        assert "for us only" not in found.text
        assert found.status_code == (404 if position == "around_id" else 200)


async def test_whoever_was_removed_finds_the_group_nowhere(cast: Cast) -> None:
    removed = cast["removed"].http
    listed = (await removed.get("/api/chats", params={"limit": 200})).json()["items"]
    first_screen = (await removed.get("/api/bootstrap")).json()["chats"]
    assert cast.chat_id not in {chat["id"] for chat in listed + first_screen}
