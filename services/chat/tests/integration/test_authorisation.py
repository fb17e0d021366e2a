"""Every route of the OpenAPI document, by everyone who may call it. A route without a row fails."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from chat_service.main import create_app
from chat_service.settings import ChatSettings

CALLERS = ("anonymous", "forged", "outsider", "left", "participant", "admin", "creator")

# (method, path): body, then the status for an outsider (and who has left), a participant, an admin and the creator.
# `{spare}` is nobody's chat yet, `{member}` another member of the group, `{message}` one of its messages.
TABLE: dict[tuple[str, str], tuple[Any, tuple[int, int, int, int]]] = {
    ("GET", "/api/bootstrap"): (None, (200, 200, 200, 200)),
    ("GET", "/api/chats"): (None, (200, 200, 200, 200)),
    ("POST", "/api/chats"): ({"type": "private", "user_id": "{spare}"}, (201, 201, 201, 201)),
    ("GET", "/api/chats/{chat_id}"): (None, (404, 200, 200, 200)),
    ("PATCH", "/api/chats/{chat_id}"): ({"title": "New"}, (404, 403, 200, 200)),
    ("PATCH", "/api/chats/{chat_id}/settings"): ({"muted": True, "pinned": True}, (404, 200, 200, 200)),
    ("POST", "/api/chats/{chat_id}/participants"): ({"user_id": "{spare}"}, (404, 403, 201, 201)),
    ("PUT", "/api/chats/{chat_id}/participants/{user_id}"): ({"role": "admin"}, (404, 403, 403, 200)),
    ("DELETE", "/api/chats/{chat_id}/participants/{user_id}"): (None, (404, 403, 204, 204)),
    ("POST", "/api/chats/{chat_id}/messages"): ({"client_id": "{uuid}", "text": "hi"}, (404, 201, 201, 201)),
    ("POST", "/api/chats/{chat_id}/read"): ({"message_id": "{message}"}, (404, 204, 204, 204)),
    ("PATCH", "/api/chats/{chat_id}/messages/{message_id}"): ({"text": "ho"}, (404, 403, 403, 200)),
    ("DELETE", "/api/chats/{chat_id}/messages/{message_id}"): (None, (404, 403, 204, 204)),
    ("GET", "/api/chats/{chat_id}/messages/{message_id}/seen"): (None, (404, 200, 200, 200)),
    ("GET", "/api/history/{chat_id}"): (None, (404, 200, 200, 200)),
}


def _documented(settings: ChatSettings) -> set[tuple[str, str]]:
    paths = create_app(settings).openapi()["paths"]
    return {(method.upper(), path) for path, operations in paths.items() for method in operations}


def test_every_route_has_a_row(settings: ChatSettings) -> None:
    assert _documented(settings) == set(TABLE)


def _filled(template: Any, values: dict[str, Any]) -> Any:
    if isinstance(template, dict):
        return {key: _filled(value, values) for key, value in template.items()}
    if isinstance(template, str) and template.startswith("{"):
        return values[template.strip("{}")]
    return template


@pytest.fixture
async def scene(people: Any) -> Any:
    """Set up a group with one of each kind; return their clients and what the rows' bodies name."""
    cast = {name: await people(name) for name in ("creator", "admin", "participant", "left", "outsider", "member", "x")}
    creator = cast["creator"]
    chat_id = await creator.group(cast["admin"], cast["participant"], cast["left"], cast["member"])
    base = f"/api/chats/{chat_id}/participants"
    await creator.call("PUT", f"{base}/{cast['admin'].id}", 200, {"role": "admin"})
    message = await creator.say(chat_id)
    await cast["left"].call("DELETE", f"{base}/{cast['left'].id}", 204)
    values = {
        "chat_id": chat_id,
        "user_id": cast["member"].id,
        "spare": cast["x"].id,
        "message": message["id"],
        "message_id": message["id"],
        "uuid": str(uuid4()),
    }
    clients = {name: person.client for name, person in cast.items()}
    clients["anonymous"] = people.client()
    clients["forged"] = people.client("eyJhbGciOiJub25lIn0.e30.")
    return clients, values


def _expected(route: tuple[str, str], caller: str) -> int:
    outsider, participant, admin, creator = TABLE[route][1]
    return {
        "anonymous": 401,
        "forged": 401,
        "outsider": outsider,
        "left": outsider,
        "participant": participant,
        "admin": admin,
        "creator": creator,
    }[caller]


ALLOWED = [
    pytest.param(route, caller, id=" ".join((*route, caller)))
    for route in TABLE
    for caller in CALLERS
    if _expected(route, caller) < 400
]


async def _ask(scene: Any, route: tuple[str, str], caller: str) -> httpx.Response:
    clients, values = scene
    method, path = route
    response = await clients[caller].request(method, path.format_map(values), json=_filled(TABLE[route][0], values))
    assert response.status_code == _expected(route, caller), (caller, response.text)
    return response


@pytest.mark.parametrize(("route", "caller"), ALLOWED)
async def test_who_may_is_answered(scene: Any, route: tuple[str, str], caller: str) -> None:
    await _ask(scene, route, caller)


@pytest.mark.parametrize("route", TABLE, ids=" ".join)
async def test_who_may_not_is_told_so_and_keeps_nobody_else_from_it(scene: Any, route: tuple[str, str]) -> None:
    for caller in (name for name in CALLERS if _expected(route, name) >= 400):
        response = await _ask(scene, route, caller)
        assert response.headers["content-type"] == "application/problem+json"
    await _ask(scene, route, "creator")


@pytest.mark.parametrize("route", [route for route, row in TABLE.items() if row[1][0] == 404], ids=" ".join)
async def test_a_chat_of_others_and_no_chat_at_all_look_alike(scene: Any, route: tuple[str, str]) -> None:
    clients, values = scene
    method, path = route
    body = _filled(TABLE[route][0], values)
    answers = [
        await clients["outsider"].request(method, path.format_map(values | {"chat_id": chat_id}), json=body)
        for chat_id in (values["chat_id"], 10**9)
    ]
    assert answers[0].status_code == answers[1].status_code == 404
    assert answers[0].content == answers[1].content
