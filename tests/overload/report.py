"""Turns what came of floods into a table for the terminal and for BENCHMARKS.md."""

from collections.abc import Sequence
from pathlib import Path

from tests.overload.flood import Flood, Outcome
from tests.support.marked_page import replace_between

MARKS = ("<!-- overload: begin -->", "<!-- overload: end -->")


def table(outcomes: Sequence[tuple[Flood, Outcome]]) -> str:
    """Write one row a flood: what it was, how long it took, what is in flight, what waits, and memory."""
    processes = list(outcomes[0][1].peak_mb)
    heading = ["jobs", "slow reader", "jobs a second", "results", "in flight p50 / p95 (s)", "in all p50 (s)"]
    heading += [f"{name} (MB)" for name in processes]
    lines = ["| " + " | ".join(heading) + " |", "|" + "---|" * len(heading)]
    for flood, outcome in outcomes:
        how = "at once" if flood.per_second is None else f"{flood.per_second:.0f} a second"
        cells = [
            f"{outcome.jobs:,}, {how}",
            "yes" if flood.slow_reader else "no",
            f"{outcome.jobs / outcome.seconds:,.0f}",
            f"{sum(outcome.results.values()):,}, {outcome.missing} missing, {outcome.repeated} twice",
            f"{outcome.in_flight_p50_s:.2f} / {outcome.in_flight_p95_s:.2f}",
            f"{outcome.in_all_p50_s:,.1f}",
            *(f"{outcome.peak_mb[name]:,.0f}" for name in processes),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def write_benchmarks(path: Path, outcomes: Sequence[tuple[Flood, Outcome]], made: str) -> None:
    """Replace the table in a document, between its two marks. Raises ValueError if it has none."""
    replace_between(path, MARKS, f"{made}.\n\n{table(outcomes)}\n")
