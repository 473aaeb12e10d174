"""Shows reviews: to a person as a table or a few lines, to machines as JSON."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.table import Table

from headchef_contracts.events.reviews import ReviewAsked

from headchef.cli.history.describe import body_value
from headchef.cli.reviewing.reading import unit_of
from headchef.cli.screen import table

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400
_LONGEST = 40
"""Characters of the beginning of a document in the list."""


def as_table(reviews: Sequence[ReviewAsked], now: datetime) -> Table:
    """List reviews for a person."""
    columns = ("job", "step", "workflow", "tenant", "asked", "time left", "otherwise", "document")
    rows = [
        (
            each.job.job_id,
            unit_of(each.step_id, each.item),
            each.workflow,
            each.job.tenant,
            f"{span(now - each.decided.at)} ago",
            left(each, now),
            each.otherwise.replace("_", " "),
            _beginning(each),
        )
        for each in reviews
    ]
    return table("", columns, rows)


def as_lines(review: ReviewAsked, now: datetime) -> list[str]:
    """Say what a review is about, but for its document."""
    due = f"{left(review, now)} (until {review.due:%Y-%m-%d %H:%M:%S} UTC)"
    lines = [
        f"{review.job.job_id}: {unit_of(review.step_id, review.item)} of {review.workflow}, tenant {review.job.tenant}",
        f"asked {span(now - review.decided.at)} ago, time left: {due}, otherwise {review.otherwise.replace('_', ' ')}",
    ]
    checks = [f"{each.check} of {each.path or 'all'}" for each in review.checks]
    if review.json_schema is not None:
        checks.insert(0, "a JSON Schema")
    if checks:
        lines.append(f"it must pass: {', '.join(checks)}")
    return lines


def as_json(review: ReviewAsked, *, whole: bool) -> dict[str, Any]:
    """Give a review for machines.

    Args:
        review: to be shown.
        whole: with the document, its schema and its checks.
    """
    told = {
        "job_id": review.job.job_id,
        "run": review.job.run,
        "revision": review.job.revision,
        "tenant": review.job.tenant,
        "batch_id": review.job.batch_id,
        "workflow": review.workflow,
        "step": review.step_id,
        "item": review.item,
        "asked_at": review.decided.at.isoformat(),
        "due": review.due.isoformat(),
        "otherwise": review.otherwise,
    }
    if whole:
        told |= {
            "document": body_value(review.document),
            "schema": review.json_schema,
            "checks": [each.model_dump() for each in review.checks],
        }
    return told


def left(review: ReviewAsked, now: datetime) -> str:
    """Say how much time is left for a decision."""
    return "over" if now >= review.due else span(review.due - now)


def span(time: timedelta) -> str:
    """Show a time to a person: `45 s`, `12 min`, `5 h`, `3 d`."""
    seconds = max(0, int(time.total_seconds()))
    if seconds < 2 * _MINUTE_S:
        return f"{seconds} s"
    if seconds < 2 * _HOUR_S:
        return f"{seconds // _MINUTE_S} min"
    return f"{seconds // _HOUR_S} h" if seconds < 2 * _DAY_S else f"{seconds // _DAY_S} d"


def _beginning(review: ReviewAsked) -> str:
    text = " ".join(str(body_value(review.document)).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
