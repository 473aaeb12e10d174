"""Calls the function that a step of a workflow names, and tells the job's owner what came of it.

Consumes calls.planned; produces calls.ended. A call that is delivered again is made again: functions must bear that.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from headchef_contracts.events.calls import CallEnded, CallFailure, CallPlanned
from headchef_contracts.events.common import Decided, Inline

from headchef.functions.workshop import CallFailed
from headchef.runtime.clock import Clock
from headchef.runtime.errors import InvariantBroken
from headchef.runtime.processor import Delivery, Emit, Outcome, State
from headchef.runtime.telemetry.metrics import Metrics

POLICY_VERSION = "functions/1"

_OUT_OF_REACH = "the arguments are not in the event, and cannot be had from the object store that HEADCHEF_BODIES names"


class Calling(Protocol):
    """Who calls functions, such as `Workshop`."""

    async def call(self, name: str, arguments: Mapping[str, Any], timeout_s: float) -> Any:
        """Call a function by its name, and give the JSON that it gave. Raises CallFailed where there is none."""
        ...


class FunctionsHandler:
    """Handles one call at a time, several at once.

    Args:
        calling: calls functions.
        clock: for deadlines, and for how long calls took.
        metrics: takes how long, and what came of them.
    """

    def __init__(self, *, calling: Calling, clock: Clock, metrics: Metrics) -> None:
        self._calling = calling
        self._clock = clock
        self._metrics = metrics

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        """Make one call: what the function gave, or why it gave nothing.

        Raises:
            InvariantBroken: the topic held another event.
        """
        event = delivery.event
        if not isinstance(event, CallPlanned):
            raise InvariantBroken(f"{delivery.topic} holds {type(event).__name__}, expected CallPlanned")
        began_s = self._clock.monotonic()
        came: Inline | CallFailure
        try:
            came = Inline(inline=await self._called(event))
        except CallFailed as failed:
            came = CallFailure(reason=failed.reason, message=failed.message)
        duration_s = max(0.0, self._clock.monotonic() - began_s)
        outcome = came.reason if isinstance(came, CallFailure) else "ok"
        self._metrics.record("headchef.function.duration", duration_s, {"function": event.function, "outcome": outcome})
        ended = self._ended(delivery, event, came, duration_s)
        return Outcome((Emit("calls.ended", ended, event.job.home_partition),))

    async def _called(self, event: CallPlanned) -> Any:
        if event.arguments_reference is not None:
            raise CallFailed("body_missing", _OUT_OF_REACH)
        deadline = event.job.deadline
        if deadline is not None and deadline <= self._clock.now():
            raise CallFailed("deadline_exceeded", f"the deadline {deadline} had passed before the call")
        if event.deadline is not None and event.deadline <= self._clock.now():
            raise CallFailed("step_budget_exceeded", f"the time of the step had passed at {event.deadline}")
        return await self._calling.call(event.function, event.arguments, event.timeout_s)

    def _ended(
        self, delivery: Delivery, event: CallPlanned, came: Inline | CallFailure, duration_s: float
    ) -> CallEnded:
        decided = Decided(
            at=self._clock.now(),
            seed=0,
            catalog_version=None,
            policy_version=POLICY_VERSION,
            causes=(delivery.cause,),
        )
        known: dict[str, Any] = {"failure" if isinstance(came, CallFailure) else "output": came}
        if event.item is not None:
            known["item"] = event.item
        return CallEnded(
            job=event.job,
            workflow=event.workflow,
            step_id=event.step_id,
            duration_s=duration_s,
            decided=decided,
            **known,
        )
