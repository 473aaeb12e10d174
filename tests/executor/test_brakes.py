"""Steps under a brake: no call begins, nothing that was paid is forgotten, and each goes on or ends as it is told."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import orjson
import pytest

from headchef_contracts.events.steps import AttemptRecorded, StepCompleted
from headchef_contracts.registry import encode

from headchef.brakes import BrakesInForce
from headchef.executor.handler import ExecutorHandler
from headchef.executor.hold import StepHold
from headchef.executor.lane.active import ActivePartitions
from headchef.executor.policy import RetryPolicy
from headchef.executor.provider import Call, Reply
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
    make_catalogue,
    make_dispatched,
    see_through,
)
from tests.support.braking import make_brake
from tests.support.builders import NOON, make_firing, make_head, make_record, make_step
from tests.support.manual_clock import ManualClock
from tests.support.recorded_metrics import RecordedMetrics

JOB = make_head("job-9", tenant="acme", batch_id="spring", labels={"team": "blue"})
STEP = make_step("Say hi.", job=JOB)


class Desk:
    """A handler and its hold; its provider may set a brake in the middle of a call."""

    def __init__(self, *script: Reply) -> None:
        desk = self

        class Braking(ScriptedProvider):
            async def ask(self, call: Call) -> Reply:
                await desk.take(*desk.during)
                return await super().ask(call)

        class Permit(OpenPermit):
            async def wait(self) -> None:
                await desk.take(*desk.before)

        self.during: list[str] = []
        self.before: list[str] = []
        self.clock, self.quota = ManualClock(), Unlimited()
        self.provider = Braking(script or [answered("Hi.")], self.clock)
        self.in_force = BrakesInForce("executor.default", RecordedMetrics())
        self.handler = ExecutorHandler(
            lane="default",
            equip=equipped(make_catalogue(), self.provider),
            retry=RetryPolicy(max_attempts=3, window_s=300),
            clock=self.clock,
            random=Random(1),
            permit=Permit(),
            brakes=self.in_force.brakes,
            quota=self.quota,
            metrics=RecordedMetrics(),
        )
        self.hold = StepHold(self.in_force, ActivePartitions(), self.handler)

    async def take(self, *actions: str) -> None:
        for action in actions:
            await self.in_force.take(make_brake(action, set_at=self.clock.now(), because="wrong prices"))  # type: ignore[arg-type]  # a word

    async def handle(self, delivery: Delivery) -> Outcome:
        return await self.handler.handle(delivery, NoState())


def written(delivery: Delivery) -> Delivery:
    """Give a delivery with the bytes that its record has on the log."""
    assert delivery.event is not None
    return replace(delivery, record=delivery.record._replace(value=encode(delivery.event)))


def end_of(outcome: Outcome) -> StepCompleted:
    [completed] = [output.event for output in outcome.outputs if isinstance(output, Emit)]
    assert isinstance(completed, StepCompleted)
    return completed


def timer_of(outcome: Outcome) -> Timer:
    assert outcome.outputs == ()
    [timer] = outcome.timers
    return timer


async def test_a_paused_step_waits_as_a_timer_until_it_may_be_called() -> None:
    desk, delivery = Desk(), written(deliver(STEP))
    assert desk.hold.stop_of(delivery.record) is None
    await desk.take("pause")
    assert desk.hold.stop_of(delivery.record) == "waits"
    timer = timer_of(await desk.hold.settle(delivery))
    assert timer.due == desk.clock.now(), "it goes off as soon as it may"
    firing = make_firing(timer)
    assert desk.hold.stop_of(firing.record) == "waits"
    desk.clock.advance(86_400)
    await desk.take("resume")
    assert desk.hold.stop_of(firing.record) is None
    seen = await see_through(desk.handler, firing, desk.clock)
    assert [type(output.event) for output in seen.emitted] == [AttemptRecorded, StepCompleted]


async def test_time_under_a_pause_is_not_of_the_retry_window() -> None:
    desk = Desk(broken(), answered("Hi."))
    timer = timer_of(await desk.hold.settle(deliver(STEP)))
    desk.clock.advance(86_400)
    firing = replace(make_firing(timer), received_at=desk.clock.now())
    seen = await see_through(desk.handler, firing, desk.clock)
    assert isinstance(end := seen.emitted[-1].event, StepCompleted)
    assert (end.failure, end.attempts) == (None, 2)


async def test_a_brake_that_comes_between_the_door_and_the_call_is_heeded() -> None:
    desk = Desk()
    desk.before = ["pause"]
    timer = timer_of(await desk.handle(deliver(STEP)))
    assert timer.due > desk.clock.now(), "one that has gone off must not be due again at the same moment"
    desk.before = ["cancel"]
    assert end_of(await desk.handle(make_firing(timer))).attempts == 0
    assert (desk.provider.asked, desk.quota.calls) == ([], [])


async def test_a_cancelled_step_ends_without_a_call_and_says_who_and_why() -> None:
    desk, delivery = Desk(), written(deliver(STEP))
    await desk.take("pause", "cancel")
    assert desk.hold.stop_of(delivery.record) == "ends"
    for outcome in (await desk.hold.settle(delivery), await desk.handle(delivery)):
        end = end_of(outcome)
        assert end.failure is not None
        assert end.failure.reason == "cancelled"
        assert end.failure.message == "tenant=acme was cancelled by ann@desk-7: wrong prices"
        assert (end.attempts, end.cost_usd, end.answer) == (0, Decimal(0), None)
        assert (outcome.timers, end.decided.causes) == ((), (delivery.cause,))
    assert desk.provider.asked == []


async def test_a_step_that_waited_for_a_retry_ends_with_what_it_has_cost() -> None:
    desk = Desk(broken(), answered("Hi."))
    outcome = await desk.handle(deliver(STEP))
    [timer], [attempt] = outcome.timers, outcome.outputs
    assert isinstance(attempt, Emit)
    await desk.take("pause")
    firing = make_firing(timer)
    assert desk.hold.stop_of(firing.record) == "waits"
    await desk.take("cancel")
    assert desk.hold.stop_of(firing.record) == "ends"
    end = end_of(await desk.hold.settle(firing))
    assert (end.attempts, end.provider_s, len(desk.provider.asked)) == (1, 2.0, 1)


async def test_a_call_under_way_ends_and_counts() -> None:
    desk = Desk(answered("Hi."))
    desk.during = ["cancel"]
    seen = await see_through(desk.handler, deliver(STEP), desk.clock)
    assert isinstance(end := seen.emitted[-1].event, StepCompleted)
    assert end.answer is not None
    failing = Desk(broken(), answered("Hi."))
    failing.during = ["cancel"]
    seen = await see_through(failing.handler, deliver(STEP), failing.clock)
    assert isinstance(end := seen.emitted[-1].event, StepCompleted)
    assert end.failure is not None
    assert (end.failure.reason, end.attempts, len(failing.provider.asked)) == ("cancelled", 1, 1)


async def test_what_is_submitted_after_a_cancel_runs() -> None:
    desk = Desk()
    await desk.take("cancel")
    again = make_step("Say hi.", job=JOB.model_copy(update={"submitted_at": NOON + timedelta(days=1)}))
    assert desk.hold.stop_of(written(deliver(again)).record) is None
    seen = await see_through(desk.handler, deliver(again), desk.clock)
    assert isinstance(end := seen.emitted[-1].event, StepCompleted)
    assert end.answer is not None


async def test_a_deadline_holds_under_a_pause() -> None:
    desk = Desk()
    await desk.take("pause")
    late = make_step("Say hi.", job=JOB.model_copy(update={"deadline": desk.clock.now() + timedelta(seconds=5)}))
    timer = timer_of(await desk.hold.settle(deliver(late)))
    desk.clock.advance(6)
    for outcome in (await desk.hold.settle(make_firing(timer)), await desk.handle(make_firing(timer))):
        end = end_of(outcome)
        assert end.failure is not None
        assert end.failure.reason == "deadline_exceeded"


async def test_what_is_lifted_before_it_is_settled_goes_off_by_itself() -> None:
    desk, delivery = Desk(), deliver(STEP)
    timer = timer_of(await desk.hold.settle(delivery))
    firing = make_firing(timer)
    again = timer_of(await desk.hold.settle(firing))
    assert again.due > timer.due
    assert (await see_through(desk.handler, make_firing(again), desk.clock)).emitted


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"not json",
        b"[]",
        b'{"step": 7}',
        b'{"step": {"job": {"tenant": "acme", "submitted_at": "at noon"}}}',
        b'{"step": {"job": {"tenant": "acme", "submitted_at": "2026-11-22T12:00:00"}}}',
        b'{"step": {"job": {"tenant": ["acme"], "labels": [1], "job_id": {}}}}',
        b'{"v":1}\n',
    ],
)
async def test_what_is_no_step_is_not_cancelled(value: bytes | None) -> None:
    desk = Desk()
    await desk.take("cancel")
    assert desk.hold.stop_of(make_record(value)) is None


@pytest.mark.parametrize(
    "scope", [{"tenant": "acme"}, {"batch_id": "spring"}, {"labels": {"team": "blue"}}, {"lane": "default"}]
)
async def test_the_hold_sees_each_scope_in_the_record(scope: dict[str, Any]) -> None:
    desk = Desk()
    await desk.in_force.take(make_brake("pause", **scope))
    assert desk.hold.stop_of(written(deliver(STEP)).record) == "waits"
    other = make_step("Say hi.", job=make_head("other"), lane="other")
    assert desk.hold.stop_of(written(deliver(other)).record) is None


async def test_a_job_of_the_default_tenant_need_not_name_it() -> None:
    desk = Desk()
    await desk.in_force.take(make_brake("pause", tenant="default", job_id="job-1"))
    data = orjson.loads(encode(make_dispatched(make_step("Say hi."))))
    assert "tenant" not in data["step"]["job"]
    assert desk.hold.stop_of(written(deliver(make_step("Say hi."))).record) == "waits"


async def test_whoever_watches_the_hold_is_told_of_each_brake() -> None:
    desk, changed = Desk(), asyncio.Event()
    desk.hold.watch(changed.set)
    await desk.take("pause")
    assert changed.is_set()


async def test_a_cancelled_step_is_not_said_to_have_failed_for_another_reason() -> None:
    desk = Desk()
    await desk.take("cancel")
    late = JOB.model_copy(update={"deadline": desk.clock.now() - timedelta(seconds=1)})
    for step in (make_step("Say hi.", job=JOB, model="gone"), make_step("Say hi.", job=late)):
        end = end_of(await desk.handle(deliver(step)))
        assert end.failure is not None
        assert end.failure.reason == "cancelled"
