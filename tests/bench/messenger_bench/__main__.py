"""`make bench`: run the workloads against the test stack and write the results to docs/bench."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys

import uvloop
from rich.console import Console

from messenger_bench import groups, growth, idle, limits, pairs, reading, report
from messenger_bench.figures import median_of
from messenger_bench.world import World
from messenger_infra.settings import stack_of_tests

WORKLOADS = {
    "limits": limits.limits,
    "w1": pairs.w1,
    "w2": pairs.w2,
    "w3": groups.w3,
    "w4": idle.w4,
    "w5": reading.w5,
    "w6": growth.w6,
}
console = Console(highlight=False)


async def run(arguments: argparse.Namespace) -> None:
    """Run what was asked for; what was measured before of other workloads is kept."""
    stack = stack_of_tests()
    folder = stack.repo / "docs" / "bench"
    kept = folder / "results.json"
    results: report.Results = json.loads(kept.read_text()) if kept.exists() else {"workloads": {}}
    results["circumstances"] = report.circumstances(stack.repo)
    for name in arguments.workloads or WORKLOADS:
        loads, runs = [], []
        async with World(stack) as world:
            for number in range(1 if name == "w6" else arguments.runs):
                console.print(f"{name}: run {number + 1}, load average {os.getloadavg()[0]:.1f}")
                loads.append(round(os.getloadavg()[0], 1))
                runs.append(await WORKLOADS[name](world, seconds=arguments.seconds, warm_up=arguments.warm_up))
                await asyncio.sleep(1)
        median = median_of(runs)
        console.print_json(json.dumps(median))
        results["workloads"][name] = {"runs": len(runs), "load_average": loads, "median": median}
        if not arguments.dry:
            report.write(folder, results)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workloads", nargs="*", choices=[[], *WORKLOADS], help="all, unless some are named")
    parser.add_argument("--runs", type=int, default=3, help="of each workload (medians are told); W6 runs once")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--warm-up", type=float, default=3, help="seconds before each measurement")
    parser.add_argument("--dry", action="store_true", help="write no files")
    uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
