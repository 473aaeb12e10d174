"""Writes what each way came to as Markdown tables."""

from collections.abc import Mapping
from pathlib import Path

from tests.bench.bound.questions import Order
from tests.support.marked_page import replace_between

_MARKS = ("<!-- bound: begin -->", "<!-- bound: end -->")

BOUND = "the bound"
EQUAL = "the best threshold in hindsight with as few wrong"

_WAYS = {
    "ours": BOUND,
    "equal": EQUAL,
    "threshold": "the best threshold in hindsight for the limit",
    "vcache": "vCache's decision",
}
_ORDERS: Mapping[Order, str] = {"random": "by chance", "waves": "in waves"}


def table(figures: Mapping[str, float]) -> str:
    """Write the figures of `tests.bench.bound.comparison`: a table for each embedder and order."""
    lines: list[str] = []
    for embedder in dict.fromkeys(name.split(".")[1] for name in figures if name.startswith("bound.")):
        for order in _ORDERS:
            lines += [f"{heading(embedder, order)}, {figures[f'bound.{embedder}.{order}.orders']:.0f} orders.\n"]
            lines += ["| may be wrong | by | served | of it wrong | wrong of all | kept the limit |"]
            lines += ["|---|---|---|---|---|---|"]
            lines += [*_rows(figures, f"bound.{embedder}.{order}."), ""]
    return "\n".join(lines)


def write_bound(path: Path, figures: Mapping[str, float], made: str) -> None:
    """Replace the figures of the bound in a document, between two marks of its own.

    Raises:
        ValueError: the document has no marks.
    """
    replace_between(path, _MARKS, f"{made}.\n\n{table(figures)}")


def heading(embedder: str, order: Order) -> str:
    """Give what stands before a table."""
    return f"Vectors: {embedder}. Questions {_ORDERS[order]}"


def _rows(figures: Mapping[str, float], prefix: str) -> list[str]:
    rows = []
    limits = dict.fromkeys(name.removeprefix(prefix).split(".ours.")[0] for name in figures if _is_ours(name, prefix))
    for limit in limits:
        for way, words in _WAYS.items():
            of = f"{prefix}{limit}.{way}."
            kept = "" if way == "equal" else f"{figures[f'{of}within']:.0f} of {figures[f'{of}orders']:.0f}"
            shares = (_share(figures, of + each) for each in ("share_served", "share_wrong", "share_wrong_of_all"))
            rows.append(f"| {float(limit):.1%} | {words} | " + " | ".join(shares) + f" | {kept} |")
    return rows


def _is_ours(name: str, prefix: str) -> bool:
    return name.startswith(prefix) and ".ours." in name


def _share(figures: Mapping[str, float], name: str) -> str:
    return f"{figures[name]:.2%} ({figures[f'{name}.low']:.2%} to {figures[f'{name}.high']:.2%})"
