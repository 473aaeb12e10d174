"""Steps in a partition that their lane does not use: they go on in one that it uses, uncalled, and forget nothing."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from headchef_contracts.events.common import Cause
from headchef_contracts.events.steps import Begun, StepCompleted, StepDispatched
from headchef_contracts.registry import decode, encode

from headchef.brakes import BrakesInForce
from headchef.executor.handler import ExecutorHandler
from headchef.executor.hold import StepHold
from headchef.executor.lane.active import ActivePartitions
from headchef.executor.policy import RetryPolicy
from headchef.executor.provider import Reply
from headchef.runtime.processor import Delivery, Emit, Outcome, Timer
from tests.executor.fakes import (
    NoState,
    OpenPermit,
    ScriptedProvider,
    Unlimited,
    answered,
    broken,
    deliver,
    equipped,
    limited,
    make_catalogue,
    see_through,
)
from tests.support.braking import make_brake
from tests.support.builders import make_delivery, make_firing, make_head, make_step
from tests.support.manual_clock import ManualClock
from tests.support.recorded_metrics import RecordedMetrics

STEP = make_step("Say hi.", job=make_head("job-9", tenant="acme"))
PLACE = Cause(topic="steps.dispatched.default", partition=2, offset=7)
"""Where `deliver` has a step lie."""


class Desk:
    """An executor's handler and its hold, of a lane that uses its first two partitions."""

    def __init__(self, *script: Reply, active: int | None = 2) -> None:
        self.clock, self.quota, self.metrics = ManualClock(), Unlimited(), RecordedMetrics()
        self.provider = ScriptedProvider(script or [answered("Hi.")], self.clock)
        self.in_force = BrakesInForce("executor.default", self.metrics)
        self.active = ActivePartitions()
        self.active.change(active)
        catalogue = make_catalogue()
        lanes = {"default": replace(catalogue.lanes["default"], active_partitions=active)}
        self.handler = ExecutorHandler(
            lane="default",
            equip=equipped(replace(catalogue, lanes=lanes), self.provider),
            retry=RetryPolicy(max_attempts=3, window_s=300),
            clock=self.clock,
            random=Random(1),
            permit=OpenPermit(),
            brakes=self.in_force.brakes,
            quota=self.quota,
            metrics=self.metrics,
        )
        self.hold = StepHold(self.in_force, self.active, self.handler)

    async def brake(self, action: str) -> None:
        await self.in_force.take(make_brake(action, set_at=self.clock.now()))  # type: ignore[arg-type]  # a word

    async def first_call(self) -> Timer:
        """Make a step's first call, which fails."""
        [timer] = (await self.handler.handle(deliver(STEP), NoState())).timers
        return timer


def fired(timer: Timer, partition: int = 2) -> Delivery:
    delivery = make_firing(timer)
    return replace(delivery, record=delivery.record._replace(partition=partition))


def moved(outcome: Outcome) -> Emit:
    assert (outcome.timers, outcome.changes) == ((), ())
    [output] = outcome.outputs
    assert isinstance(output, Emit)
    return output


def arriving(outcome: Outcome, later_s: float = 0.0, partition: int = 0) -> Delivery:
    """Give the delivery of a step that was moved, as it is read from the log in its new place."""
    event = moved(outcome).event
    assert isinstance(event, StepDispatched)
    read = decode(event.event_type, event.version, encode(event))
    delivery = make_delivery(
        read, value=encode(event), topic="steps.dispatched.default", event_id="event-2", offset=3, partition=partition
    )
    return replace(delivery, received_at=delivery.received_at + timedelta(seconds=later_s))


async def test_a_step_moves_as_it_is_and_names_where_it_lay() -> None:
    desk, delivery = Desk(), deliver(STEP)
    assert desk.hold.stops_any()
    assert desk.hold.stop_of(delivery.record) == "moves"
    output = moved(await desk.hold.settle(delivery))
    assert (output.topic, output.partition, output.among) == ("steps.dispatched.default", None, 2)
    event = output.event
    assert isinstance(event, StepDispatched)
    assert isinstance(delivery.event, StepDispatched)
    assert (event.step, event.cache, event.begun) == (STEP, delivery.event.cache, None)
    assert (event.decided.causes, event.decided.catalog_version) == ((PLACE,), "v1")
    assert (desk.provider.asked, desk.quota.calls) == ([], [])
    assert desk.metrics.total("headchef.steps.moved", lane="default") == 1


async def test_bulk_stays_bulk() -> None:
    bulk = make_step("Say hi.", job=make_head("job-9", job_class="bulk"))
    assert moved(await Desk().hold.settle(deliver(bulk))).topic == "steps.dispatched.default.bulk"


@pytest.mark.parametrize(("active", "stop"), [(1, "moves"), (2, "moves"), (3, None), (12, None), (None, None)])
async def test_only_what_lies_beyond_the_partitions_in_use_moves(active: int | None, stop: str | None) -> None:
    desk = Desk(active=active)
    assert desk.hold.stop_of(deliver(STEP).record) == stop
    if stop is None:
        [timer] = (await desk.hold.settle(deliver(STEP))).timers
        assert timer.due == desk.clock.now(), "more are in use by now: it goes on where it is"


