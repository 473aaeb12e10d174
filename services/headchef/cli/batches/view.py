"""Shows a batch: to a person as a table, to machines as one JSON object, finished or not."""

from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from headchef_contracts.events.batches import BatchFinished

from headchef.batches.account import Account
from headchef.cli.following.show import STYLES
from headchef.cli.history.describe import dollars, duration
from headchef.cli.screen import printable


def progress_of(account: Account) -> str:
    """Say how many jobs have ended: `7 of 12 jobs have ended`."""
    if account.size is None:
        return f"{account.counts.total:,} jobs have ended, and none has said how many there are"
    return f"{account.counts.total:,} of {account.size:,} jobs have ended"


def as_json(found: Account | BatchFinished) -> dict[str, Any]:
    """Give the same fields for a batch that has finished and for one that has not."""
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
        "began_at": found.began_at.isoformat(),
        "ended_at": found.ended_at.isoformat(),
    }


def as_table(found: Account | BatchFinished) -> RenderableType:
    """Lay it out for a person."""
    done = isinstance(found, BatchFinished)
    line = Text(printable(found.batch_id), style="bold")
    line.append("  finished" if done else "  open", style="green" if done else "yellow")
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
    return Group(line, Text(ended), shown)
