"""Limits of one client, where no other test meets them.

Elsewhere: messages and chats a person in services/chat/tests/integration/test_messages_api.py, searches a person in
services/user/tests/integration/test_users_api.py, requests and logins an address in gateway/tests/envoy/test_limits.py.
"""

from __future__ import annotations

import asyncio
import json
import os

from websockets.exceptions import InvalidStatus

from messenger_platform.limits import TokenBuckets
from messenger_testing.client import LiveClient
from messenger_testing.login import log_in
from messenger_testing.people import Person
from messenger_testing.realtime_world import World
from realtime_service.services.client_session import Limits
from realtime_service.settings import Settings

ALLOWED = Settings.model_fields["connections_per_user"].default * len(os.environ.get("REALTIME_URLS", "").split(","))


async def test_frames_of_any_kind_are_limited_and_say_when_to_come_again() -> None:
    off = TokenBuckets(0, 1)
    world = World(limits=Limits(off, TokenBuckets(100, 300), off))
    session, socket = world.session(1)
    for number in range(500):
        session.on_text('{"type":"ping"}' if number % 2 else '{"type":"read","chat_id":1,"message_id":1}')
    await socket.until(lambda: socket.of("error"))
    refused = socket.of("error")
    assert len(refused) in range(180, 201)
    assert {frame["code"] for frame in refused} == {"rate_limited"}
    assert all(0 < frame["retry_after"] <= 1 for frame in refused)
    assert socket.closed is None
    another, its_socket = world.session(1)
    another.on_text('{"type":"ping"}')
    await its_socket.until(lambda: its_socket.of("pong"))


async def test_an_account_has_so_many_connections_and_others_are_not_kept_out(
    public_url: str, person: Person, neighbour: Person
) -> None:
    token = (await log_in(public_url, person.username, person.password)).access_token
    other = (await log_in(public_url, neighbour.username, neighbour.password)).access_token

    async def attempt() -> LiveClient | InvalidStatus:
        try:
            return await LiveClient.open(public_url, token)
        except InvalidStatus as refusal:
            return refusal

    attempts = [await asyncio.gather(*(attempt() for _ in range(20))) for _ in range(ALLOWED // 20 + 3)]
    opened = [live for batch in attempts for live in batch if isinstance(live, LiveClient)]
    refused = [refusal.response for batch in attempts for refusal in batch if isinstance(refusal, InvalidStatus)]
    async with await LiveClient.open(public_url, other) as live:
        await live.send({"type": "ping"})
        await live.wait_for(lambda frame: frame["type"] == "pong")
    await asyncio.gather(*(live.close() for live in opened))
    assert ALLOWED <= len(opened) < ALLOWED + 20  # Those who come at once are counted at once.
    assert {(answer.status_code, answer.headers["retry-after"]) for answer in refused} == {(429, "60")}
    assert json.loads(refused[0].body or b"")["status"] == 429
