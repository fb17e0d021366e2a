"""Which process runs where, and whether it is healthy."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypedDict

from rich.table import Table

from messenger_infra.errors import SetupError
from messenger_infra.programs import Program
from messenger_infra.supervision import Supervisor


class Row(TypedDict):
    """One process as `make status FORMAT=json` prints it; pid is null when it does not run."""

    name: str
    pid: int | None
    port: int
    healthy: bool


def rows(programs: Sequence[Program], supervisor: Supervisor) -> list[Row]:
    """Ask the supervisor for pids and every running process for its health, side by side."""
    try:
        states = supervisor.states()
    except SetupError:
        states = {}
    shown = [program for program in programs if not program.hidden]

    def row(program: Program) -> Row:
        pid = states.get(program.name, ("", 0))[1]
        return {
            "name": program.name,
            "pid": pid or None,
            "port": program.port,
            "healthy": bool(pid) and program.is_healthy(),
        }

    with ThreadPoolExecutor(len(shown)) as pool:
        return list(pool.map(row, shown))


def as_json(found: Sequence[Row]) -> str:
    """Render the rows for a machine."""
    return json.dumps(list(found), indent=2)


def as_table(found: Sequence[Row]) -> Table:
    """Render the rows for a person."""
    table = Table("name", "pid", "port", "state", box=None, header_style="bold", pad_edge=False)
    for row in found:
        state = (
            "[green]healthy[/]" if row["healthy"] else "[red]not healthy[/]" if row["pid"] else "[red]not running[/]"
        )
        table.add_row(row["name"], str(row["pid"] or "-"), str(row["port"]), state)
    return table
