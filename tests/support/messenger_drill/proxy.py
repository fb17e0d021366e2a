"""A TCP proxy on loopback that can delay, hold back or cut what passes: a network that misbehaves on request."""

from __future__ import annotations

import asyncio
import random
import time
from types import TracebackType
from typing import Self

CHUNK = 64 * 1024


class Proxy:
    """Listens on a free port of 127.0.0.1 and passes everything on to another."""

    def __init__(self, target_port: int, seed: int = 0) -> None:
        self.port = 0
        self.delay_s = 0.0
        """How long a chunk is held back in each direction, on average; bytes keep their order."""
        self.jitter_s = 0.0
        self._target_port = target_port
        self._chance = random.Random(seed)
        self._there, self._back = asyncio.Event(), asyncio.Event()
        self.release()
        self._server: asyncio.Server
        self._passing: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cut()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def hold(self, *, there: bool, back: bool) -> None:
        """Pass nothing on, to the target, back, or both, and close nothing: a black hole."""
        for held, flows in ((there, self._there), (back, self._back)):
            if held:
                flows.clear()

    def release(self) -> None:
        """Let everything flow again, what was held back first."""
        self._there.set()
        self._back.set()

    async def cut(self) -> None:
        """Reset every connection and refuse new ones."""
        self._server.close()
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        task.add_done_callback(self._passing.discard)
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass_on(reader, there_writer, self._there))
                both.create_task(self._pass_on(there_reader, writer, self._back))
        except* OSError:
            pass  # One side has gone; so does the other.
        finally:
            writer.transport.abort()
            there_writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flows: asyncio.Event) -> None:
        due: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=256)

        async def write() -> None:
            while True:
                at, chunk = await due.get()
                await asyncio.sleep(max(0.0, at - time.perf_counter()))
                await flows.wait()
                if not chunk:
                    raise ConnectionResetError
                writer.write(chunk)
                await writer.drain()

        async with asyncio.TaskGroup() as both:
            both.create_task(write())
            at = 0.0
            while True:
                chunk = await reader.read(CHUNK)
                held = self._chance.uniform(self.delay_s - self.jitter_s, self.delay_s + self.jitter_s)
                at = max(at, time.perf_counter() + held)
                await due.put((at, chunk))
                if not chunk:
                    return
