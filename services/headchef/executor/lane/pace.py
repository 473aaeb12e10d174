"""Finds out how many calls at once are good, where the provider states no limit. Pure: the time is an argument.

It grows while nothing speaks against it, and draws back from what does: several refusals, or answers that take twice
as long a token as they do at half the load. A server of one's own says only the last: it refuses nothing, and
queues.
"""

from collections import defaultdict, deque
from collections.abc import Mapping
from math import inf
from statistics import median
from typing import NamedTuple

from headchef.executor.provider import Answered, Reply

FIRST = 8
"""Calls at once in the beginning."""

SLOWER = 2.0
"""So many times as long a token is too much. Less would take chance for a queue: calls differ by as much."""

QUICK_S = 2.0
"""Answers that mostly come within this are quick enough, however quick they were: it is this process that is slower."""

_ROUND = 24
"""Answers that are looked at together, or as many as there are calls at once."""

_ROUNDS_TO_REST = 30
"""After so many a round goes by at half the load, which tells what a token takes where nothing queues."""

_RESTS = 3
"""The best of so many counts: somebody else may be at it in one of them."""

_FEWEST = 8
"""Answers of a model from which it is told how long a token of it takes."""

_REFUSED, _REFUSED_SHARE = 3, 0.1
"""So many refusals in a round, and as large a share of it, are no chance: gateways fail now and then at any load."""

_FASTER = 1.5
_LESS = 0.9
_ROUNDS_BELOW = 10
"""Where a limit was met, it is met again after so many rounds just below it: in the mean 97 % of it is used."""

_SHORTEST_S = 0.001
_FEWEST_TOKENS = 20
"""A shorter answer counts as one of so many: most of what it takes is not for its tokens."""


_OVERLOADED = frozenset({"rate_limited", "server_error", "timeout"})
"""What calls come to where there are too many of them."""


class _Answer(NamedTuple):
    model: str
    took_s: float
    token_s: float


class Pace:
    """The limit of calls at once for one process.

    Args:
        most: that there may ever be.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(min(FIRST, most))
        self._met = inf
        self._below = 0
        self._doubling = True
        self._changed_s = -inf
        self._rounds = 0
        self._resting_from: float | None = None
        self._round: list[_Answer] = []
        self._refused = 0
        self._best: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_RESTS))

    @property
    def limit(self) -> int:
        """Give how many calls there may be at once, at least 1."""
        return max(1, int(self._limit))

    def heed(self, model: str, began_s: float, reply: Reply, at_once: int, now_s: float) -> None:
        """Note what came of a call.

        Args:
            model: that was asked.
            began_s: when it began.
            reply: what came of it.
            at_once: calls that were going on.
            now_s: the time.
        """
        if isinstance(reply, Answered):
            if reply.usage is not None:
                self.answered(model, began_s, now_s, reply.usage.output_tokens, at_once)
        elif reply.outcome in _OVERLOADED:
            self.failed(began_s, now_s)

    def failed(self, began_s: float, now_s: float) -> None:
        """Note that a call was refused, or failed as calls do where there are too many."""
        if began_s < self._changed_s:
            # It began under a limit that is not in force any more.
            return
        self._refused += 1
        if self._refused < max(_REFUSED, _REFUSED_SHARE * self.limit):
            return
        self._met, self._below, self._doubling = self.limit, 0, False
        self._set(self._limit * _LESS, now_s)

    def answered(self, model: str, began_s: float, now_s: float, output_tokens: int, at_once: int) -> None:
        """Note that a call was answered.

        Args:
            model: that was asked: each has its own speed.
            began_s: when it began.
            now_s: the time.
            output_tokens: of the answer.
            at_once: calls that were going on.
        """
        if began_s < self._changed_s or at_once < 0.8 * self._limit - 1:
            # What was not made use of says nothing of the limit.
            return
        took_s = max(now_s - began_s, _SHORTEST_S)
        self._round.append(_Answer(model, took_s, took_s / max(output_tokens, _FEWEST_TOKENS)))
        if len(self._round) >= max(_ROUND, self.limit):
            self._judge(now_s)

    def _judge(self, now_s: float) -> None:
        self._rounds += 1
        times = self._times()
        resting, self._resting_from = self._resting_from, None
        for model, time_s in times.items():
            if resting is not None or model not in self._best:
                self._best[model].append(time_s)
        if resting is not None:
            self._set(resting, now_s)
            return
        slower = self._slower()
        if slower > SLOWER:
            self._doubling = False
            self._set(self._limit * max(0.5, 0.95 * SLOWER / slower), now_s)
        else:
            self._set(self._larger(), now_s)
        if self._rounds % _ROUNDS_TO_REST == 0:
            self._resting_from = self._limit
            self._set(self._limit / 2, now_s)

    def _times(self) -> Mapping[str, float]:
        """Give what a token took in this round, of each model that was asked often enough."""
        times: defaultdict[str, list[float]] = defaultdict(list)
        for answer in self._round:
            times[answer.model].append(answer.token_s)
        return {model: median(each) for model, each in times.items() if len(each) >= _FEWEST}

    def _slower(self) -> float:
        """Give how many times as long as at its best a token took in this round."""
        if median(answer.took_s for answer in self._round) < QUICK_S:
            return 1.0
        known = [answer.token_s / min(self._best[answer.model]) for answer in self._round if answer.model in self._best]
        return median(known) if known else 1.0

    def _larger(self) -> float:
        """Grow fast until something is met, then by one, and wait a while before it is met again."""
        if self._doubling:
            return self._limit * _FASTER
        if self._limit <= self._met < self._limit + 1 and self._below < _ROUNDS_BELOW:
            self._below += 1
            return self._limit
        self._below = 0
        if self._limit >= self._met:
            # There is more room than there was.
            self._met, self._doubling = inf, True
        return self._limit + 1

    def _set(self, limit: float, now_s: float) -> None:
        self._limit = min(max(limit, 1.0), self._most)
        self._changed_s = now_s
        self._round.clear()
        self._refused = 0
