"""What some jobs do not want to read in their answers, and which answers say it."""

from typing import Any

SOUR = "sour"
"""A word that every third answer says, and that some jobs do not want to read."""

_SOUR_EVERY = 3


def is_sour(call: int) -> bool:
    """Say whether the answer to a call, by its number, says what it should not; without chance."""
    return call % _SOUR_EVERY == 0


def demands_of(number: int) -> dict[str, Any]:
    """Give the checks and repairs of a job by its number, for every other job; without chance, as images are."""
    checks = [{"check": "banned_terms", "terms": [SOUR]}]
    demands: list[dict[str, Any]] = [{}, {"checks": checks, "repairs": 1 + number % 3}, {}, {"checks": checks}]
    return demands[number % 4]
