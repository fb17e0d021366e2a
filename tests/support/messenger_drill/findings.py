"""What the drills found: docs/drill/results.json, and the table in docs/reliability.md that people read."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from messenger_drill.verdict import Verdict
from messenger_infra import system

RESULTS = Path("docs/drill/results.json")
PAGE = Path("docs/reliability.md")
COUNTS = ("lost", "doubled", "phantom", "reordered", "gaps")
BEGIN, END = "<!-- written by make drill: begin -->", "<!-- end -->"


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of a drill and the most (or least) it may be."""

    name: str
    value: float
    limit: float | None = None
    unit: str = "s"
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether it is as it should be; what has no limit always is."""
        if self.limit is None:
            return True
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        aim = "" if self.limit is None else f" ({'' if self.is_met else '**missed** '}{sign} {self.limit:g})"
        return f"{self.name} {self.value:.3g} {self.unit}{aim}"


def spread(name: str, taken: Sequence[float], limit: float | None = None) -> list[Measure]:
    """Return median and 95th percentile of times in seconds; the limit is the percentile's."""
    ordered = sorted(taken)
    late = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return [Measure(f"{name} p50", statistics.median(ordered)), Measure(f"{name} p95", late, limit)]


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return a percentile of sorted figures, in their unit; 0 when there are none."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


class Findings:
    """The findings of one run; the newest of each drill are kept."""

    def __init__(self, repo: Path) -> None:
        self._repo = repo
        self._found: dict[str, dict[str, Any]] = {}

    def add(self, drill: str, fault: str, verdict: Verdict | None, measures: Sequence[Measure]) -> None:
        """Keep what a drill found; `drill` is the name of its file."""
        self._found[f"{drill}: {fault}"] = {
            "drill": drill,
            "fault": fault,
            "verdict": None if verdict is None else {name: getattr(verdict, name) for name in _KEPT},
            "measures": [asdict(measure) for measure in measures],
        }

    def write(self) -> None:
        """Write results and page; drills that did not run now keep what they found before."""
        if not self._found:
            return
        path = self._repo / RESULTS
        path.parent.mkdir(parents=True, exist_ok=True)
        known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        commit = system.run(["git", "rev-parse", "--short", "HEAD"], cwd=self._repo).strip()
        now = datetime.now(UTC).isoformat(timespec="minutes")
        for name, found in self._found.items():
            known[name] = {**found, "at": now, "commit": commit, "load": round(os.getloadavg()[0], 1)}
        path.write_text(json.dumps(dict(sorted(known.items())), indent=1, ensure_ascii=False) + "\n")
        page = self._repo / PAGE
        text = page.read_text()
        before, after = text.partition(BEGIN)[0], text.partition(END)[2]
        page.write_text(f"{before}{BEGIN}\n\n{table(known)}\n{END}{after}")


_KEPT = ("sent", "acknowledged", "repeated", *COUNTS)


def table(known: dict[str, Any]) -> str:
    """Render all findings as a table."""
    lines = [
        "| fault | sent | lost · doubled · phantom · reordered · gaps | figures | run |",
        "| --- | --- | --- | --- | --- |",
    ]
    for found in known.values():
        verdict = found["verdict"]
        counts = " · ".join(str(verdict[name]) for name in COUNTS) if verdict else ""
        sent = f"{verdict['sent']:,}" if verdict else ""
        figures = "; ".join(str(Measure(**measure)) for measure in found["measures"])
        link = f"[{found['fault']}](../tests/faults/{found['drill']}.py)"
        lines.append(f"| {link} | {sent} | {counts} | {figures} | {found['at'][:10]} {found['commit']} |")
    return "\n".join(lines) + "\n"
