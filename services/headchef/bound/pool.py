"""What is learnt of a pool of questions, in a state of constant size. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from headchef.bound.bound import STATISTIC, Band, Bound
from headchef.bound.drift import Drift
from headchef.bound.limits import EDGES, band_of, limits_of
from headchef.bound.logistic import Logistic, unlearnt
from headchef.bound.neighbours import FEATURES
from headchef.bound.tally import Tally

_BEFORE = (9.0, 0.0, 0.0, 0.0, 0.0, 0.0)
"""All that is asked first is taken for wrong."""

_VARIANCE = 20.0
_EACH, _MORE = 25, 0.02
"""A new bound is made after so many labels, or where that is more, after this share of those that there are."""

_FORGIVEN = 1.002
"""By how much the smallest share that is looked at grows with each label: it may have been one job's only."""

_NO_TALLIES = (Tally(),) * len(EDGES)


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
class Suspect:
    """A label that is counted as wrong for as long as nobody has said what it is.

    Attributes:
        band: the number of the one in which it is counted.
        weight: with which it is.
    """

    band: int
    weight: float


@dataclass(frozen=True, slots=True)
class Pool:
    """All that is remembered of a pool.

    Attributes:
        model: makes guesses.
        tallies: of the labels by band, since the last alarm.
        drift: what speaks for the next one.
        labels: how many there are in all.
        wrong: of them, those where the nearest answer would have been wrong.
        least: about the smallest share that is looked at where answers are served; 1 while none are.
        said: the bound that is in force.
        said_at: how many labels there were when it was made.
        suspects: labels that nobody has decided yet, by their names; those from before the last alarm are not counted.
    """

    model: Logistic
    tallies: tuple[Tally, ...]
    drift: Drift
    labels: int
    wrong: int
    least: float
    said: Bound
    said_at: int
    suspects: Mapping[str, Suspect] = field(default_factory=dict)

    def bound(self) -> Bound:
        """Give the bound in force; one that differs has another number."""
        return self.said

    def learn(self, label: Label) -> "Pool":
        """Take a label into account.

        Raises:
            ValueError: its features are not those that guesses are made from here.
        """
        _check(label)
        band, weight = self._place_of(label)
        tallies = self._with(band, self.tallies[band].counted(weight, label.wrong))
        return replace(self, tallies=tallies, least=self._least_with(label))._knowing(label)

    def suspect(self, name: str, label: Label) -> "Pool":
        """Count a label as wrong until it is decided. Right ones come at once, where words say so, and wrong ones late.

        Whoever counted only what is decided would for a while, or where decisions are lost for ever, count right ones
        alone. As the factors of the evidence can be multiplied in any order, it is at each moment no more than it would
        be if all was known.

        Args:
            name: tells it from others.
            label: whether it is wrong is not looked at.

        Raises:
            ValueError: its features are not those that guesses are made from here.
        """
        _check(label)
        band, weight = self._place_of(label)
        return replace(
            self,
            tallies=self._with(band, self.tallies[band].counted(weight, wrong=True)),
            least=self._least_with(label),
            suspects={**self.suspects, name: Suspect(band, weight)},
        )

    def decide(self, name: str, label: Label) -> "Pool":
        """Take into account what a label is that was suspected.

        Args:
            name: as it was then.
            label: as it was then, and whether it is wrong.

        Raises:
            ValueError: its features are not those that guesses are made from here.
        """
        _check(label)
        suspects = dict(self.suspects)
        tallies, known = self.tallies, suspects.pop(name, None)
        if known is not None and not label.wrong:
            tallies = self._with(known.band, tallies[known.band].absolved(known.weight))
        return replace(self, tallies=tallies, suspects=suspects)._knowing(label)

    def found_wrong(self, wrong_guess: float) -> "Pool":
        """Take into account that an answer which was served was wrong: it was refused, or a person has said so.

        Such news come of wrong answers only, and one that is looked at by chance may stand for the same: it counts as
        an error without a question, so that the bound is never the wider for it.

        Args:
            wrong_guess: the guess that was made when it was served.
        """
        band = band_of(wrong_guess)
        tallies = self._with(band, self.tallies[band].found_wrong(self.least))
        told = replace(self, tallies=tallies, drift=self.drift.found_wrong(self.least))
        return told._beginning_anew() if told.drift.alarm else told._said_anew()

    def written(self) -> bytes:
        """Give it as it is stored."""
        return json.dumps(
            [
                STATISTIC,
                [self.model.weights, self.model.covariance],
                [[each.weight, *each.losses] for each in self.tallies],
                self.drift.sums,
                [self.labels, self.wrong, self.least],
                [self.said.number, self.said.weights, [each.at_most for each in self.said.bands], self.said_at],
                *([{name: [each.band, each.weight] for name, each in self.suspects.items()}] if self.suspects else []),
            ],
            separators=(",", ":"),
        ).encode()

    def _knowing(self, label: Label) -> "Pool":
        """Learn from a label that is counted already, and say anew what holds where it is time."""
        drift = self.drift.looked(label.wrong, self.said.limit(label.wrong_guess)) if label.explored else self.drift
        learnt = replace(
            self,
            model=self.model.learn(label.features, label.wrong),
            drift=drift,
            labels=self.labels + 1,
            wrong=self.wrong + label.wrong,
        )
        if learnt.drift.alarm:
            return learnt._beginning_anew()
        return learnt._said_anew() if learnt._is_due() else learnt

    def _place_of(self, label: Label) -> tuple[int, float]:
        """Give the band of a label, and its weight; that must not depend on what comes out, so it is of before it."""
        return band_of(label.wrong_guess), min(1.0, self.least / _share_of(label))

    def _least_with(self, label: Label) -> float:
        return min(_share_of(label), self.least * _FORGIVEN)

    def _with(self, band: int, tally: Tally) -> tuple[Tally, ...]:
        return (*self.tallies[:band], tally, *self.tallies[band + 1 :])

    def _is_due(self) -> bool:
        return self.labels - self.said_at >= max(_EACH, _MORE * self.labels)

    def _beginning_anew(self) -> "Pool":
        """Forget what was counted, and how certain the weights were: nothing is served until it is earned again."""
        model = unlearnt(self.model.weights, _VARIANCE)
        return replace(self, model=model, tallies=_NO_TALLIES, drift=Drift(), suspects={})._said_anew()

    def _said_anew(self) -> "Pool":
        bands = tuple(Band(edge, limit) for edge, limit in zip(EDGES, limits_of(self.tallies), strict=True))
        return replace(self, said=Bound(self.said.number + 1, self.model.weights, bands), said_at=self.labels)


