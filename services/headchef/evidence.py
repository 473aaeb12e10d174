"""Says what is certain of a share, however often one looks: that it is above a limit, or how large it can be. Pure.

Each case is looked at when it comes, so a bound of confidence for one look (Wilson's, or Clopper and Pearson's) is no
measure: who looks often enough sees it broken by chance. What holds for all looks together is a bet, the ratio of
likelihoods in Wald's sequential test (Sequential Tests of Statistical Hypotheses, Annals of Mathematical Statistics 16,
1945): that of a rate whose odds are `o` times those of the limit `p`, against the limit itself,

    o ** bad / (1 + p * (o - 1)) ** cases

Where the limit is kept, whatever happened before, its mean after the next case is at most what it is before it; where
it is broken, the same holds of odds below 1. So do several such bets with equal stakes (Robbins, Statistical Methods
Related to the Law of the Iterated Logarithm, Annals of Mathematical Statistics 41, 1970), and by Ville's inequality
(Étude critique de la notion de collectif, 1939) the chance that it ever comes to 1 / r is at most r.
"""

from collections.abc import Sequence
from math import exp, log, log1p

RISK = 0.05
"""The chance that a batch which keeps its limit is paused all the same, sooner or later."""

_TIMES_THE_ODDS = (1.1, 1.25, 1.5, 2, 3, 5, 10, 30, 100, 1000)
"""From a little above the limit to nearly all: whichever is about right soon tells."""

_HALVINGS = 20
"""Which leaves shares a millionth too far out."""


def is_above(answers: int, bad: int, limit: float, risk: float = RISK) -> bool:
    """Say whether it is certain that a larger share than the limit is bad.

    Args:
        answers: how many came since one began to count.
        bad: how many of them are.
        limit: the share that is allowed, 0 to 1; no share is above 1.
        risk: the chance that this is ever said of a share that keeps the limit, above 0 and below 1.
    """
    bets = [bad * log(odds) - answers * log1p(limit * (odds - 1)) for odds in _TIMES_THE_ODDS]
    return log_mean(bets) >= -log(risk)


def interval(answers: int, bad: int) -> tuple[float, float]:
    """Give the shares that may be bad: all of them that are neither certainly too small nor certainly too large.

    The true share is outside, at whatever look, with a chance of `RISK` at most: half of it on each side.

    Args:
        answers: how many came since one began to count.
        bad: how many of them are.

    Returns:
        The smallest and the largest share, 0 to 1.
    """
    return _certainly_above(answers, bad), 1 - _certainly_above(answers, answers - bad)


def _certainly_above(answers: int, bad: int) -> float:
    low, high = 0.0, 1.0
    if not is_above(answers, bad, low, RISK / 2):
        return 0.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if is_above(answers, bad, middle, RISK / 2) else (low, middle)
    return low


def log_mean(logs: Sequence[float]) -> float:
    """Give the logarithm of the mean of numbers of which the logarithms are given, at least one."""
    most = max(logs)
    return most + log(sum(exp(each - most) for each in logs) / len(logs))
