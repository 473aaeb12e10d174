"""Writes down what the calls of one step came to: an event for each attempt, and the one that completes the step."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from headchef_contracts.events.common import Decided, Inline, Usage
from headchef_contracts.events.jobs import Failure
from headchef_contracts.events.steps import Answer, AttemptRecorded, StepCompleted, StepDispatched

from headchef.catalogue import Model
from headchef.executor.policy import GiveUp
from headchef.executor.pricing import cost_of, total_cost, total_usage
from headchef.executor.provider import Answered, Faulted, Reply

_FREE_STATUS = 400
"""Providers bill no call that they refuse with this status or a higher one."""


@dataclass(slots=True)
class StepRecord:
    """The calls of one step so far.

    Attributes:
        dispatched: what was to be done.
        model: as the catalogue has it; None where it does not.
        catalog_version: of the catalogue in force.
        attempts: one event a call.
        unbilled: whether every call without usage is known to be free.
    """

    dispatched: StepDispatched
    model: Model | None
    catalog_version: str
    attempts: list[AttemptRecorded] = field(default_factory=list)
    unbilled: bool = True

    def add(self, reply: Reply, *, started_at: datetime, duration_s: float, decided: Decided) -> AttemptRecorded:
        """Record one call.

        Args:
            reply: what came of it.
            started_at: when it began, UTC.
            duration_s: how long it took.
            decided: from what, and when.
        """
        step, model = self.dispatched.step, self.model
        prices = model.prices if model else None
        fault = reply if isinstance(reply, Faulted) else None
        attempt = AttemptRecorded(
            job=step.job,
            step_id=step.step_id,
            plan=step.plan,
            number=len(self.attempts) + 1,
            model=step.request.model,
            lane=step.request.lane,
            provider=model.provider if model else "unknown",
            outcome=fault.outcome if fault else "answered",
            status_code=reply.status_code,
            message=fault.message if fault else None,
            provider_request_id=reply.request_id,
            usage=reply.usage,
            cost_usd=cost_of(reply.usage, prices),
            price_version=self.catalog_version if prices else None,
            started_at=started_at,
            duration_s=duration_s,
            decided=decided,
        )
        self.attempts.append(attempt)
        if reply.usage is None and (reply.status_code is None or reply.status_code < _FREE_STATUS):
            self.unbilled = False
        return attempt

    def complete(self, end: Answered | GiveUp, decided: Decided) -> StepCompleted:
        """Write the event that completes the step, with an answer or a failure."""
        step, prices = self.dispatched.step, self.model.prices if self.model else None
        known = bool(prices) or not self.attempts
        usage = total_usage(attempt.usage for attempt in self.attempts)
        return StepCompleted(
            step=step,
            cache=self.dispatched.cache,
            answer=_answer(end) if isinstance(end, Answered) else None,
            failure=Failure(reason=end.reason, message=end.message) if isinstance(end, GiveUp) else None,
            usage=usage,
            cost_usd=self._cost() if known else None,
            attempts=len(self.attempts),
            provider_s=sum(attempt.duration_s for attempt in self.attempts),
            decided=decided,
        )

    def _cost(self) -> Decimal | None:
        return total_cost([attempt.cost_usd for attempt in self.attempts], unbilled=self.unbilled)


def _answer(reply: Answered) -> Answer:
    return Answer(
        output=Inline(inline=reply.text),
        finish_reason=reply.finish_reason,
        provider_model=reply.provider_model,
        usage=reply.usage or Usage(),
    )
