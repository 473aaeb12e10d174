"""Calls the function that a step of a workflow names, and tells the job's owner what came of it.

Consumes calls.planned; produces calls.ended. A call that is delivered again is made again: functions must bear that.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from headchef_contracts.events.calls import CallEnded, CallFailure, CallPlanned
from headchef_contracts.events.common import Inline

from headchef.errands import Errand, ErrandFailed, Errands
from headchef.functions.workshop import CallFailed
from headchef.runtime.clock import Clock
from headchef.runtime.processor import Delivery, Outcome, State
from headchef.runtime.telemetry.metrics import Metrics

_ERRAND = Errand(
    planned=CallPlanned,
    ended=CallEnded,
    failure=CallFailure,
    topic="calls.ended",
    duration="headchef.function.duration",
    labels=lambda event: {"function": event.function},
    policy_version="functions/1",
    beginning="the call",
)

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
        self._errands = Errands(_ERRAND, self._called, clock, metrics)

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        """Make one call: what the function gave, or why it gave nothing.

        Raises:
            InvariantBroken: the topic held another event.
        """
        return await self._errands.handle(delivery)

    async def _called(self, event: CallPlanned) -> Mapping[str, Any]:
        if event.arguments_reference is not None:
            raise ErrandFailed("body_missing", _OUT_OF_REACH)
        try:
            came = await self._calling.call(event.function, event.arguments, event.timeout_s)
        except CallFailed as failed:
            raise ErrandFailed(failed.reason, failed.message) from failed
        return {"output": Inline(inline=came)}
