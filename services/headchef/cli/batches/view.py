"""Shows a batch: to a person as a table, to machines as one JSON object, finished or not."""

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from headchef_contracts.events.batches import BatchFinished, CountedReason
from headchef_contracts.events.brakes import BrakeSet

from headchef.batches.account import Account
from headchef.cli.amounts import dollars, duration
from headchef.cli.batches.pausing import paused
from headchef.cli.following.show import STYLES
from headchef.cli.screen import printable, table


def progress_of(account: Account) -> str:
    """Say how many jobs have ended: `7 of 12 jobs have ended`."""
    if account.size is None:
        return f"{account.counts.total:,} jobs have ended, and none has said how many there are"
    return f"{account.counts.total:,} of {account.size:,} jobs have ended"


def as_json(found: Account | BatchFinished, pause: BrakeSet | None) -> dict[str, Any]:
    """Give the same fields for a batch that has finished and for one that has not.

    Args:
        found: the batch.
        pause: what holds its jobs, or None.
    """
    size = found.size if isinstance(found, Account) else found.batch_size
    return {
        "tenant": found.tenant,
        "batch_id": found.batch_id,
        "finished": isinstance(found, BatchFinished),
        "batch_size": size,
        "ended": found.counts.total,
        "counts": found.counts.model_dump(),
        "cost_usd": format(found.cost_usd, "f"),
        "unpriced": found.unpriced,
        "usage": found.usage.model_dump(),
        "reasons": [each.model_dump() for each in found.reasons],
        "paused": None if pause is None else pause.model_dump(mode="json", include={"by", "because", "set_at"}),
        "began_at": found.began_at.isoformat(),
        "ended_at": found.ended_at.isoformat(),
    }


def as_table(found: Account | BatchFinished, pause: BrakeSet | None) -> RenderableType:
    """Lay it out for a person.

    Args:
        found: the batch.
        pause: what holds its jobs, or None.
    """
    done = isinstance(found, BatchFinished)
    line = Text(printable(found.batch_id), style="bold")
    state = "finished" if done else "open" if pause is None else "paused"
    line.append(f"  {state}", style="green" if done else "yellow")
    parts: list[RenderableType] = [line]
    if pause is not None:
        parts.append(Text(printable(paused(pause)), style="yellow"))
    shown = Table(box=None, show_header=False, pad_edge=False)
    shown.add_column(style="dim")
    shown.add_column(justify="right")
    for status, count in found.counts.model_dump().items():
        if count:
            shown.add_row(status.replace("_", " "), Text(f"{count:,}", style=STYLES[status]))
    shown.add_row("tokens", f"{found.usage.input_tokens:,} in, {found.usage.output_tokens:,} out")
    unpriced = f" (and {found.unpriced:,} jobs of unknown cost)" if found.unpriced else ""
    shown.add_row("cost", dollars(found.cost_usd) + unpriced)
    shown.add_row("time", duration((found.ended_at - found.began_at).total_seconds()))
    ended = f"{found.counts.total:,} jobs have ended" if isinstance(found, BatchFinished) else progress_of(found)
    parts += [Text(ended), shown]
    if found.reasons:
        parts.append(_reasons(found.reasons))
    return Group(*parts)


def _reasons(reasons: Sequence[CountedReason]) -> RenderableType:
    rows = [
        (f"{'≤ ' if each.doubtful else ''}{each.jobs:,}", each.check or each.failure or "", each.path, each.message)
        for each in reasons
    ]
    return table("why jobs were rejected or failed", ("jobs", "what", "where", "for example"), rows)
