"""Calls that an executor has left behind at the provider keep their places until they must be over."""

import asyncio
import logging
from random import Random

import pytest

from headchef.catalogue import Quota
from headchef.catalogue.form import AbandonedCalls
from headchef.executor.__main__ import open_lane
from headchef.executor.provider import Faulted
from headchef.executor.settings import Settings
from headchef.runtime.log.port import Record
from headchef.runtime.surroundings import Surroundings
from headchef.runtime.turns import Turns
from tests.executor.fakes import OpenPermit
from tests.executor.lane.test_lane import CALL_TIMEOUT_S, Desk
from tests.support.manual_clock import ManualClock
from tests.support.recorded_metrics import RecordedMetrics

TASKS = 4


def desk_of(*clean: int, unclean: tuple[int, ...] = (), abandoned: AbandonedCalls = "go_on") -> Desk:
    """Give a lane of four tasks with two calls at once each, some of which have just come here."""
    desk = Desk(concurrency=2 * TASKS)
    desk.lane.ended(0)
    desk.lane.change(Quota({}, 2 * TASKS, abandoned_calls=abandoned), {})
    for task in clean:
        desk.lane.begun(task, lambda: TASKS, clean=True)
    for task in unclean:
        desk.lane.begun(task, lambda: TASKS, clean=False)
    return desk


def begun(desk: Desk, wake: asyncio.Event) -> list[Record]:
    """Have as many calls begin as may; who comes after them waits to be woken."""
    calls: list[Record] = []
    while (call := desk.begin(wake=wake)) is not None:
        desk.lane.calling(call, "m")
        calls.append(call)
    return calls


def answer(desk: Desk, call: Record) -> None:
    desk.lane.called(call, Faulted("server_error", "overloaded", None, 503))
    desk.lane.release(call)


def test_places_of_a_task_that_was_not_left_clean_rest_for_the_time_of_a_call() -> None:
    desk, wake = desk_of(0, unclean=(1, 2)), asyncio.Event()
    assert desk.lane.at_rest() == 4
    assert len(begun(desk, wake)) == 2, "those of the task that was left clean"
    desk.clock.advance(CALL_TIMEOUT_S - 0.1)
    assert not wake.is_set()
    desk.clock.advance(0.2)
    assert wake.is_set(), "nobody asks again and again"
    assert desk.lane.at_rest() == 0
    assert len(begun(desk, wake)) == 4


def test_they_rest_anew_with_each_owner() -> None:
    desk, wake = desk_of(unclean=(0,)), asyncio.Event()
    desk.clock.advance(CALL_TIMEOUT_S / 2)
    desk.lane.ended(0)
    desk.lane.begun(0, lambda: TASKS, clean=False)
    desk.clock.advance(CALL_TIMEOUT_S * 0.75)
    assert begun(desk, wake) == []
    desk.clock.advance(CALL_TIMEOUT_S * 0.5)
    assert len(begun(desk, wake)) == 2


def test_a_provider_that_ends_abandoned_calls_has_nothing_left_behind() -> None:
    desk, wake = desk_of(unclean=(0, 1), abandoned="end"), asyncio.Event()
    assert desk.lane.at_rest() == 0
    calls = begun(desk, wake)
    assert len(calls) == 4
    desk.lane.release(calls[0])
    assert len(begun(desk, wake)) == 1


def test_it_is_said_which_task_rests_and_for_how_long(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    desk_of(0, unclean=(3,))
    desk_of(unclean=(2,), abandoned="end")
    (said,) = caplog.messages
    assert "lane default: the calls at once that belong to task 3 rest for 100 s" in said


def test_a_call_that_is_given_up_here_keeps_its_place_until_it_must_be_over() -> None:
    desk, wake = desk_of(0), asyncio.Event()
    first, second = begun(desk, wake)
    desk.clock.advance(30)
    answer(desk, first)
    desk.lane.release(second)
    (third,) = begun(desk, wake)
    answer(desk, third)
    assert len(begun(desk, wake)) == 1
    wake.clear()
    desk.clock.advance(CALL_TIMEOUT_S - 30.1)
    assert not wake.is_set()
    desk.clock.advance(0.2)
    assert wake.is_set()
    assert len(begun(desk, wake)) == 1


def test_a_step_that_has_made_no_call_gives_its_place_back_at_once() -> None:
    desk, wake = desk_of(0), asyncio.Event()
    step = desk.begin()
    assert step is not None
    desk.lane.release(step)
    assert len(begun(desk, wake)) == 2


async def test_a_task_is_spared_when_the_calls_of_others_leave_its_places_alone() -> None:
    desk, wake = desk_of(0, 1), asyncio.Event()
    calls = begun(desk, wake)
    assert len(calls) == 4
    desk.lane.leaving(1)
    waiting = asyncio.ensure_future(desk.lane.vacated(1))
    for call in calls[:2]:
        await asyncio.sleep(0)
        assert not waiting.done()
        answer(desk, call)
    assert desk.begin() is None, "what is given back is not taken again"
    assert await waiting


async def test_it_is_not_waited_for_calls_that_nobody_waits_for() -> None:
    desk, wake = desk_of(0, 1), asyncio.Event()
    calls = begun(desk, wake)
    desk.lane.leaving(1)
    for call in calls:
        desk.lane.release(call)
    assert not await desk.lane.vacated(1), "they may go on, and take places of it"
    desk.clock.advance(CALL_TIMEOUT_S)
    assert await desk.lane.vacated(1)


async def test_a_task_whose_places_rest_is_not_free_for_the_next_owner() -> None:
    desk = desk_of(unclean=(0,))
    desk.lane.leaving(0)
    assert not await desk.lane.vacated(0)
    desk.clock.advance(CALL_TIMEOUT_S)
    assert await desk.lane.vacated(0)


async def test_without_a_limit_of_calls_at_once_nothing_is_waited_for() -> None:
    desk, wake = Desk({"requests": 6000}), asyncio.Event()
    calls = begun(desk, wake)
    assert calls
    desk.lane.leaving(0)
    assert await desk.lane.vacated(0)


async def test_a_limit_that_is_lifted_ends_the_wait() -> None:
    desk, wake = desk_of(0), asyncio.Event()
    assert begun(desk, wake)
    desk.lane.leaving(0)
    waiting = asyncio.ensure_future(desk.lane.vacated(0))
    await asyncio.sleep(0)
    assert not waiting.done()
    desk.lane.change(Quota({"requests": 6000}), {})
    assert await waiting


def test_a_gauge_counts_the_places_that_rest() -> None:
    clock, metrics = ManualClock(), RecordedMetrics()
    lane = open_lane(Settings(), Surroundings(clock, Random(1), OpenPermit(), metrics), Turns(0.1))
    lane.change(Quota({}, 24), {})
    lane.begun(0, lambda: 12, clean=False)
    lane.begun(1, lambda: 12, clean=True)
    assert metrics.reading("headchef.lane.resting") == [(2, {"lane": "default"})]
    clock.advance(Settings().call_timeout_s + 1)
    assert metrics.reading("headchef.lane.resting") == [(0, {"lane": "default"})]
