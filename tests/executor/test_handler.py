"""A dispatched step in, its attempts and its completion out."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Literal

import pytest

from headchef_contracts.events.common import Inline, Parameters

from headchef.executor.provider import Faulted, Turn
from headchef.runtime.errors import InvariantBroken, UnknownVersion
from headchef.runtime.processor import Emit
from tests.executor.fakes import (
    NoState,
    OpenPermit,
    answered,
    broken,
    deliver,
    limited,
    make_catalogue,
    make_model,
    see_through,
    timed_out,
)
from tests.executor.kitchen import Kitchen, events_of, outcomes, reason
from tests.support.builders import make_delivery, make_firing, make_head, make_planned, make_step


async def test_an_answer_completes_the_step() -> None:
    step = make_step("Say hi.", job=make_head("job-9", tenant="acme"), plan=2)
    kitchen = Kitchen(answered("Hi."))
    started_at = kitchen.clock.now()
    attempts, completed = await kitchen.handle(step)

    assert completed.step == step
    assert completed.answer is not None
    assert completed.answer.output == Inline(inline="Hi.")
    assert (completed.answer.finish_reason, completed.answer.provider_model) == ("stop", "small-1-2026")
    assert (completed.attempts, completed.provider_s, completed.failure) == (1, 2.0, None)
    assert completed.cost_usd == attempts[0].cost_usd == Decimal("0.00021")
    assert completed.usage == completed.answer.usage == attempts[0].usage
    assert (completed.decided.catalog_version, completed.decided.seed) == ("v1", 0)
    assert [(cause.topic, cause.partition, cause.offset) for cause in completed.decided.causes] == [
        ("steps.dispatched.default", 2, 7)
    ]
    (attempt,) = attempts
    assert (attempt.job, attempt.step_id, attempt.plan, attempt.number) == (step.job, "main", 2, 1)
    assert (attempt.model, attempt.lane, attempt.provider) == ("small", "default", "acme")
    assert (attempt.outcome, attempt.status_code, attempt.message) == ("answered", 200, None)
    assert (attempt.provider_request_id, attempt.price_version) == ("req-1", "v1")
    assert (attempt.started_at, attempt.duration_s) == (started_at, 2.0)


async def test_the_model_is_asked_what_the_step_says() -> None:
    kitchen = Kitchen()
    await kitchen.handle(make_step("Say hi.", output_schema={"type": "object"}, parameters=Parameters(temperature=0.5)))
    (question,) = kitchen.provider.questions
    assert question.model.provider_model == "small-1"
    assert question.turns == [Turn("user", "Say hi.")]
    assert question.output_schema == {"type": "object"}
    assert question.parameters.temperature == 0.5


async def test_every_attempt_is_recorded_and_the_step_sums_them_up() -> None:
    kitchen = Kitchen(limited(20), broken(), timed_out(), answered())
    attempts, completed = await Kitchen(limited(20), broken(), answered()).handle()
    assert outcomes(attempts) == ["rate_limited", "server_error", "answered"]
    assert [attempt.number for attempt in attempts] == [1, 2, 3]
    assert [attempt.cost_usd for attempt in attempts] == [None, None, Decimal("0.00021")]
    assert (completed.attempts, completed.provider_s) == (3, 6.0)
    assert completed.cost_usd == Decimal("0.00021")
    await kitchen.handle()
    assert kitchen.pauses_s[0] == 20
    assert kitchen.provider.asked == [b"hi"] * 4
    assert isinstance(kitchen.permit, OpenPermit)
    assert kitchen.permit.given == 4


async def test_the_step_fails_when_its_attempts_are_used_up() -> None:
    attempts, completed = await Kitchen(broken()).handle()
    assert outcomes(attempts) == ["server_error"] * 3
    assert reason(completed) == "provider_unavailable"
    assert completed.answer is None
    assert completed.cost_usd == 0


async def test_429s_use_up_no_attempt_and_are_waited_out() -> None:
    attempts, completed = await Kitchen(*[limited(50)] * 20, broken(), answered()).handle()
    assert outcomes(attempts) == ["rate_limited"] * 20 + ["server_error", "answered"]
    assert completed.answer is not None


@pytest.mark.parametrize("outcome", ["length", "refusal"])
async def test_length_and_refusal_are_never_sent_again(outcome: Literal["length", "refusal"]) -> None:
    usage = answered().usage
    attempts, completed = await Kitchen(Faulted(outcome, "no", outcome, 200, None, "req-4", usage)).handle()
    assert outcomes(attempts) == [outcome]
    assert reason(completed) == outcome
    assert completed.cost_usd == Decimal("0.00021")
    assert completed.usage == usage


async def test_a_cost_that_is_not_known_is_null() -> None:
    _, unpriced = await Kitchen(catalogue=make_catalogue(make_model(prices=None))).handle()
    attempts, unreported = await Kitchen(answered(usage=None)).handle()
    _, lost = await Kitchen(timed_out()).handle()
    assert (unpriced.cost_usd, unreported.cost_usd, lost.cost_usd) == (None, None, None)
    assert (attempts[0].usage, attempts[0].cost_usd) == (None, None)


async def test_an_unknown_model_fails_the_step_without_a_call() -> None:
    kitchen = Kitchen()
    attempts, completed = await kitchen.handle(make_step(model="gone"))
    assert (attempts, kitchen.provider.asked) == ([], [])
    assert reason(completed) == "unknown_model"
    assert completed.failure is not None
    assert "'gone'" in completed.failure.message


async def test_a_model_of_another_lane_is_not_called_here() -> None:
    kitchen = Kitchen(catalogue=make_catalogue(make_model(lane="fast")))
    _, completed = await kitchen.handle()
    assert reason(completed) == "unknown_model"
    assert kitchen.provider.asked == []


async def test_no_call_begins_without_a_permit() -> None:
    class ClosedPermit:
        def __init__(self) -> None:
            self.asked = asyncio.Event()
            self.opened = asyncio.Event()

        async def wait(self) -> None:
            self.asked.set()
            await self.opened.wait()

    permit = ClosedPermit()
    kitchen = Kitchen(permit=permit)
    step = make_step(job=make_head(deadline=kitchen.clock.now() + timedelta(seconds=5)))
    handling = asyncio.create_task(kitchen.handle(step))
    await permit.asked.wait()
    assert kitchen.provider.asked == []
    kitchen.clock.advance(5)
    permit.opened.set()
    _, completed = await handling
    assert reason(completed) == "deadline_exceeded"
    assert kitchen.provider.asked == []


async def test_the_same_delivery_again_gives_the_same_events() -> None:
    first, second = Kitchen(), Kitchen()
    assert await first.handler.handle(deliver(), NoState()) == await second.handler.handle(deliver(), NoState())


async def test_a_step_that_waits_holds_no_place_and_forgets_nothing() -> None:
    kitchen = Kitchen(limited(20), broken(), answered())
    first = await kitchen.handler.handle(deliver(), NoState())
    assert [type(output) for output in first.outputs] == [Emit], "the attempt is on record before the next begins"
    [timer] = first.timers
    assert timer.due == kitchen.clock.now() + timedelta(seconds=20)
    kitchen.clock.advance(20)
    elsewhere = Kitchen(broken(), answered(), clock=kitchen.clock)
    seen = await see_through(elsewhere.handler, make_firing(timer), kitchen.clock)
    attempts, completed = events_of(seen.emitted)
    assert [attempt.number for attempt in attempts] == [2, 3]
    assert (completed.attempts, completed.provider_s, completed.cost_usd) == (3, 6.0, Decimal("0.00021"))
    assert completed.decided.causes == (deliver().cause,)


async def test_a_waiting_step_of_a_newer_program_is_left_alone() -> None:
    [timer] = (await Kitchen(limited(20)).handler.handle(deliver(), NoState())).timers
    for ours, newer in ((b'"v":1', b'"v":2'), (b'"dispatched":1', b'"dispatched":9')):
        assert ours in timer.payload
        firing = make_firing(replace(timer, payload=timer.payload.replace(ours, newer, 1)))
        with pytest.raises(UnknownVersion, match="upgrade this executor first"):
            await Kitchen().handler.handle(firing, NoState())


async def test_another_event_breaks_an_invariant() -> None:
    with pytest.raises(InvariantBroken, match="StepPlanned"):
        await Kitchen().handler.handle(make_delivery(make_planned(), topic="steps.dispatched.default"), NoState())


async def test_calls_are_measured() -> None:
    kitchen = Kitchen(limited(1), answered())
    await kitchen.handle()
    metrics = kitchen.metrics
    assert metrics.recorded("gen_ai.client.operation.duration") == [2.0, 2.0]
    assert metrics.recorded("gen_ai.client.token.usage") == [1000, 100]
    assert metrics.total("headchef.provider.attempts", outcome="rate_limited", lane="default", model="small") == 1
    assert metrics.total("headchef.provider.attempts", outcome="answered") == 1
    assert metrics.total("headchef.provider.cost", tenant="default") == pytest.approx(0.00021)
    assert metrics.reading("headchef.provider.in_flight") == [(0, {"lane": "default"})]
