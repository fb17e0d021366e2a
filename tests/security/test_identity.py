"""Nobody is anybody because a header says so: not at the gateway, and not straight at a service behind it."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from messenger_testing.cast import Cast
from messenger_testing.e2e import claims_of


def _listed(name: str) -> list[str]:
    return os.environ.get(name, "").split(",")


PLACES = {
    "gateway": _listed("PUBLIC_URL"),
    "user": _listed("USER_URL"),
    "chat": _listed("CHAT_URLS"),
    "realtime": _listed("REALTIME_URLS"),
}
FOREIGN = (
    "null", "", "http://evil.example", "https://localhost:{port}", "http://localhost", "http://localhost:{port}0",
    "http://localhost:{port}.evil.example", "http://localhost:{port}@evil.example", "http://sub.localhost:{port}",
    "http://evillocalhost:{port}", "http://localhost:{port}/", "http://127.0.0.1:{port}", "HTTP://LOCALHOST:{port}",
    "file://", "http://localhost:{port} http://evil.example", "http://localhost%3a{port}",
)  # fmt: skip


def _claims_to_be(cast: Cast) -> dict[str, str]:
    """Return every header by which some proxy tells some service who is calling."""
    creator = cast["creator"]
    sub = claims_of(creator.token)["sub"]
    payload = base64.b64encode(json.dumps({"sub": sub, "user_id": creator.id}).encode()).decode()
    return {
        "X-User-Id": str(creator.id),
        "X-User": creator.username,
        "X-User-Sub": sub,
        "X-Auth-User": creator.username,
        "X-Auth-Request-User": sub,
        "X-Auth-Request-Access-Token": creator.token,
        "X-Remote-User": creator.username,
        "Remote-User": creator.username,
        "X-Authenticated-Userid": sub,
        "X-Forwarded-User": sub,
        "X-Forwarded-Access-Token": creator.token,
        "X-Forwarded-For": "127.0.0.1",
        "X-Real-IP": "127.0.0.1",
        "Forwarded": "for=127.0.0.1;proto=https",
        "X-Jwt-Payload": payload,
        "X-Userinfo": payload,
        "X-Endpoint-API-UserInfo": payload,
        "X-Roles": "admin",
        "X-Original-URL": "/internal/link",
        "X-Rewrite-URL": "/internal/link",
        "X-HTTP-Method-Override": "DELETE",
        "Proxy-Authorization": f"Bearer {creator.token}",
        "Sec-WebSocket-Protocol": f"bearer, {creator.token}",
    }


async def _refused_handshake(place: str, headers: dict[str, str]) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as caught:
        async with connect(place.replace("http", "ws", 1) + "/ws", additional_headers=headers, proxy=None):
            pass
    response = caught.value.response
    return response.status_code, response.headers["content-type"]


@pytest.mark.parametrize("place", ["gateway", "user", "chat"])
async def test_headers_that_name_a_user_open_nothing(cast: Cast, place: str) -> None:
    path = "/api/users/me" if place == "user" else f"/api/chats/{cast.chat_id}"
    for url in PLACES[place]:
        async with httpx.AsyncClient(base_url=url, headers=_claims_to_be(cast)) as http:
            nobody = await http.get(path)
            assert nobody.status_code == 401, nobody.text
            stranger = await http.get(path, headers={"Authorization": f"Bearer {cast['stranger'].token}"})
        if place == "user":
            assert stranger.json()["id"] == cast["stranger"].id
        else:
            assert stranger.status_code == 404


@pytest.mark.parametrize("place", ["gateway", "realtime"])
async def test_headers_that_name_a_user_open_no_connection(cast: Cast, place: str) -> None:
    claimed = _claims_to_be(cast)
    for url in PLACES[place]:
        assert await _refused_handshake(url, claimed) == (401, "application/problem+json")
        address = f"{url.replace('http', 'ws', 1)}/ws?user_id={cast['creator'].id}"
        authorised = {**claimed, "Authorization": f"Bearer {cast['stranger'].token}"}
        async with connect(address, additional_headers=authorised, proxy=None) as socket:
            assert json.loads(await socket.recv())["user_id"] == cast["stranger"].id


async def test_no_service_takes_a_token_in_the_address(cast: Cast) -> None:
    token = cast["creator"].token
    for place, path in (("user", "/api/users/me"), ("chat", f"/api/chats/{cast.chat_id}")):
        async with httpx.AsyncClient(base_url=PLACES[place][0]) as http:
            for name in ("token", "access_token", "authorization", "bearer", "jwt"):
                assert (await http.get(path, params={name: token})).status_code == 401
    for name in ("token", "access_token", "authorization"):
        assert (await _refused_handshake(f"{PLACES['realtime'][0]}", {}))[0] == 401
        with pytest.raises(InvalidStatus):
            async with connect(f"{PLACES['realtime'][0].replace('http', 'ws', 1)}/ws?{name}={token}", proxy=None):
                pass


@pytest.mark.parametrize("place", ["gateway", "realtime"])
async def test_a_foreign_origin_opens_no_connection_even_behind_the_gateway(cast: Cast, place: str) -> None:
    token = cast["creator"].token
    port = httpx.URL(PLACES["gateway"][0]).port
    for url in PLACES[place]:
        for origin in FOREIGN:
            for brought in ({"Authorization": f"Bearer {token}"}, {"Cookie": f"access_token={token}"}):
                headers = {**brought, "Origin": origin.format(port=port)}
                assert await _refused_handshake(url, headers) == (403, "application/problem+json"), origin
        assert (await _refused_handshake(url, {"Cookie": f"access_token={token}"}))[0] == 403
    live = await cast["creator"].live()
    await live.say(cast.chat_id, "ordinary")


@pytest.mark.parametrize("place", ["gateway", "user", "chat"])
async def test_a_flood_of_unknown_keys_keeps_nobody_out(cast: Cast, place: str) -> None:
    """What it costs Keycloak is counted in services/platform/tests/unit/test_tokens.py."""
    _, payload, signature = cast["creator"].token.split(".")
    path = "/api/users/me" if place == "user" else f"/api/chats/{cast.chat_id}"
    async with httpx.AsyncClient(base_url=PLACES[place][0], timeout=30) as http:

        async def ask(token: str) -> int:
            return (await http.get(path, headers={"Authorization": f"Bearer {token}"})).status_code

        def forged(number: int) -> str:
            raw = json.dumps({"alg": "RS256", "typ": "JWT", "kid": f"flood-{number}"}).encode()
            return f"{base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}.{payload}.{signature}"

        tokens = [*map(forged, range(100)), *[cast["creator"].token] * 20]
        answers = await asyncio.gather(*(ask(token) for token in tokens))
    assert answers == [401] * 100 + [200] * 20


async def test_the_internal_doors_are_shut_to_users(cast: Cast) -> None:
    token = cast["creator"].token
    doors: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", f"{os.environ['GATEWAY_URL']}/internal/ended-sessions", {}),
        ("POST", f"{os.environ['GATEWAY_URL']}/auth/backchannel-logout", {"data": {"logout_token": token}}),
    ]
    async with httpx.AsyncClient() as http:
        for headers in (
            {},
            {"Authorization": f"Bearer {token}"},
            {"Authorization": "Internal guess"},
            _claims_to_be(cast),
        ):
            for method, url, options in doors:
                answer = await http.request(method, url, headers=headers, **options)
                assert answer.status_code in {400, 401, 403}, (url, answer.text)
            for chat in PLACES["chat"]:
                address = f"{chat.replace('http', 'ws', 1)}/internal/link"
                with pytest.raises(InvalidStatus) as caught:
                    async with connect(address, additional_headers=headers, proxy=None):
                        pass
                assert caught.value.response.status_code in {401, 403}
