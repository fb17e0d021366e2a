"""What the processes of the stack cost: CPU time and memory, from /proc."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from messenger_infra.settings import Stack
from messenger_infra.supervision import Supervisor

_TICK = os.sysconf("SC_CLK_TCK")
LOAD = "load generator"


@dataclass(frozen=True, slots=True)
class Spent:
    """A span of time: how long, and the CPU seconds of each process with its children."""

    seconds: float
    cpu: Mapping[str, float]

    @property
    def servers(self) -> float:
        """CPU seconds of all but the load generator."""
        return sum(seconds for name, seconds in self.cpu.items() if name != LOAD)

    def per(self, count: int) -> dict[str, float]:
        """CPU milliseconds of each process per unit, for example per message."""
        return {name: round(1000 * seconds / max(count, 1), 4) for name, seconds in self.cpu.items() if seconds > 0}


class Meter:
    """Reads the clocks of the stack's processes; `start`, then `stop`."""

    def __init__(self, stack: Stack) -> None:
        states = Supervisor(stack).states()
        self._roots = {name: pid for name, (_, pid) in states.items() if pid}
        self._before: dict[str, float] = {}
        self._started_at = 0.0

    def start(self) -> None:
        """Begin a span."""
        self._before = self._read()
        self._started_at = time.perf_counter()

    def stop(self) -> Spent:
        """End the span."""
        seconds = time.perf_counter() - self._started_at
        after = self._read()
        return Spent(seconds, {name: after[name] - self._before.get(name, 0.0) for name in after})

    def _read(self) -> dict[str, float]:
        found = {LOAD: time.process_time()}
        clocks, parents = _clocks()
        for name, root in self._roots.items():
            family = _family(root, parents)
            found[_kind(name)] = found.get(_kind(name), 0.0) + sum(clocks.get(pid, 0.0) for pid in family)
        return found

    def memory_kb(self) -> dict[str, int]:
        """Return the proportional set size of each process with its children."""
        _, parents = _clocks()
        found: dict[str, int] = {}
        for name, root in self._roots.items():
            found[_kind(name)] = found.get(_kind(name), 0) + sum(_pss(pid) for pid in _family(root, parents))
        return found


def _kind(name: str) -> str:
    return name.rstrip("0123456789").rstrip("-")


def _clocks() -> tuple[dict[int, float], dict[int, int]]:
    """Return CPU seconds (reaped children included) and the parent of every process."""
    clocks, parents = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue  # It has just ended.
            parents[int(entry.name)] = int(fields[1])
            clocks[int(entry.name)] = sum(map(int, fields[11:15])) / _TICK
    return clocks, parents


def _family(root: int, parents: Mapping[int, int]) -> list[int]:
    family = [root]
    for member in family:
        family += [pid for pid, parent in parents.items() if parent == member]
    return family


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
