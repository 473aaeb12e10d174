"""For each height of guesses the share that is wrong at most, of all that are served up to there. Pure.

A choice serves all bands up to one. Which of them keeps a limit is looked for among all at once, so the risk is shared.
Of that for a limit, each choice has the part `(1 - q) / (1 + q) * q ** d`, where `d` is how many bands its highest
guess is away from 1.5 times the limit. As the edges are as far apart on a scale of ratios, or farther, these parts come
to at most 1. Where guesses are about right, the choices that may be open lie there, and have most of the risk. What is
kept at one limit is kept at each higher one: where a limit grows e times, the evidence grows by more than it was, and
the part falls by less.
"""

from collections.abc import Sequence
from itertools import accumulate
from math import exp, log

from headchef.bound.tally import Tally, evidence, together

RISK = 0.05
"""The chance that a choice is ever open whose mean is above its limit."""

EDGES = (0.00125, 0.002, 0.00315, 0.005, 0.008, 0.0125, 0.02, 0.0315, 0.05, 0.08, 0.125, 0.2, 1.0)
"""The highest guess of each band: five to the power of ten, until no limit can be kept."""

_STEP = log(10) / 5 * 0.96
"""Between two edges, at least: they are rounded."""

_CENTRE = 1.5
_FALL = 0.6
_FIRST = log((1 + _FALL) / (1 - _FALL)) - log(RISK)
_EACH = -log(_FALL) / _STEP

_LOWEST = log(1e-4)
_HALVINGS = 14
"""Which leaves limits a thousandth too high."""


def limits_of(tallies: Sequence[Tally]) -> list[float]:
    """Give for each band the lowest limit among the choices that serve it; 1 where too little is known.

    Args:
        tallies: of the labels, by band.
    """
    choices = accumulate(tallies, lambda one, other: together((one, other)))
    limits = [_limit(choice, edge) for choice, edge in zip(choices, EDGES, strict=True)]
    return list(accumulate(reversed(limits), min))[::-1]


def band_of(guess: float) -> int:
    """Give the number of the band that a guess falls into, from 0 on."""
    return next(number for number, edge in enumerate(EDGES) if guess <= edge)


def _limit(choice: Tally, edge: float) -> float:
    highest = log(edge / _CENTRE)

    def is_kept(limit: float) -> bool:
        return evidence(choice, exp(limit)) >= _FIRST + _EACH * abs(highest - limit)

    low, high = _LOWEST, 0.0
    if not is_kept(high):
        return 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if is_kept(middle) else (middle, high)
    return exp(high)
