"""What the nearest earlier questions say of whether the answer of the nearest one would do for a new one. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log1p

MOST = 8
"""How many neighbours are looked at."""

FEATURES = 6

_SHARPNESS = 8.0
"""How much more a nearer neighbour's vote weighs: by e for each 1 / 8 of likeness."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An earlier question.

    Attributes:
        score: cosine of the angle between the two questions, at most 1.
        group: of questions whose answers are the same; named by any of them.
    """

    score: float
    group: str


def features(neighbours: Sequence[Neighbour]) -> tuple[float, ...]:
    """Give what a guess is made from: whether those around agree, and how near they are.

    One number is always 1, for the guess that is made without a look.

    Args:
        neighbours: the nearest first; those behind the eighth are passed over.

    Returns:
        Always as many numbers; none at all if there is no neighbour.
    """
    if not neighbours:
        return ()
    near = neighbours[:MOST]
    best, group = near[0].score, near[0].group
    votes = agreeing = 0.0
    same = 0
    other: float | None = None
    for each in near:
        vote = exp(_SHARPNESS * (each.score - best))
        votes += vote
        if each.group == group:
            agreeing += vote
            same += 1
        elif other is None:
            other = each.score
    agreement = agreeing / votes
    margin = best - (near[-1].score - 0.1 if other is None else other)
    return (1.0, best, agreement, margin, log1p(same), agreement * best)
