"""Decides when a request for vectors may begin, by its endpoint's quota and by what the endpoint has said. Pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from math import inf

from headchef.meter import Meter

SOON_S = 1e-6
"""After a wait it is asked again: so much later, that rounding does not make it ask twice."""

_MOST_AT_ONCE = 8
"""Requests of a process where no limit is set: what is asked beyond gathers, and fills fewer requests."""

_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0
_LONGEST_HEEDED_S = 3600.0
"""A server that asks for more is asked once an hour all the same: a clock that is wrong must not end all likeness."""

_FORGETTING = 0.1
"""What the newest request counts in the mean."""


@dataclass(frozen=True, slots=True)
class EmbeddingQuota:
    """What an endpoint allows to all processes together; None for no limit.

    Attributes:
        requests_per_minute: from 1.
        tokens_per_minute: of texts, from 1.
        concurrency: requests at once, from 1.
    """

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrency: int | None = None


class EmbeddingLane:
    """The part of an endpoint's quota that belongs to the tasks of this process, and what it has used of that.

    Each task has an equal part of what flows in a minute, and of the places for requests at once those whose number
    leaves its own when divided by how many there are: so each place has one owner.

    Args:
        quota: of all processes together.
        now_s: the time, in seconds that never run back.
    """

    def __init__(self, quota: EmbeddingQuota, now_s: float) -> None:
        self._concurrency = quota.concurrency
        self._requests = None if quota.requests_per_minute is None else Meter(quota.requests_per_minute, now_s)
        self._tokens = None if quota.tokens_per_minute is None else Meter(quota.tokens_per_minute, now_s)
        self._places = 0
        self._at_once = 0
        self._paused_until_s = -inf
        self._refusals = 0
        self._tokens_a_piece = 1.0

    @property
    def places(self) -> int:
        """Give how many requests may go on at once here."""
        return _MOST_AT_ONCE if self._concurrency is None else self._places

    def own(self, tasks: Collection[int], of: int, now_s: float) -> None:
        """Own these tasks from now on, of so many that share the quota; what is gained begins empty."""
        for meter in self._meters():
            meter.own(len(tasks), of, now_s)
        if self._concurrency is not None:
            self._places = sum(len(range(task, self._concurrency, of)) for task in tasks)

    def tokens_of(self, pieces: int) -> float:
        """Estimate the tokens of a text, from its pieces and from what others came to."""
        return pieces * self._tokens_a_piece

    def paused(self, now_s: float) -> bool:
        """Say whether the endpoint has asked to wait."""
        return now_s < self._paused_until_s

    def wait_s(self, tokens: float, now_s: float) -> float | None:
        """Give the seconds until a request may begin: 0 for now, None where that depends on others, or on tasks.

        Args:
            tokens: that it is taken to use.
            now_s: the time.
        """
        if self._at_once >= self.places:
            return None
        waits = [self._paused_until_s - now_s, 0.0]
        for meter, amount in ((self._requests, 1.0), (self._tokens, tokens)):
            if meter is None:
                continue
            wait_s = meter.wait_s(amount, now_s)
            if wait_s is None:
                return None
            waits.append(wait_s)
        return max(waits)

    def tokens_at_hand(self, now_s: float) -> float:
        """Give how many tokens a request may use that begins now. One text alone may use more, and leaves a debt."""
        return inf if self._tokens is None else self._tokens.level(now_s)

    def take(self, tokens: float, now_s: float) -> None:
        """Begin a request."""
        self._at_once += 1
        if self._requests is not None:
            self._requests.take(1.0, now_s)
        if self._tokens is not None:
            self._tokens.take(tokens, now_s)

    def end(self) -> None:
        """End a request, whatever came of it."""
        self._at_once -= 1

    def answered(self, pieces: int, held: float, used: int | None, now_s: float) -> None:
        """Note that a request was answered.

        Args:
            pieces: of its texts.
            held: tokens that it was taken to use.
            used: tokens, as the endpoint has counted them; None where it does not say.
            now_s: the time.
        """
        self._refusals = 0
        if used is None:
            return
        if self._tokens is not None:
            self._tokens.take(used - held, now_s)
        if pieces:
            self._tokens_a_piece += _FORGETTING * (used / pieces - self._tokens_a_piece)

    def refused(self, retry_after_s: float | None, now_s: float) -> None:
        """Note that a request was refused for want of quota: nothing is left, whatever was reckoned.

        Args:
            retry_after_s: that the endpoint asks to wait; None where it does not say: then each time twice as long.
            now_s: the time.
        """
        if retry_after_s is None:
            if self.paused(now_s):
                # It began before the first of them was refused, and says nothing new.
                return
            retry_after_s = min(_FIRST_PAUSE_S * 2.0**self._refusals, _LONGEST_PAUSE_S)
            self._refusals = min(self._refusals + 1, 10)
        self._paused_until_s = max(self._paused_until_s, now_s + min(retry_after_s, _LONGEST_HEEDED_S))
        for meter in self._meters():
            meter.refused(now_s)

    def _meters(self) -> Iterator[Meter]:
        yield from (meter for meter in (self._requests, self._tokens) if meter is not None)
