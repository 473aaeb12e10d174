"""Compares two answers by a judge that a test names."""

from typing import Any

from headchef_contracts.events.common import Inline
from headchef_contracts.events.semantic import Comparison

from headchef.embedding import Embedder, HashedEmbedder
from headchef.equality import Different, Instruments, Judges, Same, Undecided, installed


async def opinion(
    one: str, other: str, judge: str = "auto", embedder: Embedder | None = None, **arguments: Any
) -> Same | Different | Undecided:
    """Give the opinion of a judge that comes with Headchef.

    Args:
        one: an answer.
        other: another.
        judge: its name.
        embedder: hashed words if omitted.
        arguments: of the judge.
    """
    judges = Judges(installed(), Instruments(embedder or HashedEmbedder()))
    comparison = Comparison(judge=judge, arguments=arguments)
    return (await judges.compare(comparison, Inline(inline=one), Inline(inline=other))).opinion


async def same(one: str, other: str, judge: str = "auto", **arguments: Any) -> bool:
    """Say whether a judge finds two answers the same."""
    return isinstance(await opinion(one, other, judge, **arguments), Same)
