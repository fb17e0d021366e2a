"""`make bench`: run the workloads against the test stack and write the results."""

from __future__ import annotations

import argparse
import json
import os

import uvloop
from rich.console import Console

from messenger_bench import groups, idle, pairs, reading
from messenger_bench.report import median_of
from messenger_bench.world import World
from messenger_infra.settings import stack_of_tests

WORKLOADS = {"w1": pairs.w1, "w2": pairs.w2, "w3": groups.w3, "w4": idle.w4, "w5": reading.w5}
console = Console(highlight=False)


async def run(arguments: argparse.Namespace) -> None:
    """Run what was asked for."""
    for name in arguments.workloads:
        runs = []
        async with World(stack_of_tests()) as world:
            for _ in range(arguments.runs):
                runs.append(await WORKLOADS[name](world, seconds=arguments.seconds, warm_up=arguments.warm_up))
                console.print(name, f"load {os.getloadavg()[0]:.1f}", json.dumps(runs[-1], indent=None))
        console.print(name, json.dumps(median_of(runs), indent=2))


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workloads", nargs="*", default=list(WORKLOADS), choices=list(WORKLOADS))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--warm-up", type=float, default=3)
    uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
