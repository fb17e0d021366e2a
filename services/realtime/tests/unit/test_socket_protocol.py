"""A socket after its handshake, on a real server: it belongs to its session, and the handshake leaves nothing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from fastapi import FastAPI, WebSocket
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from realtime_service.controllers.socket_protocol import CLOSE_GRACE_S, SocketProtocol, socket_of

pytestmark = pytest.mark.enable_socket

TOKEN = "a-token-of-the-handshake"


class Heard:
    """A session that notes what it is told and answers text with the same."""

    def __init__(self, socket: SocketProtocol) -> None:
        self.socket = socket
        self.told: list[str] = []
        self.ended = asyncio.Event()

    def on_text(self, text: str) -> None:
        self.told.append(text)

    def refuse_binary(self) -> None:
        self.told.append("binary")

    def flush(self) -> None:
        self.told.append("flush")

    def end(self) -> None:
        self.ended.set()


class Server:
    """uvicorn with our protocol and an application that hands its sockets over."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.app.add_api_websocket_route("/ws", self.hand_over)
        self.may_attach = asyncio.Event()
        self.may_attach.set()
        self.session: Heard
        self.port = 0
        self.uvicorn: uvicorn.Server

    async def hand_over(self, websocket: WebSocket) -> None:
        await websocket.accept()
        await self.may_attach.wait()
        self.session = Heard(socket_of(websocket))
        self.session.socket.attach(self.session)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[ClientConnection]:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with connect(f"ws://127.0.0.1:{self.port}/ws", additional_headers=headers) as client:
            yield client

    async def quiet(self) -> None:
        """Wait until no application runs any more."""
        while self.uvicorn.server_state.tasks:  # noqa: ASYNC110 - uvicorn tells nobody when they end.
            await asyncio.sleep(0.01)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server()
    server.port = listener.getsockname()[1]
    options = {"http": "httptools", "lifespan": "off", "log_config": None, "ws_per_message_deflate": False}
    server.uvicorn = uvicorn.Server(uvicorn.Config(server.app, ws=SocketProtocol, **options))  # type: ignore[arg-type]
    running = asyncio.create_task(server.uvicorn._serve([listener]))  # `serve` would take the signals of pytest.
    yield server
    server.uvicorn.should_exit = True
    await running


async def test_the_handshake_leaves_neither_task_nor_token_behind(server: Server) -> None:
    async with server.client() as client:
        await client.send("hello")
        await server.quiet()
        socket = server.session.socket
        assert socket.is_open
        assert not {"scope", "request", "response"} & vars(socket).keys()
        request = socket.conn.parser.gi_frame.f_locals["request"]  # type: ignore[attr-defined]  # A plain generator.
        assert not request.headers
        await client.send("again")
        await asyncio.wait_for(await client.ping(), 5)
        assert server.session.told == ["hello", "again"]


async def test_what_comes_before_the_session_is_not_lost_and_later_frames_follow_in_order(server: Server) -> None:
    server.may_attach.clear()
    async with server.client() as client:
        await client.send("one")
        await client.send(b"two")
        await client.send("three")
        await asyncio.sleep(0.05)
        server.may_attach.set()
        await asyncio.wait_for(await client.ping(), 5)
        assert server.session.told == ["one", "binary", "three"]


async def test_binary_frames_do_not_stop_the_reading(server: Server) -> None:
    async with server.client() as client:
        await server.quiet()
        for _ in range(3):
            await client.send(b"\x00")
        await client.send("text")
        await asyncio.wait_for(await client.ping(), 5)
        assert server.session.told == ["binary"] * 3 + ["text"]


async def test_a_session_ends_with_its_socket_whoever_closes(server: Server) -> None:
    async with server.client() as client:
        await server.quiet()
        await client.close()
        await asyncio.wait_for(server.session.ended.wait(), 5)
    async with server.client() as client:
        await server.quiet()
        server.session.socket.close(4401, "revoked")
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        await asyncio.wait_for(server.session.ended.wait(), 5)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401


async def test_a_client_that_does_not_read_is_cut_after_the_grace(server: Server) -> None:
    async with server.client() as client:
        await server.quiet()
        client.transport.pause_reading()
        while server.session.socket.unsent_bytes == 0:
            server.session.socket.write(b"\x81\x7d" + b"x" * 125)
        server.session.socket.close(4408, "slow consumer")
        await asyncio.wait_for(server.session.ended.wait(), 1)
        await asyncio.sleep(CLOSE_GRACE_S + 0.5)
        assert not server.uvicorn.server_state.connections
        client.transport.abort()


async def test_a_client_that_left_during_the_handshake_ends_its_session_at_once(server: Server) -> None:
    server.may_attach.clear()
    async with server.client() as client:
        client.transport.abort()
    await asyncio.sleep(0.05)
    server.may_attach.set()
    await server.quiet()
    await asyncio.wait_for(server.session.ended.wait(), 5)


async def test_a_server_that_stops_flushes_and_says_come_back(server: Server) -> None:
    async with server.client() as client:
        await server.quiet()
        server.uvicorn.should_exit = True
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
        assert server.session.told == ["flush"]
        await asyncio.wait_for(server.session.ended.wait(), 5)
