"""Shows what was spent: a table for a person, or values for machines."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from headchef.cli.amounts import dollars
from headchef.cli.screen import printable
from headchef.cli.spending.account import UNNAMED, Row, Sums
from headchef.cli.spending.by import By

_COLUMNS = ("cost", "per ok", "ok", "reused", "calls", "failed", "tokens in", "tokens out")
_NAME_WIDTH = 14
_NOBODY: Mapping[By, str] = {
    "tenant": "(none)",
    "model": "(no model)",
    "label": "(no label)",
    "lane": "(no call in this time)",
}


def view(by: By, rows: Sequence[Row], total: Sums) -> RenderableType:
    """Lay out a line for each row, and one for all together."""
    laid = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold", show_footer=len(rows) != 1)
    widest = max((len(row.name) for row in rows), default=0)
    laid.add_column(by, Text("in all"), overflow="fold", min_width=min(widest, _NAME_WIDTH))
    for column, cell in zip(_COLUMNS, _cells(total), strict=True):
        laid.add_column(column, Text(cell), justify="right", overflow="fold")
    for row in rows:
        laid.add_row(Text(printable(row.name or _NOBODY[by])), *map(Text, _cells(row.sums)))
    notes = []
    if total.unknown:
        calls = "call" if total.unknown == 1 else "calls"
        notes.append(
            f"and {total.unknown:,} {calls} of unknown cost: without a price in the catalogue, or cut off before the"
            " provider said what they used"
        )
    if total.cached_input_tokens or total.cache_write_input_tokens:
        notes.append(_of_the_cache(total))
    if by == "label":
        notes.append("a job counts for each of its labels, so the lines may come to more than all together")
    return Group(laid, *(Text(note, style="dim") for note in notes))


def row_as_json(by: By, name: str | None, sums: Sums) -> dict[str, Any]:
    """Give a row as one JSON value; costs are decimal strings, as in events.

    Args:
        by: names the first field.
        name: of the row; None for all together.
        sums: what was spent.
    """
    known, each = sums.known_usd, sums.per_accepted_usd
    return {
        by: None if name == UNNAMED else name,
        "in_all": name is None,
        "cost_usd": None if known is None else f"{known:f}",
        "calls_of_unknown_cost": sums.unknown,
        "calls": sums.calls,
        "failed_calls": sums.failed,
        "input_tokens": sums.input_tokens,
        "cached_input_tokens": sums.cached_input_tokens,
        "cache_write_input_tokens": sums.cache_write_input_tokens,
        "provider_cache_saved_usd": f"{sums.provider_cache_saved_usd:f}",
        "output_tokens": sums.output_tokens,
        "reasoning_tokens": sums.reasoning_tokens,
        "results": sums.results,
        "accepted": sums.accepted,
        "reused": sums.reused,
        "cost_per_accepted_usd": None if each is None else f"{each:.9f}",
    }


def _of_the_cache(sums: Sums) -> str:
    read, written, saved = sums.cached_input_tokens, sums.cache_write_input_tokens, sums.provider_cache_saved_usd
    came_to = f"saved {dollars(saved)}" if saved >= 0 else f"cost {dollars(-saved)} more than it saved"
    return f"of the tokens in, {_short(read)} were read from providers' caches and {_short(written)} written: {came_to}"


def _cells(sums: Sums) -> list[str]:
    each = _amount(sums.per_accepted_usd, sums.unknown) if sums.accepted else ""
    counts = (f"{number:,}" for number in (sums.accepted, sums.reused, sums.calls, sums.failed))
    return [_amount(sums.known_usd, sums.unknown), each, *counts, _short(sums.input_tokens), _short(sums.output_tokens)]


def _short(number: int) -> str:
    """Show a large number in few characters: `950`, `12.3k`, `4.6M`."""
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if number >= size:
            return f"{number / size:.1f}{unit}"
    return str(number)


def _amount(cost: Decimal | None, unknown: int) -> str:
    if cost is None:
        return "not known"
    return f"≥{dollars(cost)}" if unknown else dollars(cost)
