"""The bound in force: which questions may be served with an earlier answer, and which are to be asked. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from headchef.bound.logistic import chance_of

Choice = Literal["serve", "explore", "ask"]

STATISTIC = "agreement-1"
"""Names the features, the bands and how limits are worked out: bounds of another name are not to be read."""


@dataclass(frozen=True, slots=True)
class Band:
    """Guesses up to a height.

    Attributes:
        up_to: the highest guess that it takes.
        at_most: the share of these and all lower ones that is wrong at most; 1 where too little is known.
    """

    up_to: float
    at_most: float


@dataclass(frozen=True, slots=True)
class Bound:
    """What holds for the questions of a pool.

    Attributes:
        number: counts the bounds of the pool; 0 for the one that lets nothing be served.
        weights: by which features become a guess.
        bands: from the lowest guesses on, the last one up to 1.
    """

    number: int
    weights: tuple[float, ...]
    bands: tuple[Band, ...]

    def wrong(self, features: Sequence[float]) -> float:
        """Guess how probable it is that the nearest answer would be wrong; 1 where there is none.

        Args:
            features: as `headchef.bound.features` gives them.
        """
        return chance_of(self.weights, features) if features else 1.0

    def choose(self, features: Sequence[float], max_wrong: float, explore: float, draw: float) -> Choice:
        """Say what is to be done with a question.

        Args:
            features: as `headchef.bound.features` gives them.
            max_wrong: the share of served answers that may be wrong, 0 to 1.
            explore: the share of questions that could be served which are asked all the same, 0 to 1.
            draw: a number from 0 to 1, 1 excluded, that nothing in the question has any influence on.

        Returns:
            serve: with the nearest answer; explore: it could be, but is asked to learn; ask: it may not be served.
        """
        if not features or self.limit(self.wrong(features)) > max_wrong:
            return "ask"
        return "explore" if draw < explore else "serve"

    def limit(self, guess: float) -> float:
        """Give the share that is wrong at most of all that are served where such a guess is."""
        return next((band.at_most for band in self.bands if guess <= band.up_to), 1.0)
