"""Notices that what is served has become worse than its bound says, however long all went well before. Pure.

Beside a long good history, new errors weigh little; so they are also held against the limit alone, in sums that never
fall below nothing (Page, Continuous Inspection Schemes, Biometrika 41, 1954). Each label moves such a sum by the
logarithm of a bet on a larger share, as in `headchef.evidence`; while the share stays within what is taken for true,
the bets that were begun at all labels so far have together a mean of at most as many as there are labels, so a false
alarm comes at most once in `LOOKS` labels on average (Shin, Ramdas and Rinaldo, E-detectors, arXiv 2203.03532, 2022).
"""

from dataclasses import dataclass
from math import log, log1p

LOOKS = 2000.0
"""Labels between two false alarms, on average and at least."""

_TIMES_THE_ODDS = (2.0, 5.0, 20.0)

_SLACK = 2.0
"""The limit is that of all bands up to one; in the highest of them more may be wrong."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How much speaks for a change.

    Attributes:
        sums: logarithms, 0 or above, one for each bet.
    """

    sums: tuple[float, ...] = (0.0,) * len(_TIMES_THE_ODDS)

    def looked(self, wrong: bool, limit: float) -> "Drift":
        """Take note of an answer that could have been served, and was looked at by chance.

        Args:
            wrong: whether it would have been.
            limit: the share that was thought to be wrong at most, 0 to 1.
        """
        taken = min(1.0, _SLACK * limit)
        return self._moved([wrong * log(odds) - log1p(taken * (odds - 1)) for odds in _TIMES_THE_ODDS])

    def found_wrong(self, weight: float) -> "Drift":
        """Take note of an error that was found by other means.

        Args:
            weight: of it beside one that was looked at by chance, 0 to 1.
        """
        return self._moved([weight * log(odds) for odds in _TIMES_THE_ODDS])

    @property
    def alarm(self) -> bool:
        """Whether it is to be taken for certain."""
        return max(self.sums) >= log(LOOKS * len(_TIMES_THE_ODDS))

    def _moved(self, steps: list[float]) -> "Drift":
        return Drift(tuple(max(0.0, each + step) for each, step in zip(self.sums, steps, strict=True)))
