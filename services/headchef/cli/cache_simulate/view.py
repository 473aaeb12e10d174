"""Shows what a replay of past questions came to: a table for a person, or values for machines."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from headchef_contracts.events.bounds import BoundSet

from headchef.cli.amounts import dollars
from headchef.cli.cache_simulate.replay import Outcome, Setting
from headchef.cli.cache_stats.view import between, percent
from headchef.evidence import interval

_COLUMNS = ("max_wrong", "asked", "served", "share", "wrong", "of served", "within", "explored", "saved")


def view(outcomes: Mapping[Setting, Outcome], said: Sequence[BoundSet], embedder: str) -> RenderableType:
    """Lay out a line for what is, and one for each setting that was tried.

    Args:
        outcomes: what each setting came to.
        said: the bounds of the pools in question that are in force now.
        embedder: whose vectors were compared.
    """
    return Group(*_parts(outcomes, said, embedder))


def as_json(outcomes: Mapping[Setting, Outcome], said: Sequence[BoundSet], embedder: str) -> Iterator[dict[str, Any]]:
    """Give a value for each setting, then one for each pool as it is; costs are decimal strings."""
    for setting, outcome in outcomes.items():
        share, low, high = _wrong(outcome)
        yield {
            "max_wrong": setting.max_wrong,
            "explore": setting.explore,
            "embedder": embedder,
            "questions": outcome.questions,
            "served": outcome.served,
            "wrong": outcome.wrong,
            "wrong_of_served": share,
            "interval": [low, high],
            "undecided": outcome.undecided,
            "explored": outcome.explored,
            "saved_usd": f"{outcome.saved_usd:f}",
            "served_of_unknown_cost": outcome.unknown_cost,
        }
    for each in said:
        as_it_is = {"tenant": each.tenant, "pool": each.pool, "embedder": each.embedder}
        yield {"as_it_is": as_it_is | {"counts": each.counts.model_dump()}}


def _parts(outcomes: Mapping[Setting, Outcome], said: Sequence[BoundSet], embedder: str) -> Iterator[RenderableType]:
    laid = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for number, column in enumerate(_COLUMNS):
        laid.add_column(column, justify="right" if number else "left", overflow="fold")
    if said:
        laid.add_row(*map(Text, _as_it_is(said)))
    for setting, outcome in outcomes.items():
        laid.add_row(*map(Text, _cells(setting, outcome)))
    yield laid
    yield _note(f"compared by {embedder}; the true share of wrong ones lies `within` with 95 % certainty")
    served = sum(each.counts.served for each in said)
    if served:
        yield _note(
            f"{served:,} questions were answered by earlier answers since these pools began. They have no fresh answer"
            " and are not replayed; as they were the easy ones, more would be served than is shown, and fewer wrong"
        )
    if any(outcome.undecided for outcome in outcomes.values()):
        most = max(outcome.undecided for outcome in outcomes.values())
        yield _note(f"up to {most:,} served answers could not be judged, and count as neither right nor wrong")
    yield _note("checks do not run again, which refuse some wrong ones; and nothing is invalidated or corrected")


def _as_it_is(said: Sequence[BoundSet]) -> tuple[str, ...]:
    labels, served = (sum(getattr(each.counts, name) for each in said) for name in ("labels", "served"))
    allowed, wrong = (sum(getattr(each.counts, name) for each in said) for name in ("allowed", "allowed_wrong"))
    total = labels + served
    share = percent(served / total) if total else ""
    return "as it is", f"{total:,}", f"{served:,}", share, f"{wrong:,}/{allowed:,}", *_error(wrong, allowed), "", ""


def _cells(setting: Setting, outcome: Outcome) -> tuple[str, ...]:
    name = "as jobs say" if setting.max_wrong is None else percent(setting.max_wrong)
    least = "≥" if outcome.unknown_cost else ""
    return (
        name,
        f"{outcome.questions:,}",
        f"{outcome.served:,}",
        percent(outcome.served / outcome.questions),
        f"{outcome.wrong:,}",
        *_error(outcome.wrong, outcome.served - outcome.undecided),
        f"{outcome.explored:,}",
        f"{least}{dollars(outcome.saved_usd)}",
    )


def _wrong(outcome: Outcome) -> tuple[float | None, float, float]:
    known = outcome.served - outcome.undecided
    return (outcome.wrong / known if known else None, *interval(known, outcome.wrong))


def _error(wrong: int, of: int) -> tuple[str, str]:
    """Give the share that is wrong, and within what the true one lies; nothing of nothing."""
    return (percent(wrong / of), between(*interval(of, wrong))) if of else ("", "")


def _note(text: str) -> Text:
    return Text(text, style="dim")
