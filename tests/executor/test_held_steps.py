"""Steps of a lane or a model that stands still: they wait, lose no attempt, and go on in time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

import orjson

from headchef_contracts.events.steps import AttemptRecorded, StepCompleted

from headchef.brakes import Brakes
from headchef.executor.handler import ExecutorHandler
from headchef.executor.policy import RetryPolicy
from headchef.executor.provider import Faulted, Reply
from headchef.runtime.processor import Emit
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
    see_through,
)
from tests.support.builders import make_firing, make_head, make_step
from tests.support.manual_clock import ManualClock
from tests.support.recorded_metrics import RecordedMetrics

NO_KEY = Faulted("credentials", "the provider answered 401: no key", "credentials", 401, halts="credentials")


class Desk:
    """A handler at a lane whose words are set by hand."""

    def __init__(self, *script: Reply) -> None:
        self.clock, self.quota = ManualClock(), Unlimited()
        self.provider = ScriptedProvider(script, self.clock)
        self.handler = ExecutorHandler(
            lane="default",
            equip=equipped(make_catalogue(), self.provider),
            retry=RetryPolicy(max_attempts=2, window_s=300),
            clock=self.clock,
            random=Random(1),
            permit=OpenPermit(),
            brakes=Brakes(),
            quota=self.quota,
            metrics=RecordedMetrics(),
        )


def ended(emitted: Sequence[Emit]) -> tuple[list[str], StepCompleted]:
    """Give what the attempts came to, and the end."""
    events = [output.event for output in emitted]
    [completed] = [event for event in events if isinstance(event, StepCompleted)]
    return [event.outcome for event in events if isinstance(event, AttemptRecorded)], completed


async def test_refusals_burn_no_attempt_however_long_they_last() -> None:
    desk = Desk(*[NO_KEY] * 20, broken(), answered("Hi."))
    desk.quota.pause_s = 30
    seen = await see_through(desk.handler, deliver(), desk.clock)
    attempts, completed = ended(seen.emitted)
    assert attempts == ["credentials"] * 20 + ["server_error", "answered"]
    assert completed.answer is not None
    assert completed.attempts == 22
    assert seen.pauses_s[:20] == [30] * 20


async def test_a_step_whose_model_stands_still_is_not_called() -> None:
    desk = Desk(answered("Hi."))
    desk.quota.held["small"] = 12
    outcome = await desk.handler.handle(deliver(), NoState())
    [timer] = outcome.timers
    assert (outcome.outputs, timer.due) == ((), desk.clock.now() + timedelta(seconds=12))
    assert (desk.provider.asked, desk.quota.calls) == ([], [])
    desk.quota.held.clear()
    desk.clock.advance(12)
    attempts, completed = ended((await see_through(desk.handler, make_firing(timer), desk.clock)).emitted)
    assert attempts == ["answered"]
    assert completed.attempts == 1


async def test_what_a_step_waits_beyond_its_pause_is_not_of_its_window() -> None:
    desk = Desk(broken(), answered("Hi."))
    outcome = await desk.handler.handle(deliver(), NoState())
    [timer] = outcome.timers
    desk.clock.advance(3600)
    attempts, completed = ended((await see_through(desk.handler, make_firing(timer), desk.clock)).emitted)
    assert (attempts, completed.failure) == (["answered"], None)

    late = Desk(broken(), NO_KEY, broken())
    outcome = await late.handler.handle(deliver(), NoState())
    [timer] = outcome.timers
    late.clock.advance(3600)
    seen = await see_through(late.handler, make_firing(timer), late.clock)
    attempts, completed = ended(seen.emitted)
    assert attempts == ["credentials", "server_error"]
    assert completed.failure is not None
    assert "2 failed calls" in completed.failure.message


async def test_a_step_that_alone_is_refused_fails_and_says_so() -> None:
    desk = Desk(NO_KEY)
    desk.quota.answered["small"] = float("inf")
    attempts, completed = ended((await see_through(desk.handler, deliver(), desk.clock)).emitted)
    assert attempts == ["credentials"] * 4
    assert completed.failure is not None
    assert completed.failure.reason == "credentials"
    assert "while other calls were answered" in completed.failure.message


async def test_a_deadline_ends_the_wait_and_names_the_reason() -> None:
    desk = Desk(NO_KEY)
    head = make_head("job-9", deadline=desk.clock.now() + timedelta(seconds=10))
    seen = await see_through(desk.handler, deliver(make_step("Say hi.", job=head)), desk.clock)
    attempts, completed = ended(seen.emitted)
    assert len(attempts) == 4, "a call takes two seconds and a pause one, so the fourth begins after nine"
    assert completed.failure is not None
    assert completed.failure.reason == "deadline_exceeded"
    assert "no key" in completed.failure.message


async def test_a_step_that_the_release_before_put_off_goes_on() -> None:
    desk = Desk(broken(), answered("Hi."))
    [timer] = (await desk.handler.handle(deliver(), NoState())).timers
    line, _, event = timer.payload.partition(b"\n")
    head = orjson.loads(line)
    assert head.pop("refusals") == {"own": 0, "last_s": None}
    before = replace(timer, payload=orjson.dumps(head) + b"\n" + event)
    attempts, _ = ended((await see_through(desk.handler, make_firing(before), desk.clock)).emitted)
    assert attempts == ["answered"]
