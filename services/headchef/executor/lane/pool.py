"""Decides when a call may begin, by what is left of all resources of a lane's quota. Pure: the time is an argument."""

from collections.abc import Iterable, Mapping
from math import inf

from headchef_contracts.events.common import Usage

from headchef.catalogue import Quota
from headchef.catalogue.form import Resource
from headchef.executor.lane.estimate import Demand
from headchef.executor.provider import Left
from headchef.meter import Meter

SOON_S = 1e-6
"""After a wait it is asked again: so much later, that rounding does not make it ask twice."""

KEPT_OF_BUCKET = 0.5
"""Part of what a bucket can hold beyond a call that bulk leaves in it, so that interactive calls find it at once.

It costs nothing: a bucket fills as fast at half as when it is empty. Buckets hold 2 % of a minute's quota.
"""

_LEAST_PAUSE_S = 3.0
"""After a refusal, so that a quota has something left again for more than the one call that was refused."""


class Pool:
    """The part of a lane's quota that belongs to the tasks of this process.

    Args:
        quota: of the whole lane.
        now_s: the time, in seconds that never run back.
        kept_places: part of the calls at once that the quota allows which bulk leaves free, from 0 to 1.
    """

    def __init__(self, quota: Quota, now_s: float, kept_places: float = 0.0) -> None:
        self._kept_places = kept_places
        self._meters = {resource: Meter(limit, now_s) for resource, limit in quota.a_minute.items()}
        self._most_at_once = quota.concurrency
        self._abandoned_go_on = quota.abandoned_calls == "go_on"
        self._tasks, self._of, self._resting = 0, 1, 0
        self._cached_input_counts = quota.cached_input_counts
        self._at_once = 0
        self._paused_until_s = -inf

    def own(self, tasks: int, of: int, now_s: float) -> None:
        """Own so many of the lane's tasks from now on."""
        self._tasks, self._of = tasks, of
        for meter in self._meters.values():
            meter.own(tasks, of, now_s)

    def rest(self, tasks: int) -> None:
        """Leave the places of so many of these tasks free from now on; what they have of other resources is used."""
        self._resting = tasks

    def at_rest(self) -> int:
        """Give how many calls at once may not begin because of tasks whose places rest."""
        return (self._part(self._tasks) or 0) - (self._places() or 0)

    def room(self) -> int | None:
        """Give how many calls may begin beside those that go on, negative for too many; None without a limit."""
        places = self._places()
        return None if places is None else places - self._at_once

    @property
    def heeds_abandoned(self) -> bool:
        """Whether a call that nobody waits for any more takes its place until it must be over."""
        return self._most_at_once is not None and self._abandoned_go_on

    def _places(self) -> int | None:
        return self._part(self._tasks - self._resting if self.heeds_abandoned else self._tasks)

    def _part(self, tasks: int) -> int | None:
        return None if self._most_at_once is None else self._most_at_once * tasks // self._of

    def change(self, quota: Quota, in_flight: Iterable[Demand], now_s: float) -> None:
        """Keep another quota from now on. Of a resource that was not limited nothing is there yet.

        Args:
            quota: of the whole lane.
            in_flight: what the calls hold that have begun: they go on, and count.
            now_s: the time.
        """
        before, self._meters = self._meters, {}
        for resource, limit in quota.a_minute.items():
            if (meter := before.get(resource)) is not None:
                meter.change(limit, now_s)
            else:
                meter = Meter(limit, now_s)
                meter.own(self._tasks, self._of, now_s)
                for demand in in_flight:
                    meter.take(_held(demand)[resource], now_s)
            self._meters[resource] = meter
        self._most_at_once = quota.concurrency
        self._abandoned_go_on = quota.abandoned_calls == "go_on"
        self._cached_input_counts = quota.cached_input_counts

    def wait_s(self, demand: Demand, now_s: float, *, yielding: bool = False) -> float | None:
        """Give the seconds until a call may begin: 0 for now, None where that depends on other calls or tasks.

        Args:
            demand: what it is taken to use.
            now_s: the time.
            yielding: whether it leaves something for more urgent calls that may come.
        """
        places = self._places()
        if places is not None and self._at_once >= (free_for_bulk(places, self._kept_places) if yielding else places):
            return None
        return self.flows_s(demand, now_s, KEPT_OF_BUCKET if yielding else 0.0)

    def flows_s(self, demand: Demand, now_s: float, kept: float = 0.0) -> float | None:
        """Give the seconds until a call that has its place may begin, None where no task is owned.

        Args:
            demand: what it is taken to use.
            now_s: the time.
            kept: part of what the buckets hold that must be left, from 0 to 1.
        """
        held, waits = _held(demand), [self._paused_until_s - now_s, 0.0]
        for resource, meter in self._meters.items():
            wait_s = meter.wait_s(held[resource], now_s, kept)
            if wait_s is None:
                return None
            waits.append(wait_s)
        return max(waits)

    def take(self, demand: Demand, now_s: float) -> None:
        """Begin a call."""
        self._at_once += 1
        self.hold(demand, now_s)

    def hold(self, demand: Demand, now_s: float) -> None:
        """Take what a call uses that has its place."""
        held = _held(demand)
        for resource, meter in self._meters.items():
            meter.take(held[resource], now_s)

    def end(self) -> None:
        """End a call; what it has used is another matter."""
        self._at_once -= 1

    def give_back(self, demand: Demand, usage: Usage | None, now_s: float) -> None:
        """Give back what a call held and did not use.

        Args:
            demand: what it held.
            usage: what the provider counted; None for a call that was never made.
            now_s: the time.
        """
        held = _held(demand)
        used = dict.fromkeys(held, 0.0) if usage is None else self._used(usage)
        for resource, meter in self._meters.items():
            meter.take(used[resource] - held[resource], now_s)

    def _used(self, usage: Usage) -> Mapping[Resource, float]:
        cached_tokens = 0 if self._cached_input_counts else usage.cached_input_tokens
        return {
            "requests": 1.0,
            "tokens": usage.input_tokens + usage.output_tokens,
            "input_tokens": usage.input_tokens - cached_tokens,
            "output_tokens": usage.output_tokens,
        }

    def refused(self, retry_after_s: float, now_s: float) -> None:
        """Note that the provider has refused a call for want of quota: nothing is left, whatever was reckoned.

        Args:
            retry_after_s: that it asks to wait; the longer one counts of two.
            now_s: the time.
        """
        pause_s = max(retry_after_s, _LEAST_PAUSE_S) if self._meters else retry_after_s
        self._paused_until_s = max(self._paused_until_s, now_s + pause_s)
        for meter in self._meters.values():
            meter.refused(now_s)

    def heed(self, left: Iterable[Left], now_s: float) -> None:
        """Heed what the provider says is left of the account's quota."""
        for each in left:
            if (meter := self._meters.get(each.resource)) is not None:
                meter.heed(each.amount, each.full_in_s, now_s)

    def levels(self, now_s: float) -> Mapping[Resource, float]:
        """Give what is left of each resource here."""
        return {resource: meter.level(now_s) for resource, meter in self._meters.items()}


def free_for_bulk(places: int, kept: float) -> int:
    """Give how many of some places bulk may fill: all where the part that it leaves free is less than one."""
    return places - int(places * kept)


def _held(demand: Demand) -> Mapping[Resource, float]:
    return {
        "requests": 1.0,
        "tokens": demand.input_tokens + demand.limit,
        "input_tokens": demand.input_tokens,
        "output_tokens": demand.output_tokens,
    }
