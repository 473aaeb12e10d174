"""Steps begin in the order they come, within places and quota, and what they did not use is given back."""

import asyncio
from collections.abc import Mapping

import pytest

from headchef_contracts.events.common import JobClass, Usage

from headchef.catalogue import Quota
from headchef.catalogue.form import Resource
from headchef.executor.lane.estimate import Demand, Estimator
from headchef.executor.lane.halts import Halts
from headchef.executor.lane.lane import Lane
from headchef.executor.lane.pool import Pool
from headchef.executor.lane.rest import Rest
from headchef.executor.provider import Answered, Faulted, Left
from headchef.runtime.log.port import Record
from headchef.runtime.turns import Turns
from tests.support.manual_clock import ManualClock

CALL_TIMEOUT_S = 100.0
USAGE = Usage(input_tokens=100, output_tokens=20, cached_input_tokens=40)


class Fixed(Estimator):
    """Takes the record's value for the tokens of its prompt."""

    def __init__(self) -> None:
        super().__init__({}, counts_tokens=False)
        self.learned: list[Usage] = []
        self.asked = 0

    def demand_of(self, record: Record) -> Demand:
        """Read it."""
        self.asked += 1
        return Demand("m", 1, int(record.value or b"0"), 50, 200)

    def learn(self, demand: Demand, usage: Usage) -> None:
        """Note it."""
        self.learned.append(usage)


def record(tokens: int = 100) -> Record:
    return Record("t", 0, 0, 0, None, b"%d" % tokens, ())


class Desk:
    """A lane of one task, long at work, and a clock."""

    def __init__(
        self,
        a_minute: Mapping[Resource, int] | None = None,
        *,
        places: int = 1000,
        concurrency: int | None = None,
        cached_input_counts: bool = True,
        kept_places: float = 0.0,
    ) -> None:
        self.clock, self.estimator = ManualClock(), Fixed()
        quota = Quota(a_minute or {}, concurrency, cached_input_counts)
        self.pool = Pool(quota, self.clock.monotonic(), kept_places)
        self.lane = Lane(
            self.pool,
            Halts("default"),
            None,
            Rest("default", CALL_TIMEOUT_S),
            places=places,
            kept_places=kept_places,
            turns=Turns(0.1),
            estimator=self.estimator,
            clock=self.clock,
        )
        self.lane.begun(0, lambda: 1, clean=True)
        self.clock.advance(1000)

    def begin(
        self, tokens: int = 100, wake: asyncio.Event | None = None, job_class: JobClass = "interactive"
    ) -> Record | None:
        """Have a step begin, or give None if it must wait."""
        asked = record(tokens)
        return asked if self.lane.take(asked, job_class, wake or asyncio.Event()) else None


def answered(usage: Usage | None = USAGE, *left: Left) -> Answered:
    return Answered("Hi.", "stop", None, usage, None, 200, left)


def test_places_are_taken_and_given_back() -> None:
    desk, wake = Desk(places=1), asyncio.Event()
    first = desk.begin()
    assert first is not None
    assert desk.begin(wake=wake) is None
    assert not wake.is_set()
    desk.lane.release(first)
    assert wake.is_set()
    assert desk.begin(wake=wake) is not None


def test_whoever_came_first_begins_first_and_wakes_the_next() -> None:
    desk = Desk({"requests": 6000})
    wakes = [asyncio.Event() for _ in range(3)]
    while desk.begin(wake=wakes[0]) is not None:
        pass
    assert [desk.begin(wake=wake) for wake in wakes] == [None, None, None]
    desk.clock.advance(0.02)
    assert [wake.is_set() for wake in wakes] == [True, False, False]
    assert desk.begin(wake=wakes[1]) is None, "it is not its turn, although one could begin"
    assert desk.begin(wake=wakes[0]) is not None
    assert wakes[1].is_set()


def test_who_waits_no_longer_holds_up_nobody() -> None:
    desk = Desk(places=1)
    wakes = [asyncio.Event() for _ in range(2)]
    going_on = desk.begin()
    assert going_on is not None
    assert [desk.begin(wake=wake) for wake in wakes] == [None, None]
    desk.lane.forget("interactive", wakes[0])
    assert wakes[1].is_set()
    desk.lane.release(going_on)
    assert desk.begin(wake=wakes[1]) is not None
    desk.lane.forget("interactive", asyncio.Event())


def test_a_step_is_estimated_once_however_often_it_asks() -> None:
    desk, wake, asked = Desk(places=1), asyncio.Event(), record()
    going_on = desk.begin()
    assert going_on is not None
    before = desk.estimator.asked
    desk.lane.release(going_on)
    desk.pool.refused(60, desk.clock.monotonic())
    assert [desk.lane.take(asked, "interactive", wake) for _ in range(5)] == [False] * 5
    assert desk.estimator.asked == before + 1


@pytest.mark.parametrize(
    ("reply", "left"),
    [
        (None, 12_000),
        (answered(), 12_000 - 120),
        (answered(None), 12_000 - 300),
        (Faulted("timeout", "no answer"), 12_000 - 300),
        (Faulted("length", "cut off", "length", 200, usage=USAGE), 12_000 - 120),
    ],
)
def test_what_was_not_used_is_given_back(reply: Answered | Faulted | None, left: float) -> None:
    desk = Desk({"tokens": 600_000})
    step = desk.begin()
    assert step is not None
    assert desk.lane.levels() == {"tokens": 12_000 - 300}
    if reply is not None:
        desk.lane.calling(step, "m")
        desk.lane.called(step, reply)
    desk.lane.release(step)
    assert desk.lane.levels() == {"tokens": left}
    assert desk.estimator.learned == ([USAGE] if reply is not None and reply.usage else [])


