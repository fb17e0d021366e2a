"""What each drill is given: the stack, its processes, a crowd, and where to put what it found."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from itertools import pairwise

import httpx

from messenger_bench.costs import Meter
from messenger_drill import crowd
from messenger_drill.crowd import FULL, SMALL, Crowd, Scale
from messenger_drill.findings import Findings, Measure, percentile, spread
from messenger_drill.stand_in import START_S, program_of, until_healthy
from messenger_drill.verdict import Verdict
from messenger_infra import rabbitmq, system
from messenger_infra.launch import answers
from messenger_infra.settings import Stack
from messenger_testing.e2e import Processes

BETWEEN_S = 1.0


class Recovery:
    """How it went after each of several faults; the last moment is the end of the talk.

    `again` are the moments when the next faults began, where that is not what `moments` are.
    """

    def __init__(self, crowd: Crowd, moments: Sequence[float], again: Sequence[float] = ()) -> None:
        self._crowd = crowd
        self._spans = list(pairwise(moments))
        # What arrives late is the fault's before it, also after the end.
        self._effects = list(zip(moments[:-1], [*(again or moments[1:-1]), float("inf")], strict=True))

    def first(self, limit_s: float | None = None) -> list[Measure]:
        """Measure from a fault to the first message sent after it that reached everybody."""
        return spread("first", [self._crowd.first_after(since) or 0.0 for since, _ in self._spans], limit_s)

    def whole(self, limit_s: float | None = None) -> list[Measure]:
        """Measure from a fault to the last message that it held up for more than a second."""
        return spread("whole", [self._crowd.disturbed_s(since, until) for since, until in self._effects], limit_s)

    def acknowledgement(self, limit_s: float | None = None) -> Measure:
        """Measure how long acknowledgements took, faults included."""
        taken = self._crowd.acknowledgement_s(self._spans[0][0], self._spans[-1][1])
        return Measure("acknowledgement p99", percentile(taken, 0.99), limit_s)


class Drill:
    """One fault under load."""

    def __init__(self, name: str, stack: Stack, processes: Processes, findings: Findings, *, is_full: bool) -> None:
        self.stack = stack
        self.processes = processes
        self.is_full = is_full
        self._name = name
        self._findings = findings

    def crowd(
        self, scale: Scale | None = None, public_url: str | None = None, *, padding: int = 0, receive_buffer: int = 0
    ) -> AbstractAsyncContextManager[Crowd]:
        """Gather a crowd, of the usual size unless another is wanted; see `crowd.crowd`."""
        seed = int(time.time()) % 1_000_000
        print(f"seed {seed}")  # noqa: T201 - pytest shows it when the drill fails.
        size = scale or (FULL if self.is_full else SMALL)
        return crowd.crowd(self.stack, size, seed, public_url, padding=padding, receive_buffer=receive_buffer)

    async def accepts_connections(self, name: str) -> None:
        """Wait until a process listens again."""
        address = f"127.0.0.1:{program_of(self.stack, name).port}"
        async with asyncio.timeout(START_S):
            while not await asyncio.to_thread(answers, address):  # noqa: ASYNC110 - another process.
                await asyncio.sleep(0.02)

    async def well(self, name: str) -> None:
        """Wait until a process is ready, and Envoy sends it requests again: it looks by itself, a moment after us."""
        await until_healthy(program_of(self.stack, name))
        url = f"http://127.0.0.1:{self.stack.env['ENVOY_ADMIN_PORT']}/clusters"
        async with asyncio.timeout(START_S), httpx.AsyncClient() as http:
            while True:
                if "failed_active_hc" not in (await http.get(url)).text:
                    return
                await asyncio.sleep(0.1)

    def memory_kb(self, *kinds: str) -> float:
        """Return the memory of all processes of these kinds, in kB."""
        held = Meter(self.stack).memory_kb()
        return sum(held[kind] for kind in kinds)

    async def rabbitmqctl(self, *command: str) -> str:
        """Run a command of RabbitMQ's operator."""
        tool = rabbitmq.server().with_name("rabbitmqctl")
        environment = rabbitmq.environment(self.stack)
        return await asyncio.to_thread(system.run, [tool, "-q", *command], as_service=True, env=environment)

    async def queued(self, queue: str) -> int:
        """Return how many messages a queue holds."""
        listed = await self.rabbitmqctl("list_queues", "-p", self.stack.env["RABBITMQ_VHOST"], "name", "messages")
        lines = (line.split("\t") for line in listed.splitlines() if "\t" in line)
        return next(int(count) for name, count in lines if name == queue)

    def times(self, full: int, small: int) -> int:
        """Return how often to do it: as often as the table of results says, or just often enough to see."""
        return full if self.is_full else small

    async def kill(self, crowd: Crowd, names: Sequence[str], times: int) -> Recovery:
        """Kill -9 these processes in turn, `times` in all; the next when everything is well again."""
        moments = []
        crowd.talk()
        for number in range(times):
            await crowd.all_back()
            await crowd.normal()
            await crowd.calm(BETWEEN_S)
            moments.append(time.perf_counter())
            self.processes.kill(names[number % len(names)])
            await crowd.reached(moments[-1])
            await self.well(names[number % len(names)])
        await crowd.all_back()
        await crowd.normal()
        moments.append(time.perf_counter())
        return Recovery(crowd, moments)

    def measured(self, fault: str, *measures: Measure) -> None:
        """Keep what was measured by a drill that has checks of its own in place of journals."""
        self._findings.add(self._name, fault, None, measures)
        print(fault, *measures, sep="\n")  # noqa: T201 - as above.

    def found(self, fault: str, verdict: Verdict, *measures: Measure | Sequence[Measure]) -> None:
        """Keep what was found, and fail if anything was lost, doubled, made up, out of order or missing.

        Times are kept beside their limits and do not fail the drill: machines are shared.
        """
        flat = [item for one in measures for item in ([one] if isinstance(one, Measure) else one)]
        self._findings.add(self._name, fault, verdict, flat)
        print(fault, verdict, *flat, sep="\n")  # noqa: T201 - as above.
        assert verdict.is_clean, f"{fault}: {verdict}"
