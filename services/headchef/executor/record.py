"""Writes down what the calls of one step came to: an event for each attempt, and the one that completes the step."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from headchef_contracts.events.common import Decided, Inline, Usage
from headchef_contracts.events.jobs import Failure
from headchef_contracts.events.steps import Answer, AttemptRecorded, StepCompleted, StepDispatched

from headchef.catalogue import Model
from headchef.catalogue.pricing import cost_of, total_cost, uncached_cost_of
from headchef.executor.policy import GiveUp
from headchef.executor.provider import Answered, Faulted, Reply
from headchef.result import total_usage


@dataclass(frozen=True, slots=True)
class Calls:
    """What the calls of a step came to, summed up.

    Attributes:
        count: how many there were.
        usage: of those that reported it.
        cost_usd: of those whose cost is known; None if it is of none.
        duration_s: seconds spent inside them.
        unbilled: whether every call without usage is known to be free.
    """

    count: int = 0
    usage: Usage = field(default_factory=Usage)
    cost_usd: Decimal | None = None
    duration_s: float = 0.0
    unbilled: bool = True


@dataclass(slots=True)
class StepRecord:
    """The calls of one step, those before its last wait summed up.

    Attributes:
        dispatched: what was to be done.
        model: as the catalogue has it; None where it does not.
        catalog_version: of the catalogue in force.
        before: calls that are recorded already.
        attempts: one event a call since then.
    """

    dispatched: StepDispatched
    model: Model | None
    catalog_version: str
    before: Calls = field(default_factory=Calls)
    attempts: list[AttemptRecorded] = field(default_factory=list)

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
        item: dict[str, Any] = {} if step.item is None else {"item": step.item}
        attempt = AttemptRecorded(
            job=step.job,
            step_id=step.step_id,
            **item,
            plan=step.plan,
            number=self.before.count + len(self.attempts) + 1,
            model=step.request.model,
            lane=step.request.lane,
            provider=model.provider if model else "unknown",
            outcome=fault.outcome if fault else "answered",
            status_code=reply.status_code,
            message=fault.message if fault else None,
            provider_request_id=reply.request_id,
            usage=reply.usage,
            cost_usd=cost_of(reply.usage, prices),
            uncached_cost_usd=uncached_cost_of(reply.usage, prices),
            price_version=self.catalog_version if prices else None,
            started_at=started_at,
            duration_s=duration_s,
            decided=decided,
        )
        self.attempts.append(attempt)
        return attempt

    def sum_up(self) -> Calls:
        """Sum up all calls of the step."""
        before, attempts = self.before, self.attempts
        return Calls(
            count=before.count + len(attempts),
            usage=total_usage((before.usage, *(attempt.usage for attempt in attempts))),
            cost_usd=total_cost((before.cost_usd, *(attempt.cost_usd for attempt in attempts)), unbilled=False),
            duration_s=before.duration_s + sum(attempt.duration_s for attempt in attempts),
            unbilled=before.unbilled and all(map(_free, attempts)),
        )

    def complete(self, end: Answered | GiveUp, decided: Decided) -> StepCompleted:
        """Write the event that completes the step, with an answer or a failure."""
        step, prices = self.dispatched.step, self.model.prices if self.model else None
        calls = self.sum_up()
        known = bool(prices) or not calls.count
        return StepCompleted(
            step=step,
            cache=self.dispatched.cache,
            answer=_answer(end) if isinstance(end, Answered) else None,
            failure=Failure(reason=end.reason, message=end.message) if isinstance(end, GiveUp) else None,
            usage=calls.usage,
            cost_usd=total_cost([calls.cost_usd], unbilled=calls.unbilled) if known else None,
            attempts=calls.count,
            provider_s=calls.duration_s,
            decided=decided,
        )


def _free(attempt: AttemptRecorded) -> bool:
    """Say whether a call is known to cost nothing, or what it cost is on record."""
    return attempt.usage is not None or attempt.refused


def _answer(reply: Answered) -> Answer:
    return Answer(
        output=Inline(inline=reply.text),
        finish_reason=reply.finish_reason,
        provider_model=reply.provider_model,
        usage=reply.usage or Usage(),
    )
