"""Compares ways to reuse answers in a stream of templated prompts: what is saved, and what is wrong."""

import sys
from collections.abc import Mapping

from tests.bench.templated.questions import planned, vectors_of
from tests.bench.templated.reusing import Reused, nearest_in_scope, whole_prompts, within_the_bound
from tests.bench.templated.stream import QUESTIONS, stream

WHOLE = 4_000
"""Of the stream, as many as are compared as whole prompts: that takes the square of their number."""

THRESHOLDS = (0.8, 0.9, 0.95, 0.99, 0.999)
_SEED = 1

_TITLES = {
    "scope": "the nearest answer of its scope, whatever its distance",
    "bound": "the same, where the bound of 1 % allows it",
}


def compare(count: int = QUESTIONS, whole: int = WHOLE) -> dict[str, float]:
    """Reuse answers in each way.

    Args:
        count: questions of the stream.
        whole: so many of them are compared as whole prompts too.

    Returns:
        For each way `templated.<way>.<figure>`: `questions`, how many were `reused`, and of those, how many answers
        were made from other facts (`wrong`).
    """
    sys.stderr.write("templated: planning …\n")
    questions = planned(stream(count))
    texts = vectors_of([each.text for each in questions])
    figures = _figures("scope", nearest_in_scope(questions, texts))
    figures |= _figures("bound", within_the_bound(questions, texts, _SEED))
    prompts = vectors_of([each.prompt for each in questions[:whole]])
    for least in THRESHOLDS:
        sys.stderr.write(f"templated: whole prompts, {least} …\n")
        figures |= _figures(f"whole-{least}", whole_prompts(questions[:whole], prompts, least))
    return figures


def table(figures: Mapping[str, float]) -> str:
    """Write the figures as a Markdown table."""
    lines = ["| an answer is reused if it is | questions | reused | of those wrong |", "|---|---|---|---|"]
    for name, questions in figures.items():
        if name.startswith("templated.") and name.endswith(".questions"):
            way = name.removesuffix(".questions")
            reused, wrong = figures[f"{way}.reused"], figures[f"{way}.wrong"]
            share = wrong / max(reused, 1)
            title = _title(way.removeprefix("templated."))
            lines.append(f"| {title} | {questions:,.0f} | {reused / questions:.1%} | {wrong:,.0f}, {share:.1%} |")
    return "\n".join(lines)


def _title(way: str) -> str:
    return _TITLES.get(way) or f"the nearest whole prompt, of a cosine of {way.removeprefix('whole-')} at least"


def _figures(way: str, reused: Reused) -> dict[str, float]:
    name = f"templated.{way}"
    return {f"{name}.questions": reused.questions, f"{name}.reused": reused.reused, f"{name}.wrong": reused.wrong}
