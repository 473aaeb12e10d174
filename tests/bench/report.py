"""Turns figures into a table for the terminal and for BENCHMARKS.md."""

from collections.abc import Mapping
from pathlib import Path

from tests.bench.goodput import MEASURED_S
from tests.support.marked_page import replace_between

_MARKS = ("<!-- figures: begin -->", "<!-- figures: end -->")
_GOODPUT_MARKS = ("<!-- goodput: begin -->", "<!-- goodput: end -->")
_CACHING_MARKS = ("<!-- caching: begin -->", "<!-- caching: end -->")
_LOOKUP_MARKS = ("<!-- lookups: begin -->", "<!-- lookups: end -->")
_COALESCING_MARKS = ("<!-- coalescing: begin -->", "<!-- coalescing: end -->")
_FAIRNESS_MARKS = ("<!-- fairness: begin -->", "<!-- fairness: end -->")
_WORKFLOW_MARKS = ("<!-- workflows: begin -->", "<!-- workflows: end -->")
_PACING_MARKS = ("<!-- pacing: begin -->", "<!-- pacing: end -->")
_TEMPLATED_MARKS = ("<!-- templated: begin -->", "<!-- templated: end -->")

_NAMES = {"exactly_once": "exactly once", "at_least_once": "at least once"}
_RUNS = {
    "churn": "one joins and one is killed",
    "competitor": "and a competitor",
    "fixed-pause": "none: the cookbook's client",
}
_PARTS = {"cold": "cold jobs", "hits": "exact hits", "overhead": "100 jobs a second", "calm": "20 jobs a second"}


def table(figures: Mapping[str, float]) -> str:
    """Write the figures as Markdown tables: speed first, then what each process used for a job."""
    guarantees = [name for name in _NAMES if f"{name}.cold.jobs_per_s" in figures]
    lines = ["| | " + " | ".join(_NAMES[name] for name in guarantees) + " |", "|---|" + "---|" * len(guarantees)]
    rows = {
        "cold jobs a second": "cold.jobs_per_s",
        "exact hits a second": "hits.jobs_per_s",
        "overhead at 100 jobs a second, p50 (ms)": "overhead.p50_ms",
        "overhead at 100 jobs a second, p95 (ms)": "overhead.p95_ms",
        "overhead at 100 jobs a second, p99 (ms)": "overhead.p99_ms",
        "overhead at 20 jobs a second, p50 (ms)": "calm.p50_ms",
        "overhead at 20 jobs a second, p95 (ms)": "calm.p95_ms",
        "overhead at 20 jobs a second, p99 (ms)": "calm.p99_ms",
        "processor time of a cold job, all processes (µs)": "cold.all.cpu_us_per_job",
        "processor time of an exact hit, all processes (µs)": "hits.all.cpu_us_per_job",
    }
    for title, name in rows.items():
        lines.append(f"| {title} | " + " | ".join(f"{figures[f'{each}.{name}']:,.0f}" for each in guarantees) + " |")
    lines.append(
        f"\nYardstick: a bare loop with the same client calls the simulator {figures['yardstick.calls_per_s']:,.0f}"
        " times a second, with the services idle.\n"
    )
    for guarantee in guarantees:
        lines += _processes(figures, guarantee)
    return "\n".join(lines)


def write_benchmarks(path: Path, figures: Mapping[str, float], made: str) -> None:
    """Replace the figures in a document, between its two marks.

    Raises:
        ValueError: the document has no marks.
    """
    executors = f"{figures['jobs']:,.0f} jobs, {figures['executors']:.0f} executor processes"
    replace_between(path, _MARKS, f"{made}; {executors}.\n\n{table(figures)}\n")


