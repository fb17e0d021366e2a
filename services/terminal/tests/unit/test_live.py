"""The live connection against a server played frame by frame."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import httpx
import pytest
import respx
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Close

import messenger_terminal.connection as pauses
from messenger_terminal.api import API
from messenger_terminal.errors import Failure, LoggedOut, NotFound
from messenger_terminal.live import Live
from messenger_terminal.session import Session

SERVER = "https://chat.example"
HELLO = {"type": "hello", "user_id": 1, "connection_id": "c"}
REFUSED = {"type": "error", "client_id": "c1", "detail": "No."}
Frame = dict[str, Any]


def message(version: int, **more: Any) -> Frame:
    body = {"id": 100 + version, "chat_id": 1, "sender_id": 2, "text": "x", **more}
    return {"type": "message", "version": version, "message": body}


def synced(version: int) -> Frame:
    return {"type": "synced", "chats": {"1": {"version": version}}}


class Wire:
    """The server's end of one connection."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[Frame | Close | None] = asyncio.Queue()
        self.sent: asyncio.Queue[Frame] = asyncio.Queue()
        self.transport = self

    def abort(self) -> None:
        self.incoming.put_nowait(None)

    async def send(self, text: str) -> None:
        self.sent.put_nowait(json.loads(text))

    async def close(self) -> None:
        """Nothing to close."""

    async def __aiter__(self) -> AsyncIterator[str]:
        while isinstance(frame := await self.incoming.get(), dict):
            yield json.dumps(frame)
        raise ConnectionClosedError(frame, None)

    def say(self, *frames: Frame | Close | None) -> None:
        for frame in frames:
            self.incoming.put_nowait(frame)

    async def heard(self, kind: str) -> Frame:
        while (frame := await self.sent.get())["type"] != kind:
            pass
        return frame


class Stage:
    """A live connection under test, and the wires it opens one after another."""

    def __init__(self, session: Session, http: httpx.Client, *, only: int | None = 1) -> None:
        self.shown: list[Frame] = []
        self.notices: list[str] = []
        self.tokens: list[str] = []
        self.wires: asyncio.Queue[Wire] = asyncio.Queue()
        self.live = Live(
            SERVER,
            session,
            API(SERVER, session, http, sleep=lambda _: None),
            show=self.shown.append,
            notice=self.notices.append,
            only=only,
            connect=self._connect,
        )
        if only is not None:
            self.live.versions.follow(only, 0, 100)
        self.task = asyncio.create_task(self.live.run())

    async def _connect(self, _server: str, token: str) -> ClientConnection:
        wire = Wire()
        self.tokens.append(token)
        self.wires.put_nowait(wire)
        return cast("ClientConnection", wire)

    async def wire(self) -> Wire:
        """Return the next connection, greeted."""
        wire = await self.wires.get()
        wire.say(HELLO)
        return wire

    async def until_shown(self, *versions: int) -> None:
        while [frame.get("version", 0) for frame in self.shown] != list(versions):  # noqa: ASYNC110 - the test's timeout ends it.
            await asyncio.sleep(0.001)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pauses, "FIRST_PAUSE_S", 0.0)


@pytest.fixture
async def stage(session: Session, http: httpx.Client, server: respx.MockRouter) -> AsyncIterator[Callable[..., Stage]]:
    opened: list[Stage] = []

    def open_stage(**options: Any) -> Stage:
        opened.append(Stage(session, http, **options))
        return opened[-1]

    async with asyncio.timeout(10):
        yield open_stage
    for each in opened:
        each.task.cancel()
    await asyncio.gather(*(each.task for each in opened), return_exceptions=True)


async def test_a_lost_connection_is_followed_by_a_sync_and_nothing_is_shown_twice(stage: Callable[..., Stage]) -> None:
    play = stage()
    first = await play.wire()
    assert (await first.heard("sync"))["chats"] == {"1": 0}
    first.say(synced(0), message(1), message(2), Close(1012, ""))
    second = await play.wire()
    assert (await second.heard("sync"))["chats"] == {"1": 2}
    second.say(message(5), message(2), message(3), message(4), synced(4), message(5))
    await play.until_shown(1, 2, 3, 4, 5)
    assert play.notices == ["the server restarts; trying again"]


async def test_a_gap_in_the_live_frames_is_synced(stage: Callable[..., Stage]) -> None:
    play = stage()
    wire = await play.wire()
    await wire.heard("sync")
    wire.say(synced(0), message(1), message(3))
    assert (await wire.heard("sync"))["chats"] == {"1": 1}
    wire.say(message(2), message(3), synced(3))
    await play.until_shown(1, 2, 3)


