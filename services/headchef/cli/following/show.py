"""Shows outcomes to a person: one at length, many as a summary; and each to machines as JSON."""

from collections.abc import Sequence
from typing import Any

import orjson
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from headchef_contracts.events.jobs import JobFinished, JobRefused

from headchef.cli.amounts import dollars, duration
from headchef.cli.following.feed import Outcome
from headchef.cli.history.describe import body_value, left_behind
from headchef.cli.report.totals import totals
from headchef.cli.screen import printable

STYLES = {
    "ok": "green",
    "needs_review": "yellow",
    "rejected": "yellow",
    "failed": "red",
    "cancelled": "yellow",
    "refused": "red",
}


def outcome_as_json(outcome: Outcome) -> Any:
    """Give the event as it lies in the log."""
    return orjson.loads(outcome.value)


def show_outcome(outcome: Outcome) -> RenderableType:
    """Show one outcome at length: verdict, output, findings."""
    event = outcome.event
    line = Text(printable(outcome.job_id or "(no job id)"), style="bold")
    line.append(f"  {outcome.status.replace('_', ' ')}", style=STYLES[outcome.status])
    if isinstance(event, JobRefused):
        where = f"{event.field}: " if event.field else ""
        return Group(line, Text(printable(f"{event.reason}: {where}{event.message}")))
    line.append(f"  {_facts(event)}", style="dim")
    parts: list[RenderableType] = [line]
    if event.failure is not None:
        parts.append(Text(printable(f"{event.failure.reason}: {event.failure.message}"), style="red"))
    parts += [
        Text(printable(f"{finding.path or '/'}: {finding.message}"), style="yellow") for finding in event.findings
    ]
    output = body_value(event.output)
    if output is not None:
        text = output if isinstance(output, str) else orjson.dumps(output, option=orjson.OPT_INDENT_2).decode()
        parts.append(Text(printable(text)))
    return Group(*parts)


def summary(results: Sequence[JobFinished | JobRefused]) -> Table:
    """Show figures over many outcomes."""
    summed = totals(results)
    shown = Table(box=None, show_header=False, pad_edge=False)
    shown.add_column(style="dim")
    shown.add_column(justify="right")
    for status, count in sorted(summed.statuses.items()):
        shown.add_row(status.replace("_", " "), Text(f"{count:,}", style=STYLES[status]))
    shown.add_row("answers reused", f"{summed.hits:,}")
    if summed.repaired:
        shown.add_row("repaired", f"{summed.repaired:,}")
    shown.add_row("tokens", f"{summed.input_tokens:,} in, {summed.output_tokens:,} out")
    unpriced = (
        f" (and {summed.unpriced:,} jobs of unknown cost)" if summed.unpriced and summed.cost_usd is not None else ""
    )
    shown.add_row("cost", dollars(summed.cost_usd) + unpriced)
    if summed.p50_s is not None and summed.p95_s is not None:
        shown.add_row("latency", f"p50 {duration(summed.p50_s)}, p95 {duration(summed.p95_s)}")
    return shown


def _facts(event: JobFinished) -> str:
    took = (event.timing.finished_at - event.timing.submitted_at).total_seconds()
    tokens = event.usage.input_tokens + event.usage.output_tokens
    tried = left_behind(event.provenance.tried)
    model = f"{event.provenance.model or ''}{f' after {tried}' if tried else ''}"
    parts = (model, duration(took), f"{tokens:,} tokens", dollars(event.cost_usd))
    return " · ".join((*(part for part in parts if part), f"cache {event.cache.kind}"))
