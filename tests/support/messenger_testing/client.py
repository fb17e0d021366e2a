"""A client of the public contract: REST with a bearer token, and `/ws` with a journal of every frame."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

Frame = dict[str, Any]
PATIENCE_S = 10.0


class LiveClient:
    """One WebSocket; every frame that arrives is kept in `frames` in its order."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.frames: list[Frame] = []
        self.on_frame: Callable[[Frame], None] | None = None
        self._arrived = asyncio.Condition()
        self._reader = asyncio.create_task(self._read())
        self.close_code: int | None = None
        self.closed_at = 0.0
        self.close_reason = ""
        self.user_id = 0

    @classmethod
    async def open(cls, public_url: str, token: str | None, **headers: str) -> LiveClient:
        """Connect, with a bearer token unless the headers bring a cookie, and wait for hello.

        Raises `websockets.exceptions.InvalidStatus` when refused.
        """
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        socket = await connect(
            public_url.replace("http", "ws", 1) + "/ws",
            additional_headers=headers,
            compression=None,
            max_size=None,
            proxy=None,
        )
        client = cls(socket)
        try:
            hello = await client.wait_for(lambda frame: frame["type"] == "hello")
        except BaseException:
            await client.close()
            raise
        client.user_id = hello["user_id"]
        return client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close and wait until the reader has ended."""
        await self._socket.close()
        await self._reader

    def cut(self) -> None:
        """Drop the TCP connection without a word."""
        self._socket.transport.abort()

    async def _read(self) -> None:
        try:
            async for text in self._socket:
                async with self._arrived:
                    frame = json.loads(text)
                    self.frames.append(frame)
                    if self.on_frame is not None:
                        self.on_frame(frame)
                    self._arrived.notify_all()
        except ConnectionClosed:
            pass
        async with self._arrived:
            self.closed_at = time.perf_counter()
            self.close_code, self.close_reason = self._socket.close_code, self._socket.close_reason or ""
            self._arrived.notify_all()

    async def send(self, frame: Frame) -> None:
        """Send a frame."""
        await self._socket.send(json.dumps(frame))

    async def send_raw(self, data: str | bytes) -> None:
        """Send anything."""
        await self._socket.send(data)

    async def say(self, chat_id: int, text: str, client_id: str | None = None) -> Frame:
        """Send a message and wait for its acknowledgement, the frame that carries the client id."""
        client_id = client_id or str(uuid.uuid4())
        start = len(self.frames)
        await self.send({"type": "send", "chat_id": chat_id, "client_id": client_id, "text": text})
        answer = await self.wait_for(
            lambda frame: frame.get("client_id") == client_id or frame.get("message", {}).get("client_id") == client_id,
            start=start,
        )
        assert answer["type"] == "message", answer
        return answer

    async def wait_for(
        self, wanted: Callable[[Frame], bool], *, start: int = 0, patience_s: float = PATIENCE_S
    ) -> Frame:
        """Return the first frame from index `start` on that is wanted, waiting for it."""

        def find() -> Frame | None:
            return next((frame for frame in self.frames[start:] if wanted(frame)), None)

        async with asyncio.timeout(patience_s):
            async with self._arrived:
                await self._arrived.wait_for(lambda: find() is not None or self.close_code is not None)
        found = find()
        assert found is not None, f"closed with {self.close_code} {self.close_reason!r} before the frame came"
        return found

    async def wait_for_message(self, message_id: int) -> Frame:
        """Return the frame of a message, waiting for it."""
        return await self.wait_for(lambda frame: frame.get("message", {}).get("id") == message_id)

    async def wait_for_ack(self, client_id: str) -> Frame:
        """Return the frame of an own message, waiting for it."""
        return await self.wait_for(lambda frame: frame.get("message", {}).get("client_id") == client_id)

    async def wait_closed(self, patience_s: float = PATIENCE_S) -> int:
        """Return the close code, waiting for it."""
        async with asyncio.timeout(patience_s):
            async with self._arrived:
                await self._arrived.wait_for(lambda: self.close_code is not None)
        assert self.close_code is not None
        return self.close_code

    def messages(self, chat_id: int) -> list[Frame]:
        """Return the message frames of a chat, in the order of their arrival."""
        return [frame for frame in self.frames if frame["type"] == "message" and frame["message"]["chat_id"] == chat_id]

    async def sync(self, chats: dict[int, int]) -> Frame:
        """Ask for what happened since these versions and wait for the end of the answer."""
        start = len(self.frames)
        await self.send({"type": "sync", "chats": {str(chat_id): version for chat_id, version in chats.items()}})
        return await self.wait_for(lambda frame: frame["type"] == "synced", start=start)


async def open_patiently(connect: Callable[[], Awaitable[LiveClient]]) -> LiveClient:
    """Open a connection; while a part is away (503) try again, as clients are told to."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await connect()
            except InvalidStatus as refusal:
                if refusal.response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    raise
            await asyncio.sleep(0.2)


class Account:
    """One logged-in account: REST calls, and as many live connections as wanted."""

    def __init__(self, public_url: str, username: str, token: str) -> None:
        self.public_url = public_url
        self.username = username
        self.token = token
        self.id = 0
        self._clients: list[LiveClient] = []
        self.http = httpx.AsyncClient(
            base_url=public_url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_S
        )

    async def start(self) -> Account:
        """Learn the own id; while a part is away (503) try again, as clients are told to."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                response = await self.http.get("/api/users/me")
                if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    break
                await asyncio.sleep(float(response.headers.get("retry-after", 1)) / 5)
        response.raise_for_status()
        self.id = response.json()["id"]
        return self

    async def live(self) -> LiveClient:
        """Open a connection; while a part is away (503) try again, as clients are told to."""
        client = await open_patiently(lambda: LiveClient.open(self.public_url, self.token))
        self._clients.append(client)
        return client

    async def aclose(self) -> None:
        """Close everything that this account has opened."""
        for client in self._clients:
            await client.close()
        await self.http.aclose()

    async def private_chat(self, other: Account) -> int:
        """Return the private chat with another account."""
        response = await self.http.post("/api/chats", json={"type": "private", "user_id": other.id})
        assert response.status_code in {200, 201}, response.text
        return int(response.json()["id"])

    async def group(self, title: str, *others: Account) -> int:
        """Make a group."""
        body = {"type": "group", "title": title, "participant_ids": [other.id for other in others]}
        response = await self.http.post("/api/chats", json=body)
        assert response.status_code == 201, response.text
        return int(response.json()["id"])

    async def history(self, chat_id: int, **params: Any) -> list[Frame]:
        """Read a page of history."""
        response = await self.http.get(f"/api/history/{chat_id}", params=params)
        response.raise_for_status()
        messages: list[Frame] = response.json()
        return messages
