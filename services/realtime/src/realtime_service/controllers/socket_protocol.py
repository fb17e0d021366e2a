"""uvicorn's WebSocket protocol with a short way in and out.

FastAPI does the handshake. After it, text frames go straight from the parser to the connection's handler, without a
queue and a task switch per frame, and prebuilt frames go straight to the transport. Everything else (pings, closing,
limits) stays uvicorn's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocket
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState
from websockets.http11 import Request

EXTENSION = "messenger.socket"
HIGH_WATER_BYTES = 64 * 1024
CLOSE_GRACE_S = 5.0


class SocketProtocol(WebSocketsSansIOProtocol):
    """One WebSocket; `on_text` takes every text frame once `attach` has been called."""

    on_text: Callable[[str], None] | None = None
    before_close: Callable[[], None] | None = None

    def handle_connect(self, event: Request) -> None:
        """Let the application find this object in the scope of the handshake."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTENSION] = self

    def attach(self, on_text: Callable[[str], None], before_close: Callable[[], None]) -> None:
        """Take over the incoming text; `before_close` runs before the server's own close at shutdown."""
        self.on_text = on_text
        self.before_close = before_close
        self.transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)

    def send_receive_event_to_app(self) -> None:
        """Hand a whole text message to the handler at once; before `attach` it waits in uvicorn's queue."""
        if self.on_text is None or self.curr_msg_data_type != "text" or self.close_sent or not self.queue.empty():
            super().send_receive_event_to_app()
            return
        data = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        self.frames = []
        try:
            text = data.decode()
        except UnicodeDecodeError:
            self.close(1007, "not UTF-8")
            return
        self.on_text(text)

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
        if self.before_close is not None:
            self.before_close()
        super().shutdown()


def socket_of(websocket: WebSocket) -> SocketProtocol:
    """Return the protocol object behind a WebSocket of this process."""
    socket: SocketProtocol = websocket.scope["extensions"][EXTENSION]
    return socket
