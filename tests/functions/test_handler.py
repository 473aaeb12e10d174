"""What follows from a planned call: one event, with what the function gave or why it gave nothing."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from headchef_contracts.events.calls import CallEnded, CallFailure, CallPlanned
from headchef_contracts.events.common import Cause, Inline
from headchef_contracts.registry import decode, encode

from headchef.functions import CallFailed
from headchef.functions.handler import Calling, FunctionsHandler
from headchef.runtime.errors import InvariantBroken
from headchef.runtime.processor import Emit
from headchef.runtime.telemetry.metrics import Metrics
from tests.support.builders import NOON, make_call, make_completed, make_delivery, make_head
from tests.support.manual_clock import ManualClock
from tests.support.recorded_metrics import RecordedMetrics


class NoState:
    edition = None

    def get(self, store: str, key: bytes) -> bytes | None:
        raise AssertionError(f"the processor has no state, and asks {store} for {key!r}")


class Bench:
    """Calls no process: gives back what it was given after a while, and knows one function that fails."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock

    async def call(self, name: str, arguments: Mapping[str, Any], timeout_s: float) -> Any:
        self._clock.advance(1.5)
        if name == "fail":
            raise CallFailed("raised", "fail raised KeyError: 'x'")
        return {"name": name, "arguments": arguments, "timeout_s": timeout_s}


async def emitted(event: CallPlanned, metrics: Metrics | None = None, calling: Calling | None = None) -> Emit:
    clock = ManualClock(NOON)
    handler = FunctionsHandler(calling=calling or Bench(clock), clock=clock, metrics=metrics or Metrics())
    outcome = await handler.handle(make_delivery(event, topic="calls.planned", value=b"{}", offset=4), NoState())
    [output] = outcome.outputs
    assert isinstance(output, Emit)
    assert (outcome.changes, outcome.timers) == ((), ())
    return output


async def ended(event: CallPlanned, metrics: Metrics | None = None) -> CallEnded:
    output = await emitted(event, metrics)
    assert isinstance(output.event, CallEnded)
    assert decode(output.event.event_type, 1, encode(output.event)) == output.event
    return output.event


async def test_what_a_function_gave_goes_to_the_owner_of_the_job() -> None:
    planned = make_call("guide.join", item="a", timeout_s=3.0, job=make_head(home_partition=2))
    output = await emitted(planned)
    assert (output.topic, output.partition) == ("calls.ended", 2)
    came = await ended(planned)
    assert (came.job, came.workflow, came.step_id, came.item) == (planned.job, "guide@1", "page", "a")
    gave = {"name": "guide.join", "arguments": {"parts": ["a", "b"]}, "timeout_s": 3.0}
    assert (came.output, came.failure) == (Inline(inline=gave), None)
    assert came.duration_s == 1.5
    assert came.decided.at == NOON + timedelta(seconds=1.5)
    assert came.decided.causes == (Cause(topic="calls.planned", partition=0, offset=4),)


async def test_why_it_gave_nothing_does_too() -> None:
    came = await ended(make_call("fail"))
    assert (came.output, came.item) == (None, None)
    assert came.failure == CallFailure(reason="raised", message="fail raised KeyError: 'x'")
    assert came.duration_s == 1.5


@pytest.mark.parametrize(("left_s", "begins"), [(-1, False), (0, False), (1, True)])
async def test_no_call_begins_after_the_deadline_of_its_job(left_s: float, begins: bool) -> None:
    came = await ended(make_call(job=make_head(deadline=NOON + timedelta(seconds=left_s))))
    assert came.duration_s == (1.5 if begins else 0)
    assert (came.failure is None) == begins
    if came.failure is not None:
        assert came.failure.reason == "deadline_exceeded"
        assert "had passed before the call" in came.failure.message


@pytest.mark.parametrize(("left_s", "begins"), [(-1, False), (0, False), (1, True)])
async def test_no_call_begins_after_the_time_of_its_step(left_s: float, begins: bool) -> None:
    came = await ended(make_call(deadline=NOON + timedelta(seconds=left_s)))
    assert (came.failure is None) == begins
    assert begins or (came.failure is not None and came.failure.reason == "step_budget_exceeded")


async def test_calls_are_timed_by_function_and_outcome() -> None:
    metrics = RecordedMetrics()
    for function in ("guide.join", "fail", "fail"):
        await ended(make_call(function), metrics)
    assert metrics.values == {
        ("headchef.function.duration", (("function", "guide.join"), ("outcome", "ok"))): [1.5],
        ("headchef.function.duration", (("function", "fail"), ("outcome", "raised"))): [1.5, 1.5],
    }


async def test_another_event_is_no_call() -> None:
    clock = ManualClock(NOON)
    handler = FunctionsHandler(calling=Bench(clock), clock=clock, metrics=Metrics())
    with pytest.raises(InvariantBroken, match="expected CallPlanned"):
        await handler.handle(make_delivery(make_completed(), topic="calls.planned", value=b"{}"), NoState())
