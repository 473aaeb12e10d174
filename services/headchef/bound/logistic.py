"""How probable it is that a nearest answer would be wrong: a logistic regression that learns case by case. Pure.

The weights are normally distributed, as far as is known of them. A case moves their mean by one step of Newton's method
and narrows them by its Fisher information: Laplace's approximation, made anew at each case (Spiegelhalter and
Lauritzen, Sequential Updating of Conditional Probabilities on Directed Graphical Structures, Networks 20, 1990). The
matrix is that of covariances, so that nothing has to be inverted (Sherman and Morrison, 1950).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from operator import mul

_STEEPEST = 30.0

_CHANGE = 1e-8
"""By how much the variance of a weight grows with each case: weights may change, over some ten thousand cases, and
rounding can never make a variance negative."""


@dataclass(frozen=True, slots=True)
class Logistic:
    """What has been learnt.

    Attributes:
        weights: the most probable ones, by feature.
        covariance: of the weights, row by row.
    """

    weights: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]

    def learn(self, features: Sequence[float], wrong: bool) -> "Logistic":
        """Take a case into account.

        Args:
            features: as many as there are weights.
            wrong: what it turned out to be.
        """
        chance = chance_of(self.weights, features)
        doubt = chance * (1 - chance)
        spread = [sum(map(mul, row, features)) for row in self.covariance]
        along = sum(map(mul, spread, features))
        shrink = doubt / (1 + doubt * along)
        narrowed = [
            [old - shrink * one * other for old, other in zip(row, spread, strict=True)]
            for row, one in zip(self.covariance, spread, strict=True)
        ]
        for number, row in enumerate(narrowed):
            row[number] += _CHANGE
        # What the narrowed matrix makes of the features: one step of Newton's.
        step = (wrong - chance) * (1 - shrink * along)
        weights = tuple(weight + step * each for weight, each in zip(self.weights, spread, strict=True))
        return Logistic(weights, tuple(map(tuple, narrowed)))


def chance_of(weights: Sequence[float], features: Sequence[float]) -> float:
    """Give the chance that a case is wrong, between 0 and 1."""
    height = sum(map(mul, weights, features))
    return 1 / (1 + exp(-max(-_STEEPEST, min(_STEEPEST, height))))


def unlearnt(weights: Sequence[float], variance: float) -> Logistic:
    """Give what is held before the first case.

    Args:
        weights: which are taken for the most probable ones.
        variance: of each of them.
    """
    size = range(len(weights))
    return Logistic(tuple(weights), tuple(tuple(variance if row == column else 0.0 for column in size) for row in size))