def _share_of(label: Label) -> float:
    return label.explore if label.explored else 1.0


def _check(label: Label) -> None:
    if len(label.features) != FEATURES:
        raise ValueError(f"`features` must have {FEATURES} numbers, and has {len(label.features)}")


def new_pool() -> Pool:
    """Give a pool of which nothing is known: its bound lets nothing be served."""
    nothing = Bound(0, _BEFORE, tuple(Band(edge, 1.0) for edge in EDGES))
    return Pool(unlearnt(_BEFORE, _VARIANCE), _NO_TALLIES, Drift(), 0, 0, 1.0, nothing, 0)


def read_pool(value: bytes) -> Pool:
    """Read what `Pool.written` gave.

    Raises:
        ValueError: it was written by another version of this.
    """
    statistic, *rest = json.loads(value)
    if statistic != STATISTIC:
        raise ValueError(f"a pool of the statistic {statistic!r} is not to be read as one of {STATISTIC!r}")
    (weights, covariance), tallies, sums, (labels, wrong, least), (number, by, limits, said_at), *suspects = rest
    return Pool(
        model=Logistic(tuple(weights), tuple(map(tuple, covariance))),
        tallies=tuple(Tally(weight, tuple(losses)) for weight, *losses in tallies),
        drift=Drift(tuple(sums)),
        labels=labels,
        wrong=wrong,
        least=least,
        said=Bound(number, tuple(by), tuple(Band(edge, limit) for edge, limit in zip(EDGES, limits, strict=True))),
        said_at=said_at,
        suspects={name: Suspect(*each) for found in suspects for name, each in found.items()},
    )