def goodput_table(figures: Mapping[str, float]) -> str:
    """Write what share of a quota was used, and what was refused, as a Markdown table."""
    lines = ["| limited by | executors | of the quota used | calls | refused |", "|---|---|---|---|---|"]
    for name in figures:
        if name.endswith(".share"):
            _, limit, *run = name.removesuffix(".share").split(".")
            who = ", ".join(_RUNS.get(each, each) for each in run)
            calls, refused = (figures[name.removesuffix("share") + what] for what in ("calls", "refused"))
            lines.append(f"| {limit} | {who} | {figures[name]:.1%} | {calls:,.0f} | {refused:.2%} |")
    lost = [f"{_lost_s(figures, limit):.1f} s where {limit} are the limit" for limit in _limits(figures)]
    return "\n".join([*lines, "", f"That one joined and another was killed cost the work of {', and '.join(lost)}."])


def _limits(figures: Mapping[str, float]) -> list[str]:
    return list(dict.fromkeys(name.split(".")[1] for name in figures))


def _lost_s(figures: Mapping[str, float], limit: str) -> float:
    """Give what two moves of tasks have cost, in seconds of the same executors' work without them."""
    calm, churned = (figures[f"goodput.{limit}.2{kind}.share"] for kind in ("", ".churn"))
    return (calm - churned) / calm * MEASURED_S


def write_goodput(path: Path, figures: Mapping[str, float], made: str) -> None:
    """Replace the figures of quotas in a document, between two other marks.

    Raises:
        ValueError: the document has no marks.
    """
    replace_between(path, _GOODPUT_MARKS, f"{made}.\n\n{goodput_table(figures)}\n")


def pacing_table(figures: Mapping[str, float]) -> str:
    """Write what each way to pace calls came to at each server, as a Markdown table."""
    lines = [
        "| a server that | and has | | of its room used | an answer takes | failed of 1,000 |",
        "|---|---|---|---|---|---|",
    ]
    for name in figures:
        if name.endswith(".goodput"):
            _, kind, room, way = name.removesuffix(".goodput").split(".")
            slower, failed = (figures[name.removesuffix("goodput") + what] for what in ("slower", "failed"))
            lines.append(f"| {kind} | {room} | {way} | {figures[name]:.1%} | × {slower:.1f} | {failed:.1f} |")
    return "\n".join(lines)


def write_pacing(path: Path, figures: Mapping[str, float]) -> None:
    """Replace the figures of pacing in a document; on virtual time they are the same on any machine.

    Raises:
        ValueError: the document has no marks.
    """
    replace_between(path, _PACING_MARKS, f"{pacing_table(figures)}\n")


def write_templated(path: Path, table: str) -> None:
    """Replace the figures of templated prompts in a document; they are the same on any machine.

    Raises:
        ValueError: the document has no marks.
    """
    replace_between(path, _TEMPLATED_MARKS, f"{table}\n")


def write_lookups(path: Path, table: str, made: str) -> None:
    """Replace the figures of lookups in a document, between two other marks.

    Raises:
        ValueError: the document has no marks.
    """
    replace_between(path, _LOOKUP_MARKS, f"{made}.\n\n{table}\n")


def write_coalescing(path: Path, told: str, made: str) -> None:
    """Replace the figures of equal questions in a document.

    Raises:
        ValueError: the document has no marks.
    """
    replace_between(path, _COALESCING_MARKS, f"{made}.\n\n{told}\n")


def write_caching(path: Path, table: str, made: str) -> None:
    """Replace the costs with providers' caches and without in a document.

    Raises:
        ValueError: the document has no marks.
    """
    replace_between(path, _CACHING_MARKS, f"{made}.\n\n{table}\n")


