"""How probable it is that a nearest answer would be wrong: a logistic regression that learns case by case. Pure.

The weights are normally distributed, as far as is known of them. A case moves their mean by one step of Newton's method
and narrows them by its Fisher information: Laplace's approximation, made anew at each case (Spiegelhalter and
Lauritzen, Sequential Updating of Conditional Probabilities on Directed Graphical Structures, Networks 20, 1990). The
matrix is that of covariances, so that nothing has to be inverted (Sherman and Morrison, 1950).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

_STEEPEST = 30.0


@dataclass(frozen=True, slots=True)
class Logistic:
    """What has been learnt.

    Attributes:
        weights: the most probable ones, by feature.
        covariance: of the weights, row by row.
    """

    weights: tuple[float, ...]
    covariance: tuple[float, ...]

    def learn(self, features: Sequence[float], wrong: bool) -> "Logistic":
        """Take a case into account.

        Args:
            features: as many as there are weights.
            wrong: what it turned out to be.
        """
        size = len(self.weights)
        chance = chance_of(self.weights, features)
        spread = [
            sum(self.covariance[row * size + column] * features[column] for column in range(size))
            for row in range(size)
        ]
        doubt = chance * (1 - chance)
        shrink = doubt / (1 + doubt * sum(map(float.__mul__, spread, features)))
        covariance = tuple(
            self.covariance[row * size + column] - shrink * spread[row] * spread[column]
            for row in range(size)
            for column in range(size)
        )
        # What the narrowed matrix makes of the features: one step of Newton's.
        step = (wrong - chance) * (1 - shrink * sum(map(float.__mul__, spread, features)))
        weights = tuple(weight + step * each for weight, each in zip(self.weights, spread, strict=True))
        return Logistic(weights, covariance)


def chance_of(weights: Sequence[float], features: Sequence[float]) -> float:
    """Give the chance that a case is wrong, between 0 and 1."""
    height = sum(weight * feature for weight, feature in zip(weights, features, strict=True))
    return 1 / (1 + exp(-max(-_STEEPEST, min(_STEEPEST, height))))


def unlearnt(weights: Sequence[float], variance: float) -> Logistic:
    """Give what is held before the first case.

    Args:
        weights: which are taken for the most probable ones.
        variance: of each of them.
    """
    size = len(weights)
    return Logistic(
        tuple(weights), tuple(variance if row == column else 0.0 for row in range(size) for column in range(size))
    )
