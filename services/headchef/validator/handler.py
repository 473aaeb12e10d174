"""The last station: judges completed steps, ends their jobs, settles what the cache may keep.

Consumes steps.completed; produces jobs.finished and cache.settled, or steps.judged for a reused answer that is refused.
"""

from datetime import datetime
from typing import Literal, assert_never

from headchef_contracts.events.common import Body, Decided, Inline, JobHead
from headchef_contracts.events.jobs import JobFinished, JobStatus, Provenance, Timing
from headchef_contracts.events.steps import CacheSettled, StepCompleted, StepJudged

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
        finished = _finished(event, verdict, now, decided)
        self._measure(finished)
        outputs = [Emit("jobs.finished", finished, identity=_identity(finished.job))]
        if not reused:
            outputs.append(Emit("cache.settled", _settled(event, verdict, now, decided)))
        return Outcome(tuple(outputs))

    def _measure(self, finished: JobFinished) -> None:
        job_class, timing = finished.job.job_class, finished.timing
        model = finished.provenance.model or "unknown"
        self._metrics.count("headchef.jobs.finished", attributes={"status": finished.status, "model": model})
        # The publisher's clock may be ahead of ours.
        duration_s = max(0.0, (timing.finished_at - timing.submitted_at).total_seconds())
        self._metrics.record("headchef.job.duration", duration_s, {"status": finished.status, "class": job_class})
        overhead_s = max(0.0, duration_s - timing.provider_s)
        self._metrics.record("headchef.job.overhead", overhead_s, {"class": job_class})


def _identity(job: JobHead) -> str:
    """Name the job: at least once it may be finished by a model's answer, and again by the same one from the cache."""
    return "\0".join((job.tenant, job.job_id, str(job.run), str(job.revision), job.conversation_id or ""))


def _handed_back(event: StepCompleted, verdict: Rejected | Failed, decided: Decided) -> Emit:
    judged = StepJudged(step=event.step, verdict="hit_refused", findings=findings_of(verdict), decided=decided)
    return Emit("steps.judged", judged, event.step.job.home_partition)


def _finished(event: StepCompleted, verdict: Verdict, now: datetime, decided: Decided) -> JobFinished:
    step = event.step
    return JobFinished(
        job=step.job,
        status=_status(verdict),
        output=_output(verdict),
        findings=verdict.findings if isinstance(verdict, Rejected) else (),
        failure=verdict.failure if isinstance(verdict, Failed) else None,
        usage=event.usage,
        cost_usd=event.cost_usd,
        cache=event.cache,
        provenance=Provenance(
            prompt_sha256=step.prompt_sha256,
            fingerprint=step.fingerprint,
            model=step.request.model,
            provider_model=event.answer.provider_model if event.answer else None,
            catalog_version=step.catalog_version,
            attempts=event.attempts,
        ),
        timing=Timing(submitted_at=step.job.submitted_at, finished_at=now, provider_s=event.provider_s),
        decided=decided,
    )


def _status(verdict: Verdict) -> JobStatus:
    match verdict:
        case Accepted():
            return "ok"
        case Rejected():
            return "rejected"
        case Failed():
            return "failed"
        case _:
            assert_never(verdict)


def _output(verdict: Verdict) -> Body | None:
    match verdict:
        case Accepted(output):
            return Inline(inline=output)
        case Rejected(said):
            return Inline(inline=said)
        case Failed():
            return None
        case _:
            assert_never(verdict)


_SETTLED: dict[JobStatus, Literal["accepted", "rejected", "failed"]] = {
    "ok": "accepted",
    "rejected": "rejected",
    "failed": "failed",
}


def _settled(event: StepCompleted, verdict: Verdict, now: datetime, decided: Decided) -> CacheSettled:
    return CacheSettled(
        fingerprint=event.step.fingerprint,
        tenant=event.step.job.tenant,
        verdict=_SETTLED[_status(verdict)],
        answer=event.answer if isinstance(verdict, Accepted) else None,
        model=event.step.request.model,
        source_job_id=event.step.job.job_id,
        cost_usd=event.cost_usd,
        settled_at=now,
        decided=decided,
    )
