"""Stand-ins for the parts behind Envoy: each says what reached it, Keycloak's also publishes the signing keys."""

from __future__ import annotations

import asyncio
import json
import random
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

CERTS = "/realms/messenger/protocol/openid-connect/certs"


OUTSIDE_EPHEMERAL = (20_000, 32_000)
_given: set[int] = set()


def free_port() -> int:
    """Return a port that stays free until it is used: never given twice, and none that outgoing connections get."""
    while True:
        port = random.randrange(*OUTSIDE_EPHEMERAL)
        if port in _given:
            continue
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        _given.add(port)
        return port


class Upstream:
    """One part on a port of its own; `calls` lists the requests that reached it as (method, path)."""

    def __init__(self, name: str, jwks: dict[str, Any] | None = None) -> None:
        self.name = name
        self.jwks = jwks
        self.calls: list[tuple[str, str]] = []
        self.ready = True
        self.port = free_port()
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen, on the same port each time."""
        config = uvicorn.Config(
            self,
            host="127.0.0.1",
            port=self.port,
            log_config=None,
            access_log=False,
            ws="websockets-sansio",
            lifespan="off",
        )
        self._server = uvicorn.Server(config)
        # The test run's own signal handlers stay.
        self._task = asyncio.create_task(self._server._serve())
        while not self._server.started:  # noqa: ASYNC110 - uvicorn offers no event.
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Stop listening and close what is open."""
        assert self._server is not None
        assert self._task is not None
        self._server.should_exit = self._server.force_exit = True
        await self._task

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as ASGI."""
        if scope["type"] == "websocket":
            await self._echo(scope, receive, send)
            return
        if scope["path"] == CERTS or (b"user-agent", b"Envoy/HC") in scope["headers"]:
            body: Any = self.jwks if self.jwks is not None else {"ready": self.ready}
            await _respond(send, 200 if self.ready else 503, body)
            return
        length = 0
        while True:
            message = await receive()
            length += len(message.get("body", b""))
            if not message.get("more_body"):
                break
        self.calls.append((scope["method"], scope["path"]))
        if scope["path"].endswith("/break"):
            # As a process does that is killed while it works.
            send.__self__.transport.abort()  # type: ignore[attr-defined]  # uvicorn's send is a bound method.
            return
        headers: dict[str, list[str]] = {}
        for key, value in scope["headers"]:
            headers.setdefault(key.decode(), []).append(value.decode())
        body = {
            "service": self.name,
            "method": scope["method"],
            "path": scope["raw_path"].decode(),
            "query": scope["query_string"].decode(),
            "headers": headers,
            "length": length,
        }
        await _respond(send, 200, body)

    async def _echo(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls.append(("WS", scope["path"]))
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": self.name})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})


async def _respond(send: Send, status: int, body: Any) -> None:
    headers = [(b"content-type", b"application/json"), (b"server", b"upstream/1.0"), (b"x-powered-by", b"stub")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})
