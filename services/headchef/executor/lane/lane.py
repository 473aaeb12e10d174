"""Lets the steps of a lane begin within its quota, interactive ones first, and takes note of what calls came to."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from math import inf

from headchef_contracts.events.common import JOB_CLASSES, JobClass

from headchef.catalogue import Model
from headchef.catalogue import Quota as LaneQuota
from headchef.catalogue.form import Resource
from headchef.executor.lane.active import ActivePartitions
from headchef.executor.lane.estimate import Demand, Estimator
from headchef.executor.lane.halts import Halts
from headchef.executor.lane.held import Held
from headchef.executor.lane.later import without_quota
from headchef.executor.lane.pace import Pace
from headchef.executor.lane.pool import SOON_S, Pool, free_for_bulk
from headchef.executor.lane.rest import Rest
from headchef.executor.provider import Answered, Faulted, Reply
from headchef.runtime.clock import Clock
from headchef.runtime.log.port import Record
from headchef.runtime.turns import Turns

_MOVES_S = 0.1
"""After which a step asks again whose task lost its part of the quota just before the call, and is moved then."""

_Line = dict[asyncio.Event, tuple[Record, Demand] | None]


class Lane:
    """Implements the runtime's `Admission`, and `Quota`: the executor tells it what becomes of each call.

    Whoever came first of a class begins first, also one whose call is larger than those behind it. Interactive steps
    begin before bulk ones, which have their turns; while no interactive step waits, a bulk one leaves some of the quota
    and of the places for one that may come.

    Args:
        pool: decides by the quota.
        halts: decides whether calls can succeed at all.
        pace: finds out how many calls at once are good; None where the quota says so.
        rest: knows whose places rest because of calls that a former owner may have left behind.
        places: deliveries of this process that may be in flight, whatever the quota.
        kept_places: part of all places that bulk leaves free, from 0 to 1.
        turns: whose turn it is where both classes wait.
        estimator: knows what a step's call will use.
        clock: for waiting.

    Attributes:
        active: the tasks that share the quota.
    """

    def __init__(
        self,
        pool: Pool,
        halts: Halts,
        pace: Pace | None,
        rest: Rest,
        *,
        places: int,
        kept_places: float,
        turns: Turns,
        estimator: Estimator,
        clock: Clock,
    ) -> None:
        self.active = ActivePartitions()
        self._pool = pool
        self._halts = halts
        self._pace = pace
        self._rest = rest
        self._places = places
        self._kept_places = kept_places
        self._turns = turns
        self._estimator = estimator
        self._clock = clock
        self._tasks: set[int] = set()
        self._of = 0
        self._count: Callable[[], int] = int
        self._lines: dict[JobClass, _Line] = {job_class: {} for job_class in JOB_CLASSES}
        self._held: dict[int, Held] = {}
        self._abandoned = 0
        self._ended = asyncio.Event()
        self._answered_s: dict[str, float] = {}
        self._cancel_alarm: Callable[[], object] = lambda: None

    def levels(self) -> dict[Resource, float]:
        """Give what is left of each resource here."""
        return dict(self._pool.levels(self._clock.monotonic()))

    def at_once(self) -> int | None:
        """Give how many calls at once were found to be good; None where the quota limits something."""
        return None if self._pace is None else self._pace.limit

    def at_rest(self) -> int:
        """Give how many calls at once may not begin here because a former owner's may go on."""
        return self._pool.at_rest()

    def change(self, quota: LaneQuota, models: Mapping[str, Model], active: int | None = None) -> None:
        """Keep to another quota, and estimate by other models, from the next step on; what has begun goes on.

        Args:
            quota: of the whole lane.
            models: that it is called for.
            active: how many of the first tasks share the quota; None for all.
        """
        self._pool.change(quota, [held.demand for held in self._held.values()], self._clock.monotonic())
        self._estimator.change(models, counts_tokens=_counts_tokens(quota))
        if not _unlimited(quota):
            self._pace = None
        elif self._pace is None:
            self._pace = Pace(self._places)
        # Whoever stands in line asks again, by the new estimate.
        self._lines = {job_class: dict.fromkeys(line) for job_class, line in self._lines.items()}
        self._ended.set()
        self._cancel_alarm()
        if active != self.active.count:
            self.active.change(active)
            self._own()
        self._next()

    def standstill(self) -> str | None:
        """Say why the whole lane stands still, or None."""
        whys = (why for model, why in self._halts.standing() if model is None)
        return next((f"its lane stands still: {why.reason}: {why.message}" for why in whys), None)

    def begun(self, task: int, of: Callable[[], int], *, clean: bool) -> None:
        """Own a task's part of the quota too; its places rest for as long as calls of a former owner may go on."""
        self._tasks.add(task)
        self._count = of
        if clean:
            self._rest.forget(task)
        else:
            self._rest.begin(task, self._clock.monotonic(), matters=self._pool.heeds_abandoned)
            self._clock.call_later(self._rest.call_timeout_s + SOON_S, self._own)
        self._own()

    def leaving(self, task: int) -> None:
        """Own it no longer: what begins from now on finds its part in other tasks."""
        self._tasks.discard(task)
        self._own()

    async def vacated(self, task: int) -> bool:
        """Wait until the calls that go on here fit into what other tasks have, abandoned ones excepted."""
        while (room := self._pool.room()) is not None and room + self._abandoned < 0:
            self._ended.clear()
            await self._ended.wait()
        return (room is None or room >= 0) and self._rest.count((task,), self._clock.monotonic()) == 0

    def ended(self, task: int) -> None:
        """Own it no longer."""
        self.leaving(task)

    def _own(self) -> None:
        self._of = max(1, self._count())
        sharing = [task for task in self._tasks if self.active.has(task)]
        now_s = self._clock.monotonic()
        self._pool.own(len(sharing), min(self._of, self.active.count or self._of), now_s)
        self._pool.rest(self._rest.count(sharing, now_s))
        self._next()

    def take(self, record: Record, job_class: JobClass, wake: asyncio.Event) -> bool:
        """Let a step begin if it is first in line, its class has its turn, and the quota allows it."""
        line = self._lines[job_class]
        if wake not in line:
            line[wake] = None
            if len(line) == 1 and self._first() is not line:
                # Bulk that has its turn need not leave anything for who has come now.
                self._next()
        if self._first() is not line or next(iter(line)) is not wake:
            return False
        contended = all(self._lines.values())
        yielding = job_class == "bulk" and not contended
        if len(self._held) >= self._most_at_once(yielding=yielding):
            return False
        if self._of != self._count():
            self._own()
        demand, now_s = self._demand(record, line, wake), self._clock.monotonic()
        wait_s = _longer(self._halts.wait_s(now_s), self._pool.wait_s(demand, now_s, yielding=yielding))
        if wait_s is None or wait_s > 0:
            self._cancel_alarm()
            if wait_s is not None:
                self._cancel_alarm = self._clock.call_later(wait_s + SOON_S, self._next)
            return False
        del line[wake]
        self._turns.began(job_class, contended=contended)
        self._pool.take(demand, now_s)
        self._halts.begin(id(record))
        self._held[id(record)] = Held(record, demand)
        self._next()
        return True

    def forget(self, job_class: JobClass, wake: asyncio.Event) -> None:
        """Leave the line."""
        if wake in self._lines[job_class]:
            del self._lines[job_class][wake]
            self._next()

    def release(self, record: Record) -> None:
        """Give back what a step held and did not use, as far as that is known."""
        held, now_s = self._held.pop(id(record)), self._clock.monotonic()
        self._halts.end(id(record), now_s)
        if held.usage is not None or held.called_at_s is None:
            self._pool.give_back(held.demand, held.usage, now_s)
        if held.is_abandoned and self._pool.heeds_abandoned:
            self._abandoned += 1
            left_s = held.began_s + self._rest.call_timeout_s - now_s
            self._clock.call_later(max(0.0, left_s), self._end_abandoned)
            self._ended.set()
        else:
            self._end()

    def _end_abandoned(self) -> None:
        self._abandoned -= 1
        self._end()

    def _end(self) -> None:
        self._pool.end()
        self._ended.set()
        self._next()

    def held_s(self, record: Record, model: str) -> float:
        """Give the seconds for which a step that has begun must leave it to others after all; 0 to make its call."""
        if not self.active.has(record.partition):
            return _MOVES_S
        return self._halts.held_s(id(record), model, self._clock.monotonic())

    def reading(self, record: Record) -> AbstractAsyncContextManager[None]:
        """Leave the quota of a step to others while something is read for its call, and wait for it at the end."""
        return without_quota(self._pool, self._held[id(record)].demand, self._clock)

    def calling(self, record: Record, model: str) -> None:
        """Note that a step's call begins: what it holds counts as used, unless its usage becomes known."""
        held = self._held[id(record)]
        held.model, held.called_at_s, held.began_s = model, self._clock.now().timestamp(), self._clock.monotonic()

    def called(self, record: Record, reply: Reply) -> None:
        """Note what came of a step's call: what it has used, what is left of the account, how long to wait."""
        held, now_s = self._held[id(record)], self._clock.monotonic()
        held.replied = True
        if reply.usage is not None:
            held.usage = reply.usage
            self._estimator.learn(held.demand, reply.usage)
        self._pool.heed(reply.left, now_s)
        self._halts.heed(id(record), held.model, reply, now_s)
        if isinstance(reply, Faulted) and reply.outcome == "rate_limited":
            self._pool.refused(reply.retry_after_s or 0.0, now_s)
        if self._pace is not None:
            self._pace.heed(held.model, held.began_s, reply, len(self._held), now_s)
        if isinstance(reply, Answered) and held.called_at_s is not None:
            self._answered_s[held.model] = max(held.called_at_s, self._answered_s.get(held.model, -inf))

    def still_s(self, model: str) -> float:
        """Give the seconds for which a step that has failed should leave it to others to find out; 0 if all is well."""
        return self._halts.still_s(model, self._clock.monotonic())

    def answered_since(self, model: str, at_s: float) -> bool:
        """Say whether a call of a model that began after a time, in seconds of the epoch, was answered here."""
        return self._answered_s.get(model, -inf) > at_s

    def _demand(self, record: Record, line: _Line, wake: asyncio.Event) -> Demand:
        """Estimate what a step's call will use: once, however often it asks."""
        asked = line[wake]
        if asked is None or asked[0] is not record:
            asked = line[wake] = (record, self._estimator.demand_of(record))
        return asked[1]

    def _most_at_once(self, *, yielding: bool) -> int:
        places = self._places if self._pace is None else min(self._pace.limit, self._places)
        return free_for_bulk(places, self._kept_places) if yielding else places

    def _first(self) -> _Line | None:
        """Give the line of the class that begins next."""
        job_class = self._turns.whose(**{each: bool(self._lines[each]) for each in JOB_CLASSES})
        return None if job_class is None else self._lines[job_class]

    def _next(self) -> None:
        """Have the first in line ask again."""
        for wake in self._first() or ():
            wake.set()
            break


def _counts_tokens(quota: LaneQuota) -> bool:
    """Say whether a quota limits tokens of any kind."""
    return bool(quota.a_minute.keys() - {"requests"})


def _unlimited(quota: LaneQuota) -> bool:
    """Say whether a quota says nothing, so that a pace is to be found."""
    return not quota.a_minute and quota.concurrency is None


def _longer(one_s: float | None, other_s: float | None) -> float | None:
    return None if one_s is None or other_s is None else max(one_s, other_s)
