"""A quota that changes while calls are going on: nothing is lost, and neither the old nor the new one is exceeded."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headchef.catalogue import Quota
from headchef.executor.lane.halts import Halts
from headchef.executor.lane.lane import Lane
from headchef.executor.lane.pace import FIRST, Pace
from headchef.executor.lane.pool import Pool
from headchef.executor.lane.rest import Rest
from headchef.meter import MINUTE_S
from headchef.runtime.log.port import Record
from headchef.runtime.turns import Turns
from tests.executor.lane.test_lane import USAGE, Desk, Fixed, answered, record
from tests.executor.lane.test_meter import Taker, fullest_minute
from tests.support.manual_clock import ManualClock


@settings(max_examples=60)
@given(
    before=st.integers(60, 3000),
    after=st.integers(60, 3000),
    at_s=st.floats(0, 180),
    amount=st.sampled_from([1.0, 5.0, 20.0]),
)
def test_no_minute_exceeds_the_larger_and_none_after_it_the_new_one(
    before: int, after: int, at_s: float, amount: float
) -> None:
    taker = Taker(before, 4, 4)
    taker.until(0, at_s, amount)
    taker.meter.change(after, at_s)
    taker.until(at_s, at_s + 4 * MINUTE_S, amount)
    later = Taker(after, 4, 4)
    later.taken = [(when_s, taken) for when_s, taken in taker.taken if when_s >= at_s]
    assert fullest_minute(taker) <= max(before, after) + 1e-6
    assert fullest_minute(later) <= after + 1e-6
    assert sum(taken for _, taken in later.taken) >= 0.8 * 4 * after - 4 * amount


@settings(max_examples=60)
@given(
    counts=st.tuples(st.integers(1, 12), st.integers(1, 12)).filter(lambda counts: counts[0] != counts[1]),
    a_minute=st.integers(12, 3000),
    at_s=st.floats(0, 180),
    amount=st.sampled_from([1.0, 5.0, 20.0]),
)
def test_no_minute_exceeds_the_quota_that_fewer_or_more_tasks_share(
    counts: tuple[int, int], a_minute: int, at_s: float, amount: float
) -> None:
    """Three processes own every third of twelve tasks, and hear at the same time how many are in use."""
    tasks = [range(first, 12, 3) for first in range(3)]
    owned = [[sum(task < count for task in each) for each in tasks] for count in counts]
    takers = [Taker(a_minute, each, counts[0]) for each in owned[0]]
    amount = min(amount, a_minute / 24)
    for taker, each in zip(takers, owned[1], strict=True):
        taker.until(0, at_s, amount)
        taker.meter.own(each, counts[1], at_s)
        taker.until(at_s, at_s + 4 * MINUTE_S, amount)
    assert fullest_minute(*takers) <= a_minute + 1e-6
    taken = sum(amount for taker in takers for when_s, amount in taker.taken if when_s >= at_s)
    assert taken >= 0.5 * 4 * a_minute - 24 * amount


@pytest.mark.parametrize("quota", [Quota({"requests": 1200}), Quota(concurrency=12)])
def test_a_task_that_is_not_in_use_has_no_part_of_the_quota(quota: Quota) -> None:
    desks = [Desk(quota.a_minute, concurrency=quota.concurrency) for _ in range(2)]
    for desk, tasks in zip(desks, ((0, 1, 2), (3, 4, 5)), strict=True):
        desk.lane.ended(0)
        for task in tasks:
            desk.lane.begun(task, lambda: 6, clean=True)

    def places() -> list[int]:
        """Count the calls that may begin at once."""
        begun = []
        for desk in desks:
            desk.clock.advance(600)
            wake, steps = asyncio.Event(), list[Record]()
            while (step := desk.begin(wake=wake)) is not None:
                steps.append(step)
            desk.lane.forget("interactive", wake)
            for step in steps:
                desk.lane.release(step)
            begun.append(len(steps))
        return begun

    whole = 12 if quota.concurrency else 24
    assert places() == [whole // 2, whole // 2]
    for active, parts in ((2, (1.0, 0.0)), (4, (0.75, 0.25)), (100, (0.5, 0.5)), (None, (0.5, 0.5))):
        for desk in desks:
            desk.lane.change(quota, {}, active)
        assert places() == [whole * part for part in parts]


def test_a_resource_that_becomes_limited_counts_the_calls_that_are_going_on() -> None:
    desk = Desk()
    first = desk.begin(tokens=900)
    assert first is not None
    desk.lane.change(Quota({"input_tokens": 6000}), {})
    assert desk.lane.levels()["input_tokens"] <= -900
    desk.lane.calling(first, "m")
    desk.lane.called(first, answered(USAGE))
    desk.lane.release(first)
    assert desk.lane.levels()["input_tokens"] == pytest.approx(-USAGE.input_tokens), (
        "what it held and did not use is given back"
    )
    desk.clock.advance(60)
    assert desk.begin(tokens=100) is not None


def test_a_limit_that_is_gone_keeps_nothing_back() -> None:
    desk, wake = Desk({"requests": 60}), asyncio.Event()
    while desk.begin(wake=wake) is not None:
        pass
    desk.lane.change(Quota(), {})
    assert wake.is_set(), "who waits asks again"
    assert desk.lane.take(record(), "interactive", wake)


def test_fewer_at_once_let_those_that_are_going_on_end() -> None:
    desk, wake = Desk(concurrency=3), asyncio.Event()
    going_on = [desk.begin() for _ in range(3)]
    desk.lane.change(Quota(concurrency=1), {})
    for each in going_on:
        assert desk.begin(wake=wake) is None
        assert each is not None
        desk.lane.release(each)
    assert desk.begin(wake=wake) is not None
    assert desk.begin(wake=wake) is None
    desk.lane.change(Quota(concurrency=2), {})
    assert desk.begin(wake=wake) is not None
    assert desk.begin(wake=wake) is None


def test_a_pace_is_found_only_while_nothing_is_stated() -> None:
    clock, quota = ManualClock(), Quota()
    pool, pace = Pool(quota, clock.monotonic()), Pace(100)
    lane = Lane(
        pool,
        Halts("default"),
        pace,
        Rest("default", 100),
        places=100,
        kept_places=0.0,
        turns=Turns(0.1),
        estimator=Fixed(),
        clock=clock,
    )
    assert lane.at_once() == FIRST
    lane.change(Quota({"requests": 100}), {})
    assert lane.at_once() is None
    lane.change(Quota(), {})
    assert lane.at_once() == FIRST


def test_who_stands_in_line_is_estimated_anew() -> None:
    desk, wake = Desk({"requests": 1}), asyncio.Event()
    assert desk.begin() is not None
    asked = record(100)
    assert not desk.lane.take(asked, "interactive", wake)
    before = desk.estimator.asked
    desk.lane.change(Quota({"tokens": 6000}), {})
    assert not desk.lane.take(asked, "interactive", wake)
    assert desk.estimator.asked == before + 1
