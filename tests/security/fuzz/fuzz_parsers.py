"""Coverage-guided fuzzing: `python fuzz_parsers.py frames|wal CORPUS -max_total_time=60`; the rest is libFuzzer's."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable

import atheris

with atheris.instrument_imports(include=["messenger_platform", "realtime_service"]):
    from messenger_platform.relay import Decoder
    from messenger_testing.realtime_world import World

    # What the relay ends with when PostgreSQL sends nonsense: it is crash-only, and starts again where it was.
    from messenger_testing.wal import REFUSALS, cut

WORLD_LASTS = 500


def frames() -> Callable[[bytes], None]:
    """Return a target that gives a text to a connection, as uvicorn does after decoding it."""
    loop = asyncio.new_event_loop()
    worlds: list[World] = []

    async def feed(text: str) -> None:
        session, socket = worlds[-1].session(1)
        session.on_text(text)
        await asyncio.sleep(0)
        assert socket.closed is None
        session.end()

    async def begin() -> None:
        worlds.append(World())

    calls = 0

    def target(data: bytes) -> None:
        nonlocal calls
        if calls % WORLD_LASTS == 0:
            worlds.clear()
            loop.run_until_complete(begin())
        calls += 1
        loop.run_until_complete(feed(data.decode(errors="replace")))

    return target


def wal(data: bytes) -> None:
    """Give a decoder a stream of messages."""
    decoder = Decoder()
    for message in cut(data):
        with contextlib.suppress(*REFUSALS):
            decoder.feed(message)


if __name__ == "__main__":
    which = sys.argv.pop(1)
    atheris.Setup(sys.argv, frames() if which == "frames" else wal)
    atheris.Fuzz()
