"""A process of the stack started by ourselves with other settings, in place of the supervised one."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from messenger_infra import system
from messenger_infra.programs import Program, expected
from messenger_infra.settings import Stack
from messenger_infra.supervision import Supervisor

START_S = 30.0


def program_of(stack: Stack, name: str) -> Program:
    """Return the description of a process by its name."""
    return next(program for program in expected(stack) if program.name == name)


async def until_healthy(program: Program) -> None:
    """Wait until a process says that it is healthy."""
    async with asyncio.timeout(START_S):
        while not await asyncio.to_thread(program.is_healthy):  # noqa: ASYNC110 - another process.
            await asyncio.sleep(0.1)


@asynccontextmanager
async def stand_in(stack: Stack, name: str, environment: Mapping[str, str]) -> AsyncIterator[None]:
    """Run `name` with these variables changed, and put the supervised one back afterwards."""
    supervisor, program = Supervisor(stack), program_of(stack, name)
    await asyncio.to_thread(supervisor.stop, [name])
    process = system.start_detached(
        program.command,
        env={**program.environment, system.MARKER: str(stack.folder), **environment},
        cwd=stack.folder,
        log=stack.folder / "log" / f"{name}.log",
    )
    try:
        await until_healthy(program)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(process.wait, program.stop_seconds)
        finally:
            process.kill()
            await asyncio.to_thread(process.wait)
            supervisor.start(name)
            await until_healthy(program)
