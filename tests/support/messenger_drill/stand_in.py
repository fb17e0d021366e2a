"""A process of the stack started by ourselves with other settings, in place of the supervised one."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from messenger_infra import system
from messenger_infra.programs import Program, expected
from messenger_infra.settings import Stack
from messenger_infra.supervision import Supervisor

START_S = 30.0
AGAIN_S = 0.5


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
    """Run `name` with these variables changed, started again when it ends; afterwards the supervised one is back."""
    supervisor, program = Supervisor(stack), program_of(stack, name)
    await asyncio.to_thread(supervisor.stop, [name])
    keeper = asyncio.create_task(_keep(stack, program, environment))
    try:
        await until_healthy(program)
        yield
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        supervisor.start(name)
        await until_healthy(program)


async def _keep(stack: Stack, program: Program, environment: Mapping[str, str]) -> None:
    while True:
        process = system.start_detached(
            program.command,
            env={**program.environment, system.MARKER: str(stack.folder), **environment},
            cwd=stack.folder,
            log=stack.folder / "log" / f"{program.name}.log",
        )
        try:
            await asyncio.to_thread(process.wait)
        finally:
            await _end(process, program.stop_seconds)
        await asyncio.sleep(AGAIN_S)


async def _end(process: subprocess.Popen[bytes], patience_s: float) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        await asyncio.to_thread(process.wait, patience_s)
    finally:
        process.kill()
        await asyncio.to_thread(process.wait)
