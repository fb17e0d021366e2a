"""How a service runs: uvicorn on uvloop, background tasks that may not die silently, health for the outside."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import APIRouter
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from messenger_platform.errors import Unavailable
from messenger_platform.tasks import cancel

Check = Callable[[], Awaitable[None]]
CHECK_TIMEOUT_S = 2.0
SEND_BUFFER_BYTES = 64 * 1024
PEER_TIMEOUT_MS = 15_000
YOUNG_OBJECTS = 50_000
_RECORD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class JsonLines(logging.Formatter):
    """One JSON object a line; what `extra` carries becomes fields. Never log tokens, cookies or message texts."""

    def format(self, record: logging.LogRecord) -> str:
        """Format one record."""
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update({key: value for key, value in vars(record).items() if key not in _RECORD_FIELDS})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def configure_logging(level: str) -> None:
    """Send all logs to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)
    logging.getLogger("aio_pika").setLevel(logging.CRITICAL)


def health_routes(checks: Mapping[str, Check]) -> APIRouter:
    """Routes for the supervisor and the gateway: `/healthz` answers while the loop turns, `/readyz` runs the checks."""
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    async def healthz() -> Response:
        return JSONResponse({"status": "alive"})

    @router.get("/readyz")
    async def readyz() -> Response:
        results = await asyncio.gather(*(_passes(check) for check in checks.values()))
        parts = dict(zip(checks, results, strict=True))
        ready = all(parts.values())
        return JSONResponse({"status": "ready" if ready else "not ready", "parts": parts}, 200 if ready else 503)

    return router


async def _passes(check: Check) -> bool:
    try:
        await asyncio.wait_for(check(), CHECK_TIMEOUT_S)
    except (Unavailable, TimeoutError):
        return False
    return True


@asynccontextmanager
async def background(*tasks: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run coroutines beside a service: one that ends or raises ends the process, so that the supervisor restarts it."""

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            logging.getLogger(__name__).critical("background task ended", exc_info=task.exception())
            # A half-working process is worse than a restart by the supervisor.
            os._exit(1)

    running = [asyncio.create_task(task) for task in tasks]
    for task in running:
        task.add_done_callback(ended)
    try:
        yield
    finally:
        for task in running:
            task.remove_done_callback(ended)
        await cancel(*running)


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket."""
    listener = socket.create_server((host, port), backlog=4096)
    # A peer that stops reading is noticed: little waits in the kernel, and unacknowledged data ends the link.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, PEER_TIMEOUT_MS)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.setblocking(False)
    return listener


def tame_collector() -> None:
    """Let the garbage collector run seldom, and never over what lives as long as the process.

    Messages on their way are tens of thousands of objects that reference counting frees; Python's default looks at all
    of them again after every 700 new ones, a sixth of the time of a busy chat process.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 20)


def serve(
    app: ASGIApp,
    *,
    host: str,
    port: int,
    log_level: str,
    drain_s: int = 5,
    ws: str | type[asyncio.Protocol] = "websockets-sansio",
    ws_max_size: int = 64 * 1024,
) -> None:
    """Serve until SIGTERM; then stop accepting and give open requests `drain_s` seconds.

    `ws_max_size` in bytes: a text of 4,096 characters, every one escaped as two surrogates, fits into the default.
    """
    configure_logging(log_level)
    tame_collector()
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws=ws,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=drain_s,
        ws_max_size=ws_max_size,
        ws_per_message_deflate=False,
    )
    uvicorn.Server(config).run(sockets=[listen(host, port)])
