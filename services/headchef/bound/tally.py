"""The labels of one kind of question, and the share of it that is wrong at most, however often one looks. Pure.

A label stands for `1 / share` questions where only that share of them is looked at. With the weight
`r = smallest share / share` of each, and for any stake `s` from 0 to 1,

    product of (1 - s * r) over the wrong ones  *  exp(s * m * sum of all r)

does not grow on average while the weighted mean `m` of the chances to be wrong is at least `m`: each factor
`(1 - s * r * wrong)` has the mean `1 - s * r * chance <= exp(-s * r * chance)`, whatever happened before, so neither a
model that moves nor one answer that is reused often breaks it. Such bets on what was seen of some only are those of
Waudby-Smith, Wu, Ramdas, Karampatziakis and Mineiro (Anytime-valid off-policy inference for contextual bandits,
arXiv 2210.10768, 2022). With several stakes at once it is a mixture (Robbins, 1970; Howard, Ramdas, McAuliffe and
Sekhon, Time-uniform, nonparametric, nonasymptotic confidence sequences, Annals of Statistics 49, 2021), and by Ville's
inequality the chance that it ever comes to `1 / risk` is at most `risk`. The share at which it does is the limit.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import log1p

from headchef.evidence import log_mean

STAKES = (0.999, 0.9, 0.7, 0.5, 0.35, 0.22, 0.13)
"""Large ones tell soonest where hardly any is wrong, small ones where many are."""


@dataclass(frozen=True, slots=True)
class Tally:
    """So many labels.

    Attributes:
        weight: sum of their weights.
        losses: what the wrong ones have cost each stake, as logarithms, 0 or below.
    """

    weight: float = 0.0
    losses: tuple[float, ...] = (0.0,) * len(STAKES)

    def counted(self, weight: float, wrong: bool) -> "Tally":
        """Count a label.

        Args:
            weight: of it, above 0 and at most 1.
            wrong: whether the answer would have been.
        """
        return Tally(self.weight + weight, self.found_wrong(weight).losses if wrong else self.losses)

    def found_wrong(self, weight: float) -> "Tally":
        """Count an error that was found by other means than a look at a share of all: nothing speaks for it."""
        losses = tuple(loss + log1p(-stake * weight) for loss, stake in zip(self.losses, STAKES, strict=True))
        return Tally(self.weight, losses)

    def absolved(self, weight: float) -> "Tally":
        """Take back that a label was counted as wrong, which counts as right now.

        Args:
            weight: with which it was counted.
        """
        losses = tuple(loss - log1p(-stake * weight) for loss, stake in zip(self.losses, STAKES, strict=True))
        return Tally(self.weight, tuple(min(0.0, loss) for loss in losses))


def together(tallies: Iterable[Tally]) -> Tally:
    """Put the labels of several kinds of question together."""
    weight, losses = 0.0, (0.0,) * len(STAKES)
    for each in tallies:
        weight += each.weight
        losses = tuple(map(float.__add__, losses, each.losses))
    return Tally(weight, losses)


def evidence(tally: Tally, share: float) -> float:
    """Give the logarithm of what speaks against so many being wrong, or more.

    Args:
        tally: the labels.
        share: of questions whose answer is wrong, 0 to 1.
    """
    most = share * tally.weight
    return log_mean([loss + stake * most for loss, stake in zip(tally.losses, STAKES, strict=True)])