@pytest.mark.parametrize(("counts", "left"), [(True, 12_000 - 100), (False, 12_000 - 60)])
def test_cached_input_counts_unless_the_catalogue_says_otherwise(counts: bool, left: float) -> None:
    desk = Desk({"input_tokens": 600_000}, cached_input_counts=counts)
    step = desk.begin(tokens=200)
    assert step is not None
    desk.lane.calling(step, "m")
    desk.lane.called(step, answered())
    desk.lane.release(step)
    assert desk.lane.levels() == {"input_tokens": left}


def test_what_the_provider_says_is_left_is_heeded() -> None:
    desk = Desk({"requests": 6000})
    step = desk.begin()
    assert step is not None
    desk.lane.calling(step, "m")
    desk.lane.called(step, answered(USAGE, Left("requests", 80), Left("tokens", 0)))
    assert desk.lane.levels() == {"requests": 20}


@pytest.mark.parametrize(("asked_s", "pause_s"), [(None, 3), (0.5, 3), (30, 30)])
def test_a_refusal_pauses_the_lane(asked_s: float | None, pause_s: float) -> None:
    desk, wake = Desk({"requests": 6000}), asyncio.Event()
    step = desk.begin()
    assert step is not None
    desk.lane.calling(step, "m")
    desk.lane.called(step, Faulted("rate_limited", "slow down", None, 429, asked_s))
    desk.lane.release(step)
    assert desk.begin(wake=wake) is None
    desk.clock.advance(pause_s - 0.01)
    assert not wake.is_set()
    desk.clock.advance(0.02)
    assert wake.is_set()
    assert desk.begin(wake=wake) is not None


def test_without_a_quota_a_lane_is_paused_as_long_as_it_is_asked() -> None:
    desk, wake = Desk(), asyncio.Event()
    for asked_s, begins in ((None, True), (0.5, False)):
        step = desk.begin()
        assert step is not None
        desk.lane.calling(step, "m")
        desk.lane.called(step, Faulted("rate_limited", "slow down", None, 429, asked_s))
        desk.lane.release(step)
        assert (desk.begin(wake=wake) is not None) == begins
    desk.clock.advance(0.51)
    assert wake.is_set()
    assert desk.begin(wake=wake) is not None


NO_KEY = Faulted("credentials", "no key", "credentials", 401, halts="credentials")


def test_a_halted_lane_lets_one_step_at_a_time_find_out() -> None:
    desk, wakes = Desk(), [asyncio.Event() for _ in range(3)]
    for step in [desk.begin(), desk.begin()]:
        assert step is not None
        desk.lane.calling(step, "m")
        desk.lane.called(step, NO_KEY)
        desk.lane.release(step)
    assert desk.lane.standstill() == "its lane stands still: credentials: no key"
    assert [desk.begin(wake=wake) for wake in wakes] == [None] * 3
    desk.clock.advance(1.01)
    assert wakes[0].is_set()
    probe = desk.begin(wake=wakes[0])
    assert probe is not None
    assert [desk.begin(wake=wake) for wake in wakes[1:]] == [None] * 2
    desk.lane.release(probe)
    assert wakes[1].is_set(), "it made no call, and leaves that to the next"
    probe = desk.begin(wake=wakes[1])
    assert probe is not None
    desk.lane.calling(probe, "m")
    desk.lane.called(probe, answered())
    desk.lane.release(probe)
    assert desk.lane.standstill() is None
    assert all(desk.begin(wake=wake) is not None for wake in (wakes[2], *wakes))


def test_a_lane_knows_since_when_calls_of_a_model_are_answered() -> None:
    desk = Desk()
    began_s = desk.clock.now().timestamp()
    for model, reply in (("m", answered()), ("gone", NO_KEY)):
        step = desk.begin()
        assert step is not None
        desk.lane.calling(step, model)
        desk.clock.advance(5)
        desk.lane.called(step, reply)
        desk.lane.release(step)
    assert desk.lane.answered_since("m", began_s - 1)
    assert not desk.lane.answered_since("m", began_s), "it had begun by then, and may have been let in before"
    assert not desk.lane.answered_since("gone", began_s - 1)


def test_calls_at_once_are_a_matter_of_tasks() -> None:
    desk, wake = Desk(concurrency=7), asyncio.Event()
    desk.lane.begun(0, lambda: 4, clean=True)
    assert [desk.begin(wake=wake) is not None for _ in range(2)] == [True, False]
    desk.lane.begun(1, lambda: 4, clean=True)
    assert wake.is_set()
    assert [desk.begin(wake=wake) is not None for _ in range(3)] == [True, True, False]
    desk.lane.ended(1)
    desk.lane.ended(0)
    assert desk.begin() is None


def test_a_lane_that_has_grown_is_shared_by_more() -> None:
    counts = [2]
    desk = Desk({"requests": 6000})
    desk.lane.begun(0, lambda: counts[0], clean=True)
    assert desk.lane.levels() == {"requests": 60}
    counts[0] = 4
    assert desk.begin() is not None
    assert desk.lane.levels() == {"requests": 29}


def test_a_task_that_is_not_at_work_yet_lets_nothing_begin() -> None:
    desk = Desk({"requests": 6000})
    desk.lane.ended(0)
    assert desk.begin() is None
