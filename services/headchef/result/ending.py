"""Writes the event that ends a job, under one id whichever processor writes it, and measures it; or ends a step."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from headchef_contracts.events.common import Body, Decided, Finding, JobHead
from headchef_contracts.events.jobs import Failure, JobFinished, Provenance, Timing, Tried
from headchef_contracts.events.steps import Ended, EndStatus, Step, StepCompleted

from headchef import judgements
from headchef.result.totals import total
from headchef.runtime.processor import Emit
from headchef.runtime.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Ending:
    """What a job ends with.

    Attributes:
        status: of the result, or of the step.
        output: what came out, or what the model said; None where nothing did.
        findings: why it was rejected.
        failure: why there is no answer.
    """

    status: EndStatus
    output: Body | None = None
    findings: tuple[Finding, ...] = ()
    failure: Failure | None = None


def finish(step: Step, last: StepCompleted | Tried, ending: Ending, *, at: datetime, decided: Decided) -> JobFinished:
    """Write the result of a job, with what all its plans came to.

    Args:
        step: as it was planned last; tells which models were tried before.
        last: what that plan came to.
        ending: what the job ends with.
        at: the time.
        decided: from what.
    """
    came = total((*step.tried, last))
    answer = last.answer if isinstance(last, StepCompleted) else None
    return JobFinished(
        job=step.job,
        status=ending.status,
        output=ending.output,
        findings=ending.findings,
        failure=ending.failure,
        usage=came.usage,
        cost_usd=came.cost_usd,
        cache=last.cache,
        provenance=Provenance(
            prompt_sha256=step.prompt_sha256,
            fingerprint=step.fingerprint,
            model=step.request.model,
            provider_model=answer.provider_model if answer else None,
            catalog_version=step.catalog_version,
            attempts=came.attempts,
            tried=step.tried,
        ),
        timing=Timing(submitted_at=step.job.submitted_at, finished_at=at, provider_s=came.provider_s),
        decided=decided,
    )


def ended(step: Step, last: StepCompleted | Tried, ending: Ending) -> Ended:
    """Say what a workflow's step ended with, with what all its plans came to; what is not set is not written."""
    came = total((*step.tried, last))
    why: dict[str, Any] = {"findings": ending.findings} if ending.findings else {}
    if ending.failure is not None:
        why["failure"] = ending.failure
    return Ended(
        status=ending.status,
        output=ending.output,
        cache=last.cache,
        usage=came.usage,
        cost_usd=came.cost_usd,
        attempts=came.attempts,
        provider_s=came.provider_s,
        **why,
    )


def publish(finished: JobFinished, metrics: Metrics, homes: int) -> Emit:
    """Address a result, and measure it; that of a judgement goes to the pool that wants it, and to nobody else.

    Args:
        finished: the result.
        metrics: takes how long it took.
        homes: accounts are kept in so many partitions, the first ones.
    """
    if (account := finished.job.judgement_of) is not None:
        judged = judgements.ended(finished, account, homes)
        metrics.count("headchef.judgements", attributes={"outcome": finished.status})
        return judged
    _measure(finished, metrics)
    return Emit("jobs.finished", finished, identity=_identity(finished.job))


def _measure(finished: JobFinished, metrics: Metrics) -> None:
    job_class, timing = finished.job.job_class, finished.timing
    model = finished.provenance.model or "unknown"
    metrics.count("headchef.jobs.finished", attributes={"status": finished.status, "model": model})
    # The publisher's clock may be ahead of ours.
    duration_s = max(0.0, (timing.finished_at - timing.submitted_at).total_seconds())
    metrics.record("headchef.job.duration", duration_s, {"status": finished.status, "class": job_class})
    overhead_s = max(0.0, duration_s - timing.provider_s)
    metrics.record("headchef.job.overhead", overhead_s, {"class": job_class})


def _identity(job: JobHead) -> str:
    """Name the job: at least once it may be finished by a model's answer, and again from the cache, or by a router."""
    return "\0".join((job.tenant, job.job_id, str(job.run), str(job.revision), job.conversation_id or ""))
