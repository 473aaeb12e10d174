"""How a step goes on in another partition of its lane: the event that moves it there, and what is read from it again.

A step that lies where its lane has no share any more cannot be paid for there. What came of its calls travels with it.
"""

from datetime import UTC, datetime

from headchef_contracts import topics
from headchef_contracts.events.common import Cause, Decided
from headchef_contracts.events.steps import Begun, StepDispatched

from headchef.executor.policy import Refusals, RetryState
from headchef.executor.record import Calls
from headchef.executor.waiting import Waiting
from headchef.runtime.processor import Emit


def moved(waiting: Waiting, lane: str, active: int, decided: Decided) -> Emit:
    """Dispatch a step again, as far as it has come, to one of the partitions that are in use.

    Args:
        waiting: the step.
        lane: whose topics it stays in.
        active: how many of their first partitions are in use.
        decided: names the record that dispatched it as the cause.
    """
    step = waiting.dispatched.step
    # What is not set is not written.
    begun = {"begun": _begun(waiting)} if waiting.calls.count else {}
    again = StepDispatched(step=step, cache=waiting.dispatched.cache, decided=decided, **begun)
    return Emit(topics.of_class(f"steps.dispatched.{lane}", step.job.job_class), again, among=active)


def arrived(dispatched: StepDispatched, cause: Cause, now: datetime) -> Waiting:
    """Give a step as it came, with what came of it before where it was moved.

    Args:
        dispatched: the event.
        cause: its record.
        now: the time; what has passed since the step was moved is not of its retry window.
    """
    begun, now_s = dispatched.begun, now.timestamp()
    if begun is None:
        return Waiting(dispatched, cause, RetryState(now_s), Calls())
    late_s = max(0.0, now_s - dispatched.decided.at.timestamp())
    last_s = None if begun.refused_at is None else begun.refused_at.timestamp()
    return Waiting(
        # The timer that it may come to wait as remembers what came of it by itself.
        dispatched.model_copy(update={"begun": None}),
        cause,
        RetryState(begun.started_at.timestamp() + late_s, begun.failed, begun.limited),
        Calls(begun.calls, begun.usage, begun.cost_usd, begun.provider_s, begun.unbilled),
        Refusals(begun.refused, last_s),
    )


def _begun(waiting: Waiting) -> Begun:
    calls, retry, refusals = waiting.calls, waiting.retry, waiting.refusals
    return Begun(
        calls=calls.count,
        usage=calls.usage,
        cost_usd=calls.cost_usd,
        provider_s=calls.duration_s,
        unbilled=calls.unbilled,
        started_at=_time(retry.started_s),
        failed=retry.failed,
        limited=retry.limited,
        refused=refusals.own,
        refused_at=None if refusals.last_s is None else _time(refusals.last_s),
    )


def _time(epoch_s: float) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)