def workflows_table(figures: Mapping[str, float]) -> str:
    """Write how quick workflows are, and their router's restart, as a Markdown table."""
    led, single = (figures[f"workflows.{each}.steps_per_s"] for each in ("led", "single"))
    restore_s, empty_s = (figures[f"workflows.restore.{each}"] for each in ("s", "empty_s"))
    in_flight = f"{figures['workflows.in_flight']:,.0f}"
    rows = {
        "steps a second of jobs of one step": f"{single:,.0f}",
        "steps a second of jobs of 8 steps": f"{led:,.0f}, {led / single:.0%} of that",
        f"seconds until a killed router goes on with {in_flight} jobs in flight": f"{restore_s:.1f}",
        "seconds until it goes on with none": f"{empty_s:.1f}",
        f"MB of a router with {in_flight} jobs in flight, before and after": (
            f"{figures['workflows.restore.before_mb']:,.0f}, {figures['workflows.restore.after_mb']:,.0f}"
        ),
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {title} | {value} |" for title, value in rows.items())])


def write_workflows(path: Path, figures: Mapping[str, float], made: str) -> None:
    """Replace the figures of workflows in a document, between two other marks.

    Raises:
        ValueError: the document has no marks.
    """
    replace_between(path, _WORKFLOW_MARKS, f"{made}.\n\n{workflows_table(figures)}\n")


def fairness_table(figures: Mapping[str, float]) -> str:
    """Write how long interactive jobs waited, and what memory was taken, as two Markdown tables."""
    few, queued = f"{figures['fairness.few']:,.0f}", f"{figures['fairness.queued']:,.0f}"
    kinds = {"idle": "on an idle system", "behind": f"right after {figures['fairness.bulk']:,.0f} bulk jobs"}
    waits = [
        f"| {kind} | {figures[f'fairness.{name}.p50_s']:.2f} | {figures[f'fairness.{name}.p95_s']:.2f} |"
        for name, kind in kinds.items()
    ]
    processes = sorted(name.split(".")[2] for name in figures if name.startswith("fairness.few."))
    memory = [
        f"| {process} | "
        + " | ".join(f"{figures[f'fairness.{each}.{process}.rss_mb']:,.0f}" for each in ("few", "queued"))
        for process in processes
    ]
    return "\n".join(
        [
            "| an interactive job | waits p50 (s) | p95 (s) |",
            "|---|---|---|",
            *waits,
            f"\nMeanwhile {figures['fairness.goodput']:.1%} of the quota was used.\n",
            _other_tenant(figures),
            f"| process | MB with {few} queued | with {queued} |",
            "|---|---|---|",
            *(f"{line} |" for line in memory),
        ]
    )


def _other_tenant(figures: Mapping[str, float]) -> str:
    jobs, took_s, fair_s, goodput = (
        figures[f"fairness.others.{each}"] for each in ("jobs", "took_s", "fair_s", "goodput")
    )
    return (
        f"{jobs:,.0f} bulk jobs of another tenant, sent when all of those lay in the lane, took {took_s:.1f} s. At half"
        f" of the quota they would take {fair_s:.1f} s; {goodput:.1%} of it was used.\n"
    )


def write_fairness(path: Path, figures: Mapping[str, float], made: str) -> None:
    """Replace the figures of both classes in a document, between two other marks.

    Raises:
        ValueError: the document has no marks.
    """
    replace_between(path, _FAIRNESS_MARKS, f"{made}.\n\n{fairness_table(figures)}\n")


def _processes(figures: Mapping[str, float], guarantee: str) -> list[str]:
    parts = [part for part in _PARTS if f"{guarantee}.{part}.all.cpu_us_per_job" in figures]
    marker = f"{guarantee}.{parts[0]}."
    names = sorted(
        name.removeprefix(marker).removesuffix(".rss_mb")
        for name in figures
        if name.startswith(marker) and name.endswith(".rss_mb")
    )
    heading = " | ".join(f"{_PARTS[part]}: µs a job" for part in parts)
    lines = [
        f"Processor time and resident memory of each process, {_NAMES[guarantee]}:\n",
        f"| process | {heading} | MB at the end |",
        "|---|" + "---|" * (len(parts) + 1),
    ]
    for name in names:
        used = " | ".join(f"{figures[f'{guarantee}.{part}.{name}.cpu_us_per_job']:,.0f}" for part in parts)
        memory = max(figures[f"{guarantee}.{part}.{name}.rss_mb"] for part in parts)
        lines.append(f"| {name} | {used} | {memory:,.0f} |")
    return [*lines, ""]
