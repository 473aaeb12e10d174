"""The last station: judges completed steps, ends their jobs, settles what the cache may keep.

Consumes steps.completed; produces jobs.finished and cache.settled. What needs another plan goes back by steps.judged: a
reused answer that is refused, a step whose model failed while there are others to ask, and one whose answer failed its
checks while another may be asked for; and so does a workflow's step when it has ended. What a step took of its tenant's
budget, where that was reserved, it tells by budgets.booked; and by cache.observed, that an answer to another wording of
its question was reused and refused.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, assert_never

from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.common import Decided, Finding, Inline
from headchef_contracts.events.jobs import Failure, JobStatus, Tried
from headchef_contracts.events.steps import StepCompleted, StepJudged

from headchef.checks import Registry, in_short
from headchef.pooled import asker_of, observed
from headchef.result import Ending, ended, finish, publish
from headchef.runtime.clock import Clock
from headchef.runtime.errors import InvariantBroken
from headchef.runtime.processor import Delivery, Emit, Outcome, State
from headchef.runtime.telemetry.metrics import Metrics
from headchef.schema import SchemaCache
from headchef.validator.paid import paid_of
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
    may_be_repaired,
)


class ValidatorHandler:
    """Handles one completed step at a time, in order.

    Args:
        clock: for the time of verdicts.
        metrics: counts verdicts and findings, and times jobs.
        schemas: compiles output schemas.
        checks: those that steps may name.
        policy: limits of what is looked at.
        homes: accounts are kept in so many partitions, the first ones.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        metrics: Metrics,
        schemas: SchemaCache,
        checks: Registry,
        policy: JudgingPolicy,
        homes: int,
    ) -> None:
        self._clock = clock
        self._metrics = metrics
        self._schemas = schemas
        self._checks = checks
        self._policy = policy
        self._homes = homes

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        """Give a step's verdict."""
        event = delivery.event
        if not isinstance(event, StepCompleted):
            raise InvariantBroken(f"the validator reads completed steps, not {type(event).__name__}")
        verdict = judge(event, self._schemas, self._checks, self._policy)
        now = self._clock.now()
        decided = Decided(at=now, seed=0, catalog_version=None, policy_version=POLICY_VERSION, causes=(delivery.cause,))
        if isinstance(verdict, Rejected):
            for finding in verdict.findings:
                self._metrics.count("headchef.findings", attributes={"check": finding.check})
        paid = self._paid(event, decided)
        reused = event.cache.reused and event.answer is not None
        if reused and not isinstance(verdict, Accepted):
            return Outcome((_handed_back(event, verdict, decided), *self._refused(event, verdict, decided), *paid))
        if isinstance(verdict, Failed) and another_may_answer(event.step, verdict.failure):
            outputs = [_judged(event, "failed", _tried(event, verdict.failure), decided)]
        elif isinstance(verdict, Rejected) and may_be_repaired(event.step, verdict):
            tried = _tried(event, Failure(reason="rejected", message=in_short(verdict.findings)), verdict.findings)
            outputs = [_judged(event, "rejected", tried, decided, verdict)]
        elif event.step.workflow is not None:
            outputs = [_ended(event, _ending(verdict), decided)]
        else:
            finished = finish(event.step, event, _ending(verdict), at=now, decided=decided)
            outputs = [publish(finished, self._metrics, self._homes)]
        if not reused:
            outputs.append(Emit("cache.settled", _settled(event, verdict, now, decided)))
        return Outcome((*outputs, *paid))

    def _refused(self, event: StepCompleted, verdict: Rejected | Failed, decided: Decided) -> Sequence[Emit]:
        """Tell the owner of the pool that an answer to another wording was no answer here."""
        step, nearest = event.step, event.cache.nearest
        if step.semantic is None or nearest is None or event.cache.kind != "semantic":
            return ()
        why = in_short(findings_of(verdict))
        about = (step.job.tenant, step.semantic, asker_of(step), nearest, decided, self._homes)
        return (observed("refused", *about, why=why),)

    def _paid(self, event: StepCompleted, decided: Decided) -> Sequence[Emit]:
        """Tell the account of the tenant what the step took, if anything was reserved for it."""
        paid = paid_of(event, decided)
        return () if paid is None else (Emit("budgets.booked", paid, among=self._homes),)


def _handed_back(event: StepCompleted, verdict: Rejected | Failed, decided: Decided) -> Emit:
    judged = StepJudged(step=event.step, verdict="hit_refused", findings=findings_of(verdict), decided=decided)
    return Emit("steps.judged", judged, event.step.job.home_partition)


def _ended(event: StepCompleted, ending: Ending, decided: Decided) -> Emit:
    judged = StepJudged(
        step=event.step, verdict="ended", findings=(), ended=ended(event.step, event, ending), decided=decided
    )
    return Emit("steps.judged", judged, event.step.job.home_partition)


def _judged(
    event: StepCompleted,
    word: Literal["failed", "rejected"],
    tried: Tried,
    decided: Decided,
    rejected: Rejected | None = None,
) -> Emit:
    said: dict[str, Any] = {"said": rejected.said} if rejected else {}
    judged = StepJudged(
        step=event.step,
        verdict=word,
        findings=rejected.findings if rejected else (),
        failed=tried,
        decided=decided,
        **said,
    )
    return Emit("steps.judged", judged, event.step.job.home_partition)


def _tried(event: StepCompleted, failure: Failure, findings: tuple[Finding, ...] = ()) -> Tried:
    """Say what a plan came to that is not the last; what is not set is not written."""
    step = event.step
    return Tried(
        plan=step.plan,
        model=step.request.model,
        lane=step.request.lane,
        failure=failure,
        cache=event.cache,
        usage=event.usage,
        cost_usd=event.cost_usd,
        attempts=event.attempts,
        provider_s=event.provider_s,
        **({"findings": findings} if findings else {}),
    )


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
    """Say what became of a question; what is not set is not written."""
    step = event.step
    known: dict[str, Any] = {
        "semantic": step.semantic,
        "asker": asker_of(step) if step.semantic else None,
        "marks": step.marks,
        "used": event.cache if event.cache.nearest else None,
    }
    return CacheSettled(
        fingerprint=event.step.fingerprint,
        tenant=event.step.job.tenant,
        verdict=_SETTLED[_ending(verdict).status],
        answer=event.answer if isinstance(verdict, Accepted) else None,
        model=event.step.request.model,
        source_job_id=event.step.job.job_id,
        cost_usd=event.cost_usd,
        settled_at=now,
        planned_at=event.step.job.submitted_at,
        decided=decided,
        **{name: value for name, value in known.items() if value is not None},
    )
