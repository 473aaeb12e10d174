"""Renders the page of results: one file that loads nothing, escapes everything and works without a server."""

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from headchef_contracts.events.jobs import JobRefused
from headchef_contracts.events.origin import StepAccount

from headchef.cli.amounts import dollars, duration
from headchef.cli.history.describe import body_value, left_behind
from headchef.cli.report.content import as_json, show_content
from headchef.cli.report.entry import Entry
from headchef.cli.report.totals import Totals, totals

_MARK = Markup("[simulated]")
_HITS = {"exact": "exact hit", "semantic": "hit by meaning", "coalesced": "asked once with others"}
"""What is said of a reused answer, by the kind of its use."""
_STATUS_ORDER = ("ok", "needs_review", "rejected", "failed", "cancelled", "refused")


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above the results.

    Attributes:
        title: of the page.
        lead: where the rows came from, in a sentence.
        simulated: whether a simulator wrote the texts.
        made_at: when, aware.
        version: of Headchef.
    """

    title: str
    lead: str
    simulated: bool
    made_at: datetime
    version: str


def render_page(heading: Heading, entries: Sequence[Entry]) -> str:
    """Render all results into one HTML document.

    Args:
        heading: what stands above the results.
        entries: jobs in the order in which they are shown.
    """
    folder = files("headchef.cli.report")
    style, script = folder.joinpath("page.css").read_text("utf-8"), folder.joinpath("page.js").read_text("utf-8")
    template = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(
        folder.joinpath("page.html.j2").read_text("utf-8")
    )
    summed = totals([entry.result for entry in entries])
    return template.render(
        title=heading.title,
        lead=heading.lead,
        simulated=heading.simulated,
        made_at=heading.made_at.strftime("%-d %B %Y, %H:%M %Z"),
        version=heading.version,
        figures=_figures(summed),
        statuses=_statuses(summed),
        filters=_filters(entries),
        cards=[_card(entry) for entry in entries],
        style=Markup(style),  # noqa: S704 our own file
        script=Markup(script),  # noqa: S704 our own file
        style_hash=_csp_hash(style),
        script_hash=_csp_hash(script),
    )


def _csp_hash(text: str) -> str:
    """Name an inline text for Content-Security-Policy, so that nothing else on the page may run."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _figures(summed: Totals) -> list[dict[str, str]]:
    tokens = summed.input_tokens + summed.output_tokens
    unpriced = f"{summed.unpriced} jobs of unknown price" if summed.unpriced else ""
    return [
        {"value": f"{summed.jobs:,}", "label": "jobs", "note": f"{summed.statuses.get('ok', 0):,} ok"},
        {"value": f"{summed.hits:,}", "label": "answers reused", "note": "answered without a call"},
        {
            "value": f"{tokens:,}",
            "label": "tokens",
            "note": f"{summed.input_tokens:,} in, {summed.output_tokens:,} out",
        },
        {"value": _cost(summed.cost_usd), "label": "cost", "note": unpriced},
        {"value": _time(summed.p50_s), "label": "p50 latency", "note": "submitted to finished"},
        {"value": _time(summed.p95_s), "label": "p95 latency", "note": "submitted to finished"},
    ]


def _statuses(summed: Totals) -> list[dict[str, Any]]:
    return [
        {"name": name, "count": summed.statuses[name], "percent": round(100 * summed.statuses[name] / summed.jobs, 2)}
        for name in _STATUS_ORDER
        if name in summed.statuses
    ]


def _filters(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    groups = (
        ("status", "Status", "Any status", Counter(entry.status for entry in entries)),
        ("kind", "Kind", "Any kind", Counter(entry.kind for entry in entries)),
        ("cache", "Cache", "Hit or miss", Counter(_cache(entry) for entry in entries)),
    )
    return [
        {
            "name": name,
            "label": label,
            "all": everything,
            "options": [{"name": value, "count": count} for value, count in counted.most_common()],
        }
        for name, label, everything, counted in groups
    ]


def _card(entry: Entry) -> dict[str, Any]:
    finished, output, prompt = entry.finished, entry.output, entry.prompt
    return {
        "job_id": entry.job.job_id,
        "kind": entry.kind,
        "status": entry.status,
        "cache": _cache(entry),
        "hit": _HITS.get(_cache(entry), ""),
        "why": _why(entry),
        "findings": [{"path": finding.path, "message": finding.message} for finding in finished.findings]
        if finished
        else [],
        "content": _marked(show_content(output)) if output is not None else "",
        "raw": as_json(output) if isinstance(output, dict | list) else "",
        "system": prompt.system if prompt else None,
        "prompt": prompt.user if prompt else None,
        "workflow": entry.job.workflow,
        "input": as_json(body_value(entry.job.input)),
        "steps": [_step(step) for step in finished.provenance.steps] if finished else [],
        "meta": _meta(entry),
        "sort_time": f"{entry.latency_s or 0:.6f}",
        "sort_cost": f"{finished.cost_usd or 0:f}" if finished else "0",
    }


def _step(step: StepAccount) -> str:
    counts = (
        (step.lost, "lost"),
        (step.taken_over, "taken over"),
        (step.reused, "from the cache"),
        (step.repaired, "repaired"),
    )
    told = [f"{step.ended} ended", *(f"{count} {what}" for count, what in counts if count)]
    if step.models:
        told.append(_cost(step.cost_usd))
    return f"{step.step_id}: {', '.join(told)}"


def _marked(content: Markup) -> Markup:
    """Set the simulator's mark in small type: content has text and plain tags alone, so it is never in an attribute."""
    return content.replace(_MARK, Markup('<span class="sim">simulated</span>'))


def _meta(entry: Entry) -> list[tuple[str, str]]:
    result = entry.finished
    if result is None:
        return []
    model = result.provenance.provider_model or result.provenance.model or "none"
    usage = result.usage
    tried = [("Tried before", left_behind(result.provenance.tried))] if result.provenance.tried else []
    return [
        ("Model", model),
        *tried,
        ("Cost", _cost(result.cost_usd)),
        ("Tokens", f"{usage.input_tokens:,} in, {usage.output_tokens:,} out"),
        ("Time", _time(entry.latency_s)),
        ("In calls", f"{duration(result.timing.provider_s)}, {result.provenance.attempts} made"),
        (
            "Cache",
            f"{result.cache.kind}, from {result.cache.source_job_id}" if result.cache.reused else result.cache.kind,
        ),
    ]


def _why(entry: Entry) -> str:
    if isinstance(entry.result, JobRefused):
        field = f"{entry.result.field}: " if entry.result.field else ""
        return f"{entry.result.reason}: {field}{entry.result.message}"
    failure = entry.result.failure
    return f"{failure.reason}: {failure.message}" if failure else ""


def _cache(entry: Entry) -> str:
    return entry.finished.cache.kind if entry.finished else "none"


def _cost(cost: Decimal | None) -> str:
    return "unknown" if cost is None else dollars(cost)


def _time(seconds: float | None) -> str:
    return "–" if seconds is None else duration(seconds)
