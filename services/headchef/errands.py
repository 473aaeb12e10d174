"""Does what a step of a workflow needs of somebody else, and tells the job's owner what came of it.

One event comes, one goes. What is delivered again is done again.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from headchef_contracts.events.common import Decided, Event, JobHead, Part

from headchef.runtime.clock import Clock
from headchef.runtime.errors import InvariantBroken
from headchef.runtime.processor import Delivery, Emit, Outcome
from headchef.runtime.telemetry.measures import HistogramName
from headchef.runtime.telemetry.metrics import Metrics


class Planned(Protocol):
    """What all events have in common that plan an errand."""

    @property
    def job(self) -> JobHead:
        """Whose step it is."""
        ...

    @property
    def workflow(self) -> str:
        """With its version."""
        ...

    @property
    def step_id(self) -> str:
        """Of the workflow."""
        ...

    @property
    def item(self) -> str | None:
        """Of the step, if it is run for several."""
        ...

    @property
    def deadline(self) -> datetime | None:
        """Of the step."""
        ...


P = TypeVar("P", bound=Planned)


class ErrandFailed(Exception):
    """Nothing came of it.

    Args:
        reason: in a word.
        message: what happened, and what would be right.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


@dataclass(frozen=True, slots=True)
class Errand(Generic[P]):
    """A kind of errand.

    Attributes:
        planned: the event that comes.
        ended: makes the event that goes.
        failure: makes its field `failure`, of reason and message.
        topic: of the events that go.
        duration: the histogram of how long it took.
        labels: of that, beside what came of it.
        policy_version: of the decisions.
        beginning: what must not happen after a deadline, such as `the call`.
    """

    planned: type[P]
    ended: Callable[..., Event]
    failure: Callable[..., Part]
    topic: str
    duration: HistogramName
    labels: Callable[[P], Mapping[str, str]]
    policy_version: str
    beginning: str


class Errands(Generic[P]):
    """Does errands of one kind.

    Args:
        errand: the kind.
        do: does one, and gives the fields of its end. Raises ErrandFailed.
        clock: for deadlines, and for how long errands took.
        metrics: takes how long, and what came of them.
    """

    def __init__(
        self, errand: Errand[P], do: Callable[[P], Awaitable[Mapping[str, Any]]], clock: Clock, metrics: Metrics
    ) -> None:
        self._errand = errand
        self._do = do
        self._clock = clock
        self._metrics = metrics

    async def handle(self, delivery: Delivery) -> Outcome:
        """Do one errand: what came of it, or why nothing did.

        Raises:
            InvariantBroken: the topic held another event.
        """
        errand, event = self._errand, delivery.event
        if not isinstance(event, errand.planned):
            expected = errand.planned.__name__
            raise InvariantBroken(f"{delivery.topic} holds {type(event).__name__}, expected {expected}")
        began_s = self._clock.monotonic()
        known: dict[str, Any] = {} if event.item is None else {"item": event.item}
        outcome = "ok"
        try:
            self._check_time(event)
            known |= await self._do(event)
        except ErrandFailed as failed:
            outcome = failed.reason
            known["failure"] = errand.failure(reason=failed.reason, message=failed.message)
        duration_s = max(0.0, self._clock.monotonic() - began_s)
        self._metrics.record(errand.duration, duration_s, {**errand.labels(event), "outcome": outcome})
        ended = errand.ended(
            job=event.job,
            workflow=event.workflow,
            step_id=event.step_id,
            duration_s=duration_s,
            decided=Decided(
                at=self._clock.now(),
                seed=0,
                catalog_version=None,
                policy_version=errand.policy_version,
                causes=(delivery.cause,),
            ),
            **known,
        )
        return Outcome((Emit(errand.topic, ended, event.job.home_partition),))

    def _check_time(self, event: P) -> None:
        now = self._clock.now()
        if event.job.deadline is not None and event.job.deadline <= now:
            message = f"the deadline {event.job.deadline} had passed before {self._errand.beginning}"
            raise ErrandFailed("deadline_exceeded", message)
        if event.deadline is not None and event.deadline <= now:
            raise ErrandFailed("step_budget_exceeded", f"the time of the step had passed at {event.deadline}")