async def test_what_was_too_long_is_read_from_the_history(
    stage: Callable[..., Stage], server: respx.MockRouter
) -> None:
    pages = [[message(version)["message"] for version in (1, 2)], [message(3)["message"]], []]
    route = server.get(url__startswith=f"{SERVER}/api/history/1").mock(
        side_effect=[httpx.Response(200, json=page) for page in pages]
    )
    play = stage()
    wire = await play.wire()
    wire.say(message(4), {"type": "too_long", "chat_id": 1, "version": 3}, synced(3))
    await play.until_shown(0, 0, 0, 4)
    assert [frame["message"]["id"] for frame in play.shown] == [101, 102, 103, 104]
    assert [call.request.url.params["after_id"] for call in route.calls] == ["100", "102", "103"]


async def test_a_send_is_repeated_with_its_client_id_until_it_is_acknowledged(stage: Callable[..., Stage]) -> None:
    play = stage()
    saying = asyncio.create_task(play.live.say(1, "hi", "c1"))
    first = await play.wire()
    await first.heard("send")
    first.abort()
    second = await play.wire()
    assert (await second.heard("send"))["client_id"] == "c1"
    second.say({**REFUSED, "code": "unavailable", "retry_after": 0})
    await second.heard("send")
    second.say(synced(0), message(1, client_id="c1"))
    assert (await saying)["version"] == 1
    await play.until_shown(1)


async def test_a_refused_send_is_not_repeated(stage: Callable[..., Stage]) -> None:
    play = stage()
    saying = asyncio.create_task(play.live.say(1, "", "c1"))
    wire = await play.wire()
    await wire.heard("send")
    wire.say({**REFUSED, "code": "too_long"})
    with pytest.raises(Failure, match=r"No\."):
        await saying


async def test_a_token_that_expires_is_replaced_on_the_same_connection(
    stage: Callable[..., Stage], server: respx.MockRouter
) -> None:
    tokens = {"access_token": "access-2", "refresh_token": "refresh-2", "expires_in": 300}
    server.post(f"{SERVER}/realms/messenger/token").respond(json=tokens)
    play = stage()
    wire = await play.wire()
    wire.say({"type": "reauth_required", "in_s": 60})
    assert await wire.heard("auth") == {"type": "auth", "token": "access-2"}
    assert play.tokens == ["access-1"]


@pytest.mark.parametrize(("reason", "words"), [("evicted", "newer logins"), ("revoked", "another device")])
async def test_an_ended_login_is_told_with_its_reason(
    reason: str, words: str, stage: Callable[..., Stage], server: respx.MockRouter
) -> None:
    server.post(f"{SERVER}/realms/messenger/token").respond(400, json={"error": "invalid_grant"})
    play = stage()
    (await play.wire()).say(Close(4401, reason))
    with pytest.raises(LoggedOut, match=f"{words}.*messenger login"):
        await play.task


async def test_a_token_that_ran_out_is_replaced_and_the_connection_opened_again(
    stage: Callable[..., Stage], server: respx.MockRouter
) -> None:
    tokens = {"access_token": "access-2", "refresh_token": "refresh-2", "expires_in": 300}
    server.post(f"{SERVER}/realms/messenger/token").respond(json=tokens)
    play = stage()
    (await play.wire()).say(Close(4401, "expired"))
    await play.wire()
    assert play.tokens == ["access-1", "access-2"]


async def test_a_chat_that_one_is_in_no_longer_ends_its_window(stage: Callable[..., Stage]) -> None:
    play = stage()
    (await play.wire()).say({"type": "error", "code": "not_found", "chat_id": 1, "client_id": None, "detail": "?"})
    with pytest.raises(NotFound):
        await play.task


async def test_a_chat_that_began_while_away_is_shown_from_its_beginning(
    stage: Callable[..., Stage], server: respx.MockRouter
) -> None:
    old = {"id": 1, "type": "private", "version": 2, "last_message": message(2)["message"], "participants": []}
    new = {**old, "id": 9, "version": 1}
    lists = [httpx.Response(200, json={"items": chats, "next_cursor": None}) for chats in ([old], [new, old])]
    server.get(url__startswith=f"{SERVER}/api/chats").mock(side_effect=lists)
    play = stage(only=None)
    first = await play.wire()
    assert (await first.heard("sync"))["chats"] == {"1": 2}
    first.abort()
    assert (await (await play.wire()).heard("sync"))["chats"] == {"1": 2, "9": 0}
