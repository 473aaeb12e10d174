"""Servers that state no limit, each with executors that have more to ask than it can do, event by event."""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from math import exp, log
from random import Random
from typing import Literal, Protocol

MOST = 64
TOKENS_A_SECOND = 50.0
WARM_S, END_S = 1200.0, 2400.0

_REFUSAL_S = 0.05
_TIMEOUT_S = 100.0
_MEDIAN_S, _SPREAD = 3.2, 0.6

Kind = Literal["refuses", "queues", "slows down"]
"""What a server does with more calls than it has room for: says 429, lets them wait, or serves all more slowly."""

Room = Callable[[float], float]
"""Calls that are served at full speed, by the time in seconds."""


class Limiter(Protocol):
    """Finds out how many calls at once are good."""

    @property
    def limit(self) -> int: ...

    def failed(self, began_s: float, now_s: float) -> None: ...

    def answered(self, model: str, began_s: float, now_s: float, output_tokens: int, at_once: int) -> None: ...


@dataclass(slots=True)
class Outcome:
    """What came of the second half of the time.

    Attributes:
        goodput: seconds of work that were answered for, as a share of what there was room for.
        slowness: of each answer, how many times as long it took as on an idle server.
        failed: calls.
    """

    goodput: float = 0.0
    slowness: list[float] = field(default_factory=list)
    failed: int = 0

    @property
    def failed_of_1000(self) -> float:
        """Give the share of failed calls."""
        return 1000 * self.failed / max(1, self.failed + len(self.slowness))

    def slower(self, share: float) -> float:
        """Give the slowness that this share of answers does not exceed."""
        return sorted(self.slowness)[int(share * len(self.slowness))] if self.slowness else 0.0


@dataclass(slots=True, eq=False)
class _Call:
    executor: int
    began_s: float
    work_s: float
    left_s: float


class Server:
    """One server and its executors.

    Args:
        kind: of the server.
        room: that it has.
        limiters: one for each executor.
        noise: how much the length of an answer tells of its time: the spread, as a power of e, of what it does not.
        seed: of the calls.
    """

    def __init__(self, kind: Kind, room: Room, limiters: list[Limiter], *, noise: float, seed: int) -> None:
        self.outcome = Outcome()
        self._kind, self._room, self._limiters, self._noise = kind, room, limiters, noise
        self._chance = Random(seed)
        self._now_s = 0.0
        self._at_once = [0] * len(limiters)
        self._served: list[_Call] = []
        self._waiting: list[_Call] = []
        self._refused: list[tuple[float, int, _Call]] = []
        self._numbers = itertools.count()

    def run(self) -> Outcome:
        """Let the executors work until the end."""
        for executor in range(len(self._limiters)):
            self._begin(executor)
        while self._now_s < END_S:
            self._step()
        possible_s = sum(self._room(WARM_S + second) for second in range(int(END_S - WARM_S)))
        self.outcome.goodput /= possible_s
        return self.outcome

    def _speed(self) -> float:
        if self._kind != "slows down":
            return 1.0
        return min(1.0, self._room(self._now_s) / max(1, len(self._served)))

    def _step(self) -> None:
        """Go on to whatever is next: an answer, a refusal, or the second in which the room may have changed."""
        speed = self._speed()
        nearest = min((call.left_s for call in self._served), default=1.0)
        until_s = min(nearest / speed, 1.0)
        if self._refused:
            until_s = min(until_s, max(0.0, self._refused[0][0] - self._now_s))
        self._now_s += until_s
        for call in self._served:
            call.left_s -= until_s * speed
        for call in [call for call in self._served if call.left_s <= 1e-9]:
            self._served.remove(call)
            self._end(call, failed=self._now_s - call.began_s > _TIMEOUT_S)
        while self._refused and self._refused[0][0] <= self._now_s:
            self._end(heapq.heappop(self._refused)[2], failed=True)
        while self._waiting and len(self._served) < self._room(self._now_s):
            self._served.append(self._waiting.pop(0))

    def _begin(self, executor: int) -> None:
        while self._at_once[executor] < self._limiters[executor].limit:
            self._at_once[executor] += 1
            work_s = min(20.0, self._chance.lognormvariate(log(_MEDIAN_S), _SPREAD))
            call = _Call(executor, self._now_s, work_s, work_s)
            full = bool(self._waiting) or len(self._served) >= self._room(self._now_s)
            if full and self._kind == "refuses":
                heapq.heappush(self._refused, (self._now_s + _REFUSAL_S, next(self._numbers), call))
            elif full and self._kind == "queues":
                self._waiting.append(call)
            else:
                self._served.append(call)

    def _end(self, call: _Call, *, failed: bool) -> None:
        limiter, at_once = self._limiters[call.executor], self._at_once[call.executor]
        self._at_once[call.executor] -= 1
        if self._now_s >= WARM_S:
            if failed:
                self.outcome.failed += 1
            else:
                self.outcome.goodput += call.work_s
                self.outcome.slowness.append((self._now_s - call.began_s) / call.work_s)
        if failed:
            limiter.failed(call.began_s, self._now_s)
        else:
            tokens = call.work_s * TOKENS_A_SECOND * exp(self._chance.gauss(0, self._noise))
            limiter.answered("model", call.began_s, self._now_s, round(tokens), at_once)
        self._begin(call.executor)
