"""A handler of dispatched steps with its fakes, for tests of what comes of them."""

from collections.abc import Sequence
from random import Random

from headchef_contracts import registry
from headchef_contracts.events.steps import AttemptRecorded, Step, StepCompleted

from headchef.bodies import Bodies
from headchef.brakes import Brakes
from headchef.catalogue import Catalogue
from headchef.executor.handler import ExecutorHandler
from headchef.executor.policy import RetryPolicy
from headchef.executor.provider import Reply
from headchef.runtime.permit import Permit
from headchef.runtime.processor import Emit
from tests.executor.fakes import (
    OpenPermit,
    ScriptedProvider,
    Unlimited,
    answered,
    deliver,
    equipped,
    make_catalogue,
    see_through,
)
from tests.support.manual_clock import ManualClock
from tests.support.recorded_metrics import RecordedMetrics


class Kitchen:
    """A handler with its fakes."""

    def __init__(
        self,
        *script: Reply,
        catalogue: Catalogue | None = None,
        permit: Permit | None = None,
        clock: ManualClock | None = None,
        bodies: Bodies | None = None,
    ) -> None:
        self.clock = clock or ManualClock()
        self.provider = ScriptedProvider(script or (answered(),), self.clock)
        self.metrics = RecordedMetrics()
        self.pauses_s: list[float] = []
        self.permit = permit or OpenPermit()
        self.handler = ExecutorHandler(
            lane="default",
            equip=equipped(catalogue or make_catalogue(), self.provider),
            retry=RetryPolicy(max_attempts=3, window_s=300),
            clock=self.clock,
            random=Random(1),
            permit=self.permit,
            brakes=Brakes(),
            quota=Unlimited(),
            metrics=self.metrics,
            bodies=bodies,
        )

    async def handle(self, step: Step | None = None) -> tuple[list[AttemptRecorded], StepCompleted]:
        seen = await see_through(self.handler, deliver(step), self.clock)
        self.pauses_s = seen.pauses_s
        return events_of(seen.emitted)


def events_of(emitted: Sequence[Emit]) -> tuple[list[AttemptRecorded], StepCompleted]:
    """Take apart what was emitted, and see that each event keeps its contract on the wire."""
    attempts: list[AttemptRecorded] = []
    completed: list[StepCompleted] = []
    for output in emitted:
        event = output.event
        assert registry.decode(event.event_type, event.version, registry.encode(event)) == event
        if isinstance(event, AttemptRecorded):
            assert output.topic == "attempts.recorded"
            attempts.append(event)
        else:
            assert isinstance(event, StepCompleted)
            assert output.topic == "steps.completed"
            completed.append(event)
    assert emitted[-1].event is completed[0]
    assert len(completed) == 1
    return attempts, completed[0]


def outcomes(attempts: Sequence[AttemptRecorded]) -> list[str]:
    return [attempt.outcome for attempt in attempts]


def reason(completed: StepCompleted) -> str | None:
    return completed.failure.reason if completed.failure else None
