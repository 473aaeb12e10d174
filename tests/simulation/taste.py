"""What some jobs do not want to read in their answers, and which answers say it."""

from typing import Any

SOUR = "sour"
"""A word that every third answer says, and that some jobs do not want to read."""

_SOUR_EVERY = 3


def is_sour(call: int) -> bool:
    """Say whether the answer to a call, by its number, says what it should not; without chance."""
    return call % _SOUR_EVERY == 0


def demands_of(number: int, path: str) -> dict[str, Any]:
    """Give the checks and repairs of a job by its number, for every other job; without chance, as images are.

    Args:
        number: of the job.
        path: of the text in its output; empty where that is all of it.
    """
    checks = [{"check": "banned_terms", "terms": [SOUR], **({"path": path} if path else {})}]
    demands: list[dict[str, Any]] = [{}, {"checks": checks, "repairs": 1 + number % 3}, {}, {"checks": checks}]
    return demands[number % 4]
