"""vCache's decision, from its paper: Schroeder et al., vCache: Verified Semantic Prompt Caching, arXiv 2502.03771.

Each stored question learns by itself how near another has to be: the chance that its answer is right is a logistic
function of the score, fitted to what has come out with it. Its threshold is known within what the delta method says of
it, so with `e` for the chance that it is not, at least `a = (1 - e) * L(score)` of the answers are right; whoever asks
a model with the chance `1 - max_wrong / (1 - a)` is wrong with at most `max_wrong` of ALL requests, those that were
asked included. The smallest such chance over several `e` is taken, after six observations.

Ours where the paper says nothing: the fit begins with one wrong answer at score 0 and one right one at score 1, and
with a little weight against steep functions, as few observations can often be told apart exactly; a question that was
asked is stored if its answer differs from that of the nearest one, so that observations come together at few of them.
"""

from dataclasses import dataclass, field
from math import exp, sqrt
from statistics import NormalDist

_FEWEST = 6
_DOUBTS = tuple((doubt, NormalDist().inv_cdf(1 - doubt)) for doubt in (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4))
_STEPS = 12
_AGAINST_STEEP = 1e-4
_STEEPEST = 30.0


@dataclass(slots=True)
class _Entry:
    observed: list[tuple[float, bool]] = field(default_factory=lambda: [(0.0, False), (1.0, True)])
    fit: tuple[float, float, float] | None = None
    """Threshold, slope, and the threshold's standard deviation."""


@dataclass(slots=True)
class VCache:
    """Learns at each stored question.

    Args:
        max_wrong: the share of all requests that may be wrong.
    """

    max_wrong: float
    _entries: dict[int, _Entry] = field(default_factory=dict)

    def is_served(self, nearest: int, score: float, draw: float) -> bool:
        """Say whether the nearest question's answer is given, or a model asked.

        Args:
            nearest: the number of that question.
            score: of it.
            draw: a number from 0 to 1, by chance.
        """
        entry = self._entries.setdefault(nearest, _Entry())
        if len(entry.observed) - 2 < _FEWEST:
            return False
        if entry.fit is None:
            entry.fit = _fitted(entry.observed)
        threshold, slope, spread = entry.fit
        asked = 1.0
        for doubt, quantile in _DOUBTS:
            right = (1 - doubt) * _logistic(slope * (score - threshold - quantile * spread))
            asked = min(asked, 1 - self.max_wrong / (1 - right) if right < 1 - self.max_wrong else 0.0)
        return draw >= asked

    def learn(self, nearest: int, score: float, right: bool) -> None:
        """Take note of what a model's answer was."""
        entry = self._entries.setdefault(nearest, _Entry())
        entry.observed.append((score, right))
        entry.fit = None


def _logistic(height: float) -> float:
    return 1 / (1 + exp(-max(-_STEEPEST, min(_STEEPEST, height))))


def _fitted(observed: list[tuple[float, bool]]) -> tuple[float, float, float]:
    """Find threshold and slope by Newton's method, and by the delta method how well the threshold is known."""
    level, slope = -5.0, 10.0
    a = b = c = determinant = 1.0
    for _ in range(_STEPS):
        up, along = 0.0, -_AGAINST_STEEP * slope
        a, b, c = 1e-9, 0.0, _AGAINST_STEEP
        for score, right in observed:
            chance = _logistic(level + slope * score)
            doubt = chance * (1 - chance)
            up += right - chance
            along += (right - chance) * score
            a, b, c = a + doubt, b + doubt * score, c + doubt * score * score
        determinant = a * c - b * b
        level += max(-5.0, min(5.0, (c * up - b * along) / determinant))
        slope += max(-5.0, min(5.0, (a * along - b * up) / determinant))
    slope = max(slope, 1e-3)
    threshold = -level / slope
    # The derivatives of the threshold; the covariance of level and slope is the inverse of (a b; b c).
    by_level, by_slope = -1 / slope, level / slope**2
    variance = (by_level**2 * c - 2 * by_level * by_slope * b + by_slope**2 * a) / determinant
    return threshold, slope, sqrt(max(variance, 0.0))