async def test_a_step_that_waits_for_a_retry_takes_along_what_its_calls_came_to() -> None:
    desk = Desk(broken(), limited(), answered("Hi."))
    timer = await desk.first_call()
    desk.clock.advance(1)
    [again] = (await desk.handler.handle(make_firing(timer), NoState())).timers
    assert desk.hold.stop_of(fired(again).record) == "moves"
    outcome = await desk.hold.settle(fired(again))
    event = moved(outcome).event
    assert isinstance(event, StepDispatched)
    assert event.begun is not None
    assert (event.begun.calls, event.begun.failed, event.begun.limited, event.begun.provider_s) == (2, 1, 1, 4.0)
    assert event.decided.causes == (PLACE,)
    seen = await see_through(desk.handler, arriving(outcome), desk.clock)
    attempt, completed = (output.event for output in seen.emitted)
    assert isinstance(completed, StepCompleted)
    assert (completed.attempts, completed.provider_s) == (3, 6.0)
    assert getattr(attempt, "number", None) == 3
    [cause] = completed.decided.causes
    assert (cause.partition, cause.offset) == (0, 3), "what follows names the place to which it was moved"


async def test_a_move_burns_no_attempt_and_gives_none_back() -> None:
    desk = Desk(broken())
    outcome = await desk.hold.settle(fired(await desk.first_call()))
    seen = await see_through(desk.handler, arriving(outcome), desk.clock)
    assert isinstance(end := seen.emitted[-1].event, StepCompleted)
    assert end.failure is not None
    assert (end.attempts, len(desk.provider.asked)) == (3, 3)


async def test_a_step_that_is_moved_twice_or_waits_in_between_forgets_nothing() -> None:
    desk = Desk(broken(), broken(), answered("Hi."))
    first = await desk.hold.settle(fired(await desk.first_call()))
    second = await desk.hold.settle(arriving(first, partition=3))
    before, after = moved(first).event, moved(second).event
    assert isinstance(before, StepDispatched)
    assert isinstance(after, StepDispatched)
    assert before.begun == after.begun is not None
    [timer] = (await desk.handler.handle(arriving(second, partition=1), NoState())).timers
    third = moved(await desk.hold.settle(fired(timer, partition=5))).event
    assert isinstance(third, StepDispatched)
    assert third.begun is not None
    assert (third.begun.calls, third.begun.failed) == (2, 2)


async def test_time_between_two_places_is_not_of_the_retry_window() -> None:
    desk = Desk(broken(), answered("Hi."))
    outcome = await desk.hold.settle(fired(await desk.first_call()))
    desk.clock.advance(86_400)
    seen = await see_through(desk.handler, arriving(outcome), desk.clock)
    assert isinstance(end := seen.emitted[-1].event, StepCompleted)
    assert (end.failure, end.attempts) == (None, 2)


async def test_refusals_of_a_step_alone_are_remembered() -> None:
    desk = Desk()
    at = desk.clock.now() - timedelta(seconds=4)
    begun = Begun(
        calls=2,
        cost_usd=None,
        provider_s=1.0,
        unbilled=True,
        started_at=at,
        failed=0,
        limited=0,
        refused=1,
        refused_at=at,
    )
    delivery = deliver(STEP)
    assert isinstance(delivery.event, StepDispatched)
    event = moved(await desk.hold.settle(replace(delivery, event=delivery.event.model_copy(update={"begun": begun}))))
    assert isinstance(event.event, StepDispatched)
    assert event.event.begun is not None
    assert event.event.begun.model_copy(update={"started_at": at}) == begun


async def test_what_is_cancelled_ends_where_it_lies_and_what_is_paused_waits_there() -> None:
    desk, delivery = Desk(), deliver(STEP)
    assert delivery.event is not None
    delivery = replace(delivery, record=delivery.record._replace(value=encode(delivery.event)))
    await desk.brake("pause")
    assert desk.hold.stop_of(delivery.record) == "waits"
    [timer] = (await desk.hold.settle(delivery)).timers
    await desk.brake("resume")
    assert desk.hold.stop_of(fired(timer).record) == "moves"
    await desk.brake("cancel")
    assert desk.hold.stop_of(fired(timer).record) == "ends"
    end = moved(await desk.hold.settle(fired(timer))).event
    assert isinstance(end, StepCompleted)
    assert end.failure is not None
    assert end.failure.reason == "cancelled"


async def test_whoever_watches_the_hold_is_told_when_other_partitions_are_used() -> None:
    desk, changed = Desk(), asyncio.Event()
    end: Callable[[], None] = desk.hold.watch(changed.set)
    desk.active.change(1)
    assert changed.is_set()
    changed.clear()
    await desk.brake("pause")
    assert changed.is_set()
    changed.clear()
    end()
    desk.active.change(2)
    await desk.brake("resume")
    assert not changed.is_set()
