"""What is learnt of a pool of questions, in a state of constant size. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from headchef.bound.bound import STATISTIC, Band, Bound
from headchef.bound.logistic import Logistic, unlearnt
from headchef.bound.neighbours import FEATURES
from headchef.bound.tally import Tally, at_most, together

RISK = 0.05
"""The chance that the promise is ever broken, for the labelled questions of one bound after the other."""

EDGES = (0.001, 0.002, 0.004, 0.008, 0.015, 0.03, 0.05, 0.08, 0.12, 0.18, 0.25, 0.35, 1.0)
"""The highest guess of each band."""

FEWEST = 30
"""Labels before anything is said."""

_BEFORE = (9.0, 0.0, 0.0, 0.0, 0.0, 0.0)
"""All that is asked first is taken for wrong."""

_VARIANCE = 20.0
_MORE = 0.05
"""A new bound is made when there are so many more labels."""


@dataclass(frozen=True, slots=True)
class Label:
    """What came out where a question was asked that could have been answered by the nearest one's answer.

    Attributes:
        features: as they were when the question came.
        wrong_guess: the guess that was made of them then, by the bound that was in force.
        wrong: whether the nearest one's answer would have been wrong.
        explored: whether it could have been served, and was asked to learn.
        explore: the share of such questions that were asked; it counts only where `explored`.
    """

    features: tuple[float, ...]
    wrong_guess: float
    wrong: bool
    explored: bool = False
    explore: float = 1.0


@dataclass(frozen=True, slots=True)
class Pool:
    """All that is remembered of a pool.

    Attributes:
        model: makes guesses.
        tallies: of the labels by band.
        labels: how many there are.
        wrong: of them, those where the nearest answer would have been wrong.
        least: the smallest share that was looked at so far; 1 before anything was served.
        said: the bound that is in force.
        said_at: how many labels there were when it was made.
    """

    model: Logistic
    tallies: tuple[Tally, ...]
    labels: int
    wrong: int
    least: float
    said: Bound
    said_at: int

    def bound(self) -> Bound:
        """Give the bound in force; one that differs has another number."""
        return self.said

    def learn(self, label: Label) -> "Pool":
        """Take a label into account.

        Raises:
            ValueError: its features are not those that guesses are made from here.
        """
        if len(label.features) != FEATURES:
            raise ValueError(f"`features` must have {FEATURES} numbers, and has {len(label.features)}")
        share = label.explore if label.explored else 1.0
        band = band_of(label.wrong_guess)
        # The weight must not depend on what comes out: the smallest share is the one of before this label.
        counted = self.tallies[band].counted(min(1.0, self.least / share), label.wrong)
        learnt = replace(
            self,
            model=self.model.learn(label.features, label.wrong),
            tallies=(*self.tallies[:band], counted, *self.tallies[band + 1 :]),
            labels=self.labels + 1,
            wrong=self.wrong + label.wrong,
            least=min(self.least, share),
        )
        return learnt._said_anew() if learnt._is_due(label) else learnt

    def found_wrong(self, wrong_guess: float) -> "Pool":
        """Take into account that an answer which was served was wrong: it was refused, or a person has said so.

        Such news come of wrong answers only, and one that is looked at by chance may stand for the same: it counts as
        an error without a question, so that the bound is never the wider for it.

        Args:
            wrong_guess: the guess that was made when it was served.
        """
        band = band_of(wrong_guess)
        tallies = (*self.tallies[:band], self.tallies[band].found_wrong(self.least), *self.tallies[band + 1 :])
        return replace(self, tallies=tallies)._said_anew()

    def written(self) -> bytes:
        """Give it as it is stored."""
        return json.dumps(
            [
                STATISTIC,
                [self.model.weights, self.model.covariance],
                [[each.weight, *each.losses] for each in self.tallies],
                [self.labels, self.wrong, self.least],
                [self.said.number, self.said.weights, [each.at_most for each in self.said.bands], self.said_at],
            ],
            separators=(",", ":"),
        ).encode()

    def _is_due(self, label: Label) -> bool:
        if self.labels < FEWEST:
            return False
        opened = self.said.limit(label.wrong_guess) < 1.0
        return (label.wrong and opened) or self.labels >= self.said_at * (1 + _MORE)

    def _said_anew(self) -> "Pool":
        limits = _limits(self.tallies)
        bands = tuple(Band(edge, limit) for edge, limit in zip(EDGES, limits, strict=True))
        said = Bound(self.said.number + 1, self.model.weights, bands)
        return replace(self, said=said, said_at=self.labels)


def new_pool() -> Pool:
    """Give a pool of which nothing is known: its bound lets nothing be served."""
    nothing = Bound(0, _BEFORE, tuple(Band(edge, 1.0) for edge in EDGES))
    return Pool(unlearnt(_BEFORE, _VARIANCE), (Tally(),) * len(EDGES), 0, 0, 1.0, nothing, 0)


def read_pool(value: bytes) -> Pool:
    """Read what `Pool.written` gave.

    Raises:
        ValueError: it was written by another version of this.
    """
    statistic, (weights, covariance), tallies, (labels, wrong, least), (number, by, limits, said_at) = json.loads(value)
    if statistic != STATISTIC:
        raise ValueError(f"a pool of the statistic {statistic!r} is not to be read as one of {STATISTIC!r}")
    return Pool(
        model=Logistic(tuple(weights), tuple(covariance)),
        tallies=tuple(Tally(weight, tuple(losses)) for weight, *losses in tallies),
        labels=labels,
        wrong=wrong,
        least=least,
        said=Bound(number, tuple(by), tuple(Band(edge, limit) for edge, limit in zip(EDGES, limits, strict=True))),
        said_at=said_at,
    )


def band_of(guess: float) -> int:
    """Give the number of the band that a guess falls into, from 0 on."""
    return next(number for number, edge in enumerate(EDGES) if guess <= edge)


def _limits(tallies: Sequence[Tally]) -> list[float]:
    """Give for each band the share that is wrong at most: the lowest of all choices that it is in."""
    up_to = accumulate(tallies, lambda one, other: together((one, other)))
    limits = [at_most(each, RISK / len(EDGES)) for each in up_to]
    return list(accumulate(reversed(limits), min))[::-1]
