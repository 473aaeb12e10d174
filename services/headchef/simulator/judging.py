"""Makes the simulated model's reply where it is asked whether two answers are the same: by their words and numbers."""

from typing import Any

from headchef.equality.quoting import unquoted
from headchef.equality.text import unlike

_LIKENESS = 0.6
"""The share of words that two answers must have in common: it stands in for what a model understands."""


def verdict(prompt: str) -> dict[str, Any] | None:
    """Judge the two answers that a prompt shows; None for any other prompt.

    Whatever an answer says to the judge, it is compared as a text.
    """
    answers = unquoted(prompt)
    if answers is None:
        return None
    why = unlike(*answers, _LIKENESS)
    return {"same": why is None, "why": why or "both say the same"}
