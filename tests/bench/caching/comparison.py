"""Compares all ways in which prompts meet a provider's cache, each with the provider's bill."""

import sys

from tests.bench.caching.spending import Spent, spend
from tests.bench.caching.ways import WAYS, Way

JOBS = 1000

_NAMES = ("recorded_usd", "billed_usd", "uncached_usd", "read", "written")
_COLUMNS = (
    "dialect",
    "the provider",
    "the template begins with",
    "input, recorded",
    "input, on the bill",
    "without the cache",
    "saved",
    "read from it",
    "written to it",
)

Figures = dict[str, float]


def compare(bootstrap: str, executors: int) -> Figures:
    """Run 1,000 jobs in each way.

    Args:
        bootstrap: address of the broker.
        executors: processes.

    Returns:
        For each way `caching.<way>.<figure>`: US dollars for the input, as recorded, on the bill, and without the
        provider's cache, and what share of the tokens was read from it and written to it.

    Raises:
        RuntimeError: what was recorded is not what was billed.
    """
    figures: Figures = {"caching.executors": executors}
    for way in WAYS:
        sys.stderr.write(f"caching: {way.name} …\n")
        recorded, billed = spend(bootstrap, way, jobs=JOBS, executors=executors)
        if recorded != billed:
            raise RuntimeError(f"{way.name}: {recorded} was recorded, and {billed} billed")
        figures |= _figures(way, recorded, billed)
    return figures


def _figures(way: Way, recorded: Spent, billed: Spent) -> Figures:
    name = f"caching.{way.name}"
    return {
        f"{name}.recorded_usd": float(recorded.input_usd),
        f"{name}.billed_usd": float(billed.input_usd),
        f"{name}.uncached_usd": float(recorded.uncached_usd),
        f"{name}.read": recorded.read_tokens / recorded.input_tokens,
        f"{name}.written": recorded.written_tokens / recorded.input_tokens,
    }


def table(figures: Figures) -> str:
    """Write the figures as a Markdown table."""
    lines = [f"| {' | '.join(_COLUMNS)} |", "|---" * len(_COLUMNS) + "|"]
    for way in WAYS:
        of = {name: figures[f"caching.{way.name}.{name}"] for name in _NAMES}
        begins = "its slots" if way.slots_first else "its static part"
        saved = 1 - of["recorded_usd"] / of["uncached_usd"]
        lines.append(
            f"| {way.dialect} | {way.says} | {begins} | ${of['recorded_usd']:.4f} | ${of['billed_usd']:.4f}"
            f" | ${of['uncached_usd']:.4f} | {saved:.0%} | {of['read']:.1%} | {of['written']:.2%} |"
        )
    return "\n".join(lines)
