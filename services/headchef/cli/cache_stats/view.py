"""Shows what the cache has done: tables for a person, or values for machines."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from headchef_contracts.events.bounds import Counts
from headchef_contracts.events.cache_use import REUSED, CacheKind

from headchef.cli.amounts import dollars, duration
from headchef.cli.cache_stats.account import Uses, together
from headchef.cli.cache_stats.pools import Standing
from headchef.cli.screen import printable

_COLUMNS = ("cache", "questions", "share", "money saved", "time saved", "refused")
_OF_POOLS = ("pool", "asked", "reused", "shadow", "explored", "lessons", "wrong", "within", "open from")
_NARROWEST = (12, None, None, None, None, None, None, 11, None)
_ALL = "in all"
_HASH_CHARACTERS, _SHOWN = 64, 12


def view(rows: Mapping[CacheKind, Uses], pools: Sequence[Standing]) -> RenderableType:
    """Lay out a line for each kind, one for all together, and one for each pool."""
    return Group(*_parts(rows, pools))


def as_json(rows: Mapping[CacheKind, Uses], pools: Sequence[Standing]) -> Iterator[dict[str, Any]]:
    """Give a value for each kind, one for all together, and one for each pool; costs are decimal strings."""
    total = together(rows)
    for kind, uses in rows.items():
        yield _uses_as_json(kind, uses, total)
    yield _uses_as_json(None, total, total)
    for pool in pools:
        yield _pool_as_json(pool)


def percent(share: float) -> str:
    """Show a share: `12.3 %`, or `0.45 %` where it is small."""
    return f"{100 * share:.1f} %" if share >= 0.1 or not share else f"{100 * share:.2f} %"


def between(low: float, high: float) -> str:
    """Show an interval of shares: `0.05–2.41 %`."""
    return f"{percent(low).removesuffix(' %')}–{percent(high)}"


def pool_in_short(pool: str) -> str:
    """Show the name of a pool; of one that is named by its templates' hash only its beginning."""
    return pool[:_SHOWN] if len(pool) == _HASH_CHARACTERS else pool


def _parts(rows: Mapping[CacheKind, Uses], pools: Sequence[Standing]) -> Iterator[RenderableType]:
    total = together(rows)
    laid = Table(box=None, pad_edge=False, header_style="bold", show_footer=True)
    for number, (column, cell) in enumerate(zip(_COLUMNS, _cells(_ALL, total, total), strict=True)):
        laid.add_column(column, Text(cell), justify="right" if number else "left", overflow="fold")
    for kind, uses in rows.items():
        laid.add_row(*map(Text, _cells(kind, uses, total)))
    yield laid
    reused = sum(uses.questions - uses.refused for kind, uses in rows.items() if kind in REUSED)
    yield Text(f"{reused:,} of {total.questions:,} questions were answered by an earlier answer.")
    if total.refused:
        yield _note(f"{total.refused:,} reused answers failed the checks of their new question, and saved nothing")
    if total.unknown_cost or total.unknown_time:
        yield _note(
            f"of {total.unknown_cost:,} reused answers the cost is not known, and of {total.unknown_time:,} how long"
            " their calls took: the topics reach back only so far"
        )
    if pools:
        yield Text("")
        yield _pools(pools)
        yield _note(
            "wrong: of the lessons for which the bound would have allowed reuse, since the pool began; the true share"
            " lies `within` with 95 % certainty, at whatever look"
        )
        yield _note(
            "shadow: would be reused, but for shadow mode; open from: the smallest `max_wrong` for which anything is"
        )
        if judged := sum(each.uses.judged for each in pools):
            yield Text(_judging(judged, pools))


def _judging(judged: int, pools: Sequence[Standing]) -> str:
    cost, unknown = sum(each.uses.judging_usd for each in pools), sum(each.uses.unknown_cost for each in pools)
    undecided = sum(each.said.counts.undecided for each in pools if each.said is not None)
    without = f"; since the pools began, {undecided:,} were not judged" if undecided else ""
    paid = (
        "a price that is not known"
        if unknown and not cost
        else _at_least(dollars(Decimal(cost)), unknown, nothing=False)
    )
    pairs = "a pair" if judged == 1 else f"{judged:,} pairs"
    return f"Models compared {pairs} of answers for {paid}, to be held against the money saved{without}."


def _cells(name: str, uses: Uses, total: Uses) -> tuple[str, ...]:
    share = percent(uses.questions / total.questions) if total.questions else ""
    refused = f"{uses.refused:,}" if uses.refused else ""
    if name not in REUSED and name != _ALL:
        return name, f"{uses.questions:,}", share, "", "", refused
    money = _at_least(dollars(uses.saved_usd), uses.unknown_cost, nothing=not uses.saved_usd)
    time = _at_least(duration(uses.saved_s), uses.unknown_time, nothing=not uses.saved_s)
    return name, f"{uses.questions:,}", share, money, time, refused


def _at_least(amount: str, unknown: int, *, nothing: bool) -> str:
    if not unknown:
        return amount
    return "not known" if nothing else f"≥{amount}"


def _pools(pools: Sequence[Standing]) -> RenderableType:
    laid = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for number, column in enumerate(_OF_POOLS):
        laid.add_column(column, justify="right" if number else "left", overflow="fold", min_width=_NARROWEST[number])
    for pool in pools:
        laid.add_row(*map(Text, _pool_cells(pool)))
    return laid


def _pool_cells(pool: Standing) -> tuple[str, ...]:
    uses, wrong, lowest = pool.uses, pool.wrong, pool.open_from
    counts = Counts() if pool.said is None else pool.said.counts
    return (
        f"{printable(pool.name.tenant)}/{pool_in_short(pool.name.pool)}",
        f"{uses.questions:,}",
        f"{uses.reused:,}",
        f"{uses.would:,}",
        f"{uses.explored:,}",
        f"{counts.labels:,}",
        f"{counts.allowed_wrong:,}/{counts.allowed:,}",
        "" if wrong is None else between(*wrong[1:]),
        "closed" if lowest is None else percent(lowest),
    )


def _uses_as_json(kind: CacheKind | None, uses: Uses, total: Uses) -> dict[str, Any]:
    return {
        "cache": kind,
        "in_all": kind is None,
        "questions": uses.questions,
        "share": uses.questions / total.questions if total.questions else None,
        "saved_usd": f"{uses.saved_usd:f}",
        "reused_of_unknown_cost": uses.unknown_cost,
        "saved_s": uses.saved_s,
        "reused_of_unknown_time": uses.unknown_time,
        "refused": uses.refused,
    }


def _pool_as_json(pool: Standing) -> dict[str, Any]:
    said, wrong = pool.said, pool.wrong
    return {
        "tenant": pool.name.tenant,
        "pool": pool.name.pool,
        "embedder": None if said is None else said.embedder,
        "questions": pool.uses.questions,
        "reused": pool.uses.reused,
        "shadow": pool.uses.would,
        "explored": pool.uses.explored,
        "judged": pool.uses.judged,
        "judging_usd": f"{pool.uses.judging_usd:f}",
        "judged_of_unknown_cost": pool.uses.unknown_cost,
        "counts": None if said is None else said.counts.model_dump(),
        "wrong_where_allowed": None if wrong is None else wrong[0],
        "interval": None if wrong is None else list(wrong[1:]),
        "open_from": pool.open_from,
        "bound": None if said is None else said.number,
        "set_at": None if said is None else said.set_at.isoformat(),
    }


def _note(text: str) -> Text:
    return Text(text, style="dim")
