"""Figures of one run, and medians of several."""

from __future__ import annotations

import statistics
from typing import Any

from messenger_bench.sockets import Count


def latency(nanoseconds: list[int]) -> dict[str, float]:
    """Return p50, p95, p99 and the worst, in milliseconds."""
    if len(nanoseconds) < 2:
        return {}
    cuts = statistics.quantiles(nanoseconds, n=100)
    figures = {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "max": max(nanoseconds)}
    return {name: round(value / 1e6, 2) for name, value in figures.items()}


def outcome(count: Count, *, deliveries: int, stored: int) -> dict[str, Any]:
    """Say what became of what was sent; `deliveries` is how many there had to be."""
    return {
        "sent": count.sent,
        "acknowledged": count.acknowledged,
        "delivered": count.delivered,
        "stored": stored,
        "lost": abs(count.sent - stored) + max(0, deliveries - count.delivered),
        "doubled": count.doubled,
        "gaps": count.gaps,
        "refused": len(count.refused),
        "cut": count.closed,
    }


def median_of(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the medians of the figures of several runs, key by key; mistakes are added up instead."""
    first = runs[0]
    found: dict[str, Any] = {}
    for name, value in first.items():
        values = [run[name] for run in runs if name in run]
        if isinstance(value, dict):
            found[name] = median_of(values)
        elif name in {"lost", "doubled", "gaps", "refused", "cut"}:
            found[name] = sum(values)
        elif isinstance(value, int | float):
            found[name] = round(statistics.median(values), 4)
        else:
            found[name] = value
    return found
