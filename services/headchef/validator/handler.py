"""The last station: judges completed steps, ends their jobs, settles what the cache may keep.

Consumes steps.completed; produces jobs.finished and cache.settled. What needs another plan goes back by steps.judged: a
reused answer that is refused, and a step whose model failed while there are others to ask.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, assert_never

from headchef_contracts.events.common import Decided, Inline
from headchef_contracts.events.jobs import Failure, JobStatus, Tried
from headchef_contracts.events.steps import CacheSettled, StepCompleted, StepJudged

from headchef.result import Ending, finish, publish
from headchef.runtime.clock import Clock
from headchef.runtime.errors import InvariantBroken
from headchef.runtime.processor import Delivery, Emit, Outcome, State
from headchef.runtime.telemetry.metrics import Metrics
from headchef.schema import SchemaCache
from headchef.validator.policy import (
    POLICY_VERSION,
    Accepted,
    Failed,
    JudgingPolicy,
    Rejected,
    Verdict,
    another_may_answer,
    findings_of,
    judge,
)


class ValidatorHandler:
    """Handles one completed step at a time, in order.

    Args:
        clock: for the time of verdicts.
        metrics: counts verdicts and findings, and times jobs.
        schemas: compiles output schemas.
        policy: limits of what is looked at.
    """

    def __init__(self, *, clock: Clock, metrics: Metrics, schemas: SchemaCache, policy: JudgingPolicy) -> None:
        self._clock = clock
        self._metrics = metrics
        self._schemas = schemas
        self._policy = policy

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        """Give a step's verdict."""
        event = delivery.event
        if not isinstance(event, StepCompleted):
            raise InvariantBroken(f"the validator reads completed steps, not {type(event).__name__}")
        verdict = judge(event, self._schemas, self._policy)
        now = self._clock.now()
        decided = Decided(at=now, seed=0, catalog_version=None, policy_version=POLICY_VERSION, causes=(delivery.cause,))
        if isinstance(verdict, Rejected):
            for finding in verdict.findings:
                self._metrics.count("headchef.findings", attributes={"check": finding.check})
        reused = event.cache.kind == "exact" and event.answer is not None
        if reused and not isinstance(verdict, Accepted):
            return Outcome((_handed_back(event, verdict, decided),))
        if isinstance(verdict, Failed) and another_may_answer(event.step, verdict.failure):
            outputs = [_failed(event, verdict.failure, decided)]
        else:
            finished = finish(event.step, event, _ending(verdict), at=now, decided=decided)
            outputs = [publish(finished, self._metrics)]
        if not reused:
            outputs.append(Emit("cache.settled", _settled(event, verdict, now, decided)))
        return Outcome(tuple(outputs))


def _handed_back(event: StepCompleted, verdict: Rejected | Failed, decided: Decided) -> Emit:
    judged = StepJudged(step=event.step, verdict="hit_refused", findings=findings_of(verdict), decided=decided)
    return Emit("steps.judged", judged, event.step.job.home_partition)


def _failed(event: StepCompleted, failure: Failure, decided: Decided) -> Emit:
    step = event.step
    tried = Tried(
        plan=step.plan,
        model=step.request.model,
        lane=step.request.lane,
        failure=failure,
        cache=event.cache,
        usage=event.usage,
        cost_usd=event.cost_usd,
        attempts=event.attempts,
        provider_s=event.provider_s,
    )
    judged = StepJudged(step=step, verdict="failed", findings=(), failed=tried, decided=decided)
    return Emit("steps.judged", judged, step.job.home_partition)


def _ending(verdict: Verdict) -> Ending:
    match verdict:
        case Accepted(output):
            return Ending("ok", Inline(inline=output))
        case Rejected(said, findings):
            return Ending("rejected", Inline(inline=said), findings)
        case Failed(failure):
            return Ending("cancelled" if failure.reason == "cancelled" else "failed", failure=failure)
        case _:
            assert_never(verdict)


_SETTLED: Mapping[JobStatus, Literal["accepted", "rejected", "failed", "cancelled"]] = {
    "ok": "accepted",
    "rejected": "rejected",
    "failed": "failed",
    "cancelled": "cancelled",
}


def _settled(event: StepCompleted, verdict: Verdict, now: datetime, decided: Decided) -> CacheSettled:
    return CacheSettled(
        fingerprint=event.step.fingerprint,
        tenant=event.step.job.tenant,
        verdict=_SETTLED[_ending(verdict).status],
        answer=event.answer if isinstance(verdict, Accepted) else None,
        model=event.step.request.model,
        source_job_id=event.step.job.job_id,
        cost_usd=event.cost_usd,
        settled_at=now,
        decided=decided,
    )
