"""uvicorn's WebSocket protocol with a short way in and out.

FastAPI does the handshake and hands the socket over to a session; then its task ends, and with it goes what only the
handshake needed: the request with its token, the scope, the queue and the stack of coroutines. After it, frames go
straight from the parser to the session, and prebuilt frames straight to the transport. Everything else (pings,
closing, limits) stays uvicorn's.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Protocol, cast

from starlette.websockets import WebSocket
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState
from websockets.http11 import Request

EXTENSION = "messenger.socket"
HIGH_WATER_BYTES = 64 * 1024
CLOSE_GRACE_S = 5.0


logger = logging.getLogger(__name__)


class Session(Protocol):
    """Whom a socket belongs to after its handshake; called on the event loop."""

    def on_text(self, text: str) -> None:
        """Take a text frame."""

    def refuse_binary(self) -> None:
        """Take a binary frame."""

    def flush(self) -> None:
        """Write what is queued: the server is about to close the socket."""

    def end(self) -> None:
        """Leave: the socket closes or is gone; may be told twice."""


class Events:
    """In the place of uvicorn's queue once nobody reads it: what is put is done at once."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def put_nowait(self, event: dict[str, Any]) -> None:
        """Hand an event to the session; its end comes at the end of this loop turn, for its hub may be busy with it."""
        if event["type"] == "websocket.disconnect":
            asyncio.get_running_loop().call_soon(self._session.end)
        elif event["type"] == "websocket.receive":
            text = event.get("text")
            if text is None:
                self._session.refuse_binary()
            else:
                self._session.on_text(text)


class SocketProtocol(WebSocketsSansIOProtocol):
    """One WebSocket; its frames go to the session once `attach` has been called."""

    session: Session | None = None

    def handle_connect(self, event: Request) -> None:
        """Let the application find this object in the scope of the handshake."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTENSION] = self

    def attach(self, session: Session) -> None:
        """Give this socket to a session, with what has come since the handshake; the application may return then."""
        waiting, events = self.queue, Events(session)
        self.session = session
        self.queue = cast("Any", events)
        self.transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)
        while not waiting.empty():
            events.put_nowait(cast("dict[str, Any]", waiting.get_nowait()))
        if self.read_paused and not self.transport.is_closing():
            self.read_paused = False
            self.transport.resume_reading()

    async def run_asgi(self) -> None:
        """Run the handshake; unlike uvicorn's, a socket that was given to a session outlives the application."""
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except Exception:
            logger.exception("a handshake failed")
            self.send_500_response()
        if self.session is None and self.close_timer is None:
            self.transport.close()
        # The parser's frame keeps the request for the life of the socket: it need not keep the token.
        self.request.headers.clear()
        del self.scope, self.request, self.response

    def send_receive_event_to_app(self) -> None:
        """Hand a whole message to the session at once; before `attach` it waits in uvicorn's queue."""
        if self.session is None or self.close_sent:
            super().send_receive_event_to_app()
            return
        data = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        self.frames = []
        if self.curr_msg_data_type != "text":
            self.session.refuse_binary()
            return
        try:
            text = data.decode()
        except UnicodeDecodeError:
            self.close(1007, "not UTF-8")
            return
        self.session.on_text(text)

    @property
    def is_open(self) -> bool:
        """Whether frames may still be written."""
        return self.handshake_complete and not self.close_sent and not self.transport.is_closing()

    @property
    def unsent_bytes(self) -> int:
        """Bytes that the peer has not taken yet (this side of the kernel)."""
        return self.transport.get_write_buffer_size()

    def write(self, frames: bytes) -> None:
        """Write whole frames, made by `to_wire`; the caller watches `unsent_bytes`."""
        if self.is_open:
            self.transport.write(frames)

    def pause_reading(self) -> None:
        """Take nothing from the peer until `resume_reading`; closing resumes it too."""
        if self.is_open and not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Take frames again."""
        if self.is_open and self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    async def drained(self) -> None:
        """Wait until this turn's frames are written and the transport has taken most of them."""
        await asyncio.sleep(0)
        await self.writable.wait()

    def close(self, code: int, reason: str) -> None:
        """Start the closing handshake; a peer that does not take part is cut off after 5 s."""
        if not self.is_open:
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        try:
            self.conn.send_close(code, reason)
        except InvalidState:
            self.transport.abort()
            return
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.stop_keepalive()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(CLOSE_GRACE_S, self.transport.abort)

    def shutdown(self) -> None:
        """Flush what is queued, then close with 1012 as uvicorn does."""
        if self.session is not None:
            self.session.flush()
        super().shutdown()


def socket_of(websocket: WebSocket) -> SocketProtocol:
    """Return the protocol object behind a WebSocket of this process."""
    socket: SocketProtocol = websocket.scope["extensions"][EXTENSION]
    return socket
