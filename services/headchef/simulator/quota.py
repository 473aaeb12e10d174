"""The quota of a simulated account: requests, tokens and calls at once, counted as providers count them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from headchef.runtime.clock import Clock
from headchef.simulator.bill import Tokens
from headchef.simulator.dialects.port import Refused, Resource, Standing
from headchef.simulator.settings import Quota

MINUTE_S = 60.0
_NAMES: Mapping[Resource, str] = {
    "requests": "requests",
    "tokens": "tokens",
    "input_tokens": "input tokens",
    "output_tokens": "output tokens",
}


class Meter(Protocol):
    """What is left of one resource. Times are seconds of a clock that never runs back."""

    @property
    def most(self) -> float:
        """Give what can be there at once."""
        ...

    def left(self, now_s: float) -> float:
        """Give what is left; less than 0 where more was used than there was."""
        ...

    def take(self, amount: float, now_s: float) -> None:
        """Take some, or give some back."""
        ...

    def wait_s(self, amount: float, now_s: float) -> float:
        """Give the seconds until so much is there."""
        ...


class Bucket:
    """A bucket that fills all the time, as Anthropic has it.

    Args:
        a_minute: what flows in.
        most: what it holds; it begins full.
        now_s: the time.
    """

    def __init__(self, a_minute: float, most: float, now_s: float) -> None:
        self.most = most
        self._a_second = a_minute / MINUTE_S
        self._left, self._at_s = most, now_s

    def left(self, now_s: float) -> float:
        """Give what is left."""
        return min(self.most, self._left + (now_s - self._at_s) * self._a_second)

    def take(self, amount: float, now_s: float) -> None:
        """Take some, or give some back."""
        self._left, self._at_s = self.left(now_s) - amount, now_s

    def wait_s(self, amount: float, now_s: float) -> float:
        """Give the seconds until so much is there."""
        return max(0.0, (amount - self.left(now_s)) / self._a_second)


class Window:
    """A count that begins anew with each span of time, wherever it falls.

    Args:
        a_minute: the limit of a minute.
        span_s: how long one is.
    """

    def __init__(self, a_minute: float, span_s: float) -> None:
        self.most = a_minute * span_s / MINUTE_S
        self._span_s = span_s
        self._number, self._used = 0, 0.0

    def left(self, now_s: float) -> float:
        """Give what is left of the span."""
        return self.most - (self._used if self._number == self._span(now_s) else 0.0)

    def take(self, amount: float, now_s: float) -> None:
        """Take some, or give some back; what was taken of an earlier span is not given back to this one."""
        number = self._span(now_s)
        if number != self._number:
            self._number, self._used = number, 0.0
        self._used = max(0.0, self._used + amount)

    def wait_s(self, amount: float, now_s: float) -> float:
        """Give the seconds until so much is there."""
        return 0.0 if amount <= self.left(now_s) else (self._span(now_s) + 1) * self._span_s - now_s

    def _span(self, now_s: float) -> int:
        return int(now_s // self._span_s)


@dataclass(slots=True)
class Admission:
    """A call that was let in.

    Attributes:
        used: what it came to; None until it is known, and for good where it was not answered.
    """

    used: Tokens | None = None


class Account:
    """Lets calls in while the quota lasts.

    Requests count when they come. Of `tokens`, the input and the output limit are held from then on, and what was not
    used is given back, as OpenAI does. `input_tokens` counts what was not read from the cache, and `output_tokens` what
    was made, so that a call is let in if there is any left, as Anthropic does.

    Args:
        quota: the limits.
        now_s: the time.
    """

    def __init__(self, quota: Quota, now_s: float) -> None:
        self._concurrency = quota.concurrency
        self._refusals_count = quota.refusals_count
        self._going_on = 0
        limits: Mapping[Resource, int | None] = {
            "requests": quota.requests_per_minute,
            "tokens": quota.tokens_per_minute,
            "input_tokens": quota.input_tokens_per_minute,
            "output_tokens": quota.output_tokens_per_minute,
        }
        self._limits = {resource: limit for resource, limit in limits.items() if limit is not None}
        self._meters: dict[Resource, Meter] = {
            resource: Window(limit, quota.span_s)
            if quota.kind == "window"
            else Bucket(limit, limit * quota.span_s / MINUTE_S, now_s)
            for resource, limit in self._limits.items()
        }

    @contextmanager
    def admitted(self, input_tokens: int, limit: int, clock: Clock) -> Iterator[Admission]:
        """Let a call in, and count what it used when it is over.

        Args:
            input_tokens: of its prompt.
            limit: of its output, in tokens; 0 where it has none.
            clock: asked for the time at the beginning and at the end.

        Raises:
            Refused: the quota does not allow it now.
        """
        held: Mapping[Resource, float] = {
            "requests": 1,
            "tokens": input_tokens + limit,
            "input_tokens": input_tokens,
            "output_tokens": 0,
        }
        try:
            self._require(held, clock.monotonic())
        except Refused:
            if self._refusals_count and (requests := self._meters.get("requests")):
                requests.take(1, clock.monotonic())
            raise
        for resource, meter in self._meters.items():
            meter.take(held[resource], clock.monotonic())
        admission = Admission()
        self._going_on += 1
        try:
            yield admission
        finally:
            self._going_on -= 1
            used = _used(admission.used or Tokens(0, 0))
            for resource, meter in self._meters.items():
                meter.take(used[resource] - held[resource], clock.monotonic())

    def standings(self, now_s: float) -> tuple[Standing, ...]:
        """Say what is left of each resource."""
        return tuple(
            Standing(
                resource,
                self._limits[resource],
                max(0, int(meter.left(now_s))),
                meter.wait_s(meter.most, now_s),
            )
            for resource, meter in self._meters.items()
        )

    def _require(self, wanted: Mapping[Resource, float], now_s: float) -> None:
        if self._concurrency is not None and self._going_on >= self._concurrency:
            raise Refused("rate_limited", f"Too many calls at once: the limit is {self._concurrency}. [simulated]")
        for resource, meter in self._meters.items():
            # Of what is counted afterwards there must be some.
            amount = wanted[resource] or 1
            if amount > meter.left(now_s):
                limit = self._limits[resource]
                message = f"Rate limit reached for {_NAMES[resource]}: Limit {limit}, Requested {amount:g}. [simulated]"
                raise Refused("rate_limited", message, resource=resource, wait_s=meter.wait_s(amount, now_s))


def _used(tokens: Tokens) -> Mapping[Resource, float]:
    return {
        "requests": 1,
        "tokens": tokens.input + tokens.output,
        "input_tokens": tokens.input - tokens.cached_input,
        "output_tokens": tokens.output,
    }
