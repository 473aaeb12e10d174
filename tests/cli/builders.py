"""Makes valid events of a job's life for the tests of the command line."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from headchef_contracts import cloudevents, registry
from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import Cause, Decided, Event, Finding, Inline, JobHead, Usage
from headchef_contracts.events.jobs import (
    Failure,
    JobFinished,
    JobRefused,
    JobStatus,
    JobSubmitted,
    Provenance,
    Timing,
    Tried,
)
from headchef_contracts.events.output import OutputSpec
from headchef_contracts.events.steps import (
    Answer,
    AttemptRecorded,
    Message,
    ModelRequest,
    Step,
    StepCompleted,
    StepDispatched,
    StepPlanned,
)

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SHA = "ab" * 32


def make_job(job_id: str = "j1", prompt: str = "Write about {{ input.name }}", **values: Any) -> JobSubmitted:
    return JobSubmitted(
        job_id=job_id,
        prompt=Inline(inline=prompt),
        input=Inline(inline=values or {"name": "Bolt"}),
        output=OutputSpec(json_schema={"type": "object"}),
    )


def decided(*causes: tuple[str, int, int]) -> Decided:
    named = tuple(Cause(topic=topic, partition=number, offset=offset) for topic, number, offset in causes)
    return Decided(
        at=START,
        seed=0,
        catalog_version="v1",
        policy_version="1",
        causes=named or (Cause(topic="steps.completed", partition=0, offset=0),),
    )


def head(job_id: str = "j1") -> JobHead:
    return JobHead(job_id=job_id, home_partition=0, submitted_at=START)


def make_finished(
    job_id: str = "j1",
    output: Any = None,
    *,
    status: JobStatus = "ok",
    cost_usd: Decimal | None = Decimal("0.0012"),
    hit_of: str | None = None,
    findings: tuple[Finding, ...] = (),
    failure: Failure | None = None,
    latency_s: float = 0.5,
    causes: tuple[tuple[str, int, int], ...] = (),
    tried: tuple[Tried, ...] = (),
) -> JobFinished:
    return JobFinished(
        job=head(job_id),
        status=status,
        output=None if output is None else Inline(inline=output),
        findings=findings,
        failure=failure,
        usage=Usage(input_tokens=100, output_tokens=50),
        cost_usd=cost_usd,
        cache=CacheUse(kind="exact" if hit_of else "miss", source_job_id=hit_of),
        provenance=Provenance(
            prompt_sha256=SHA,
            fingerprint=SHA,
            model="simulated",
            catalog_version="v1",
            attempts=0 if hit_of else 1,
            tried=tried,
        ),
        timing=Timing(submitted_at=START, finished_at=START + timedelta(seconds=latency_s), provider_s=0.4),
        decided=decided(*causes),
    )


def make_refused(job_id: str | None = "j1", field: str | None = "model") -> JobRefused:
    return JobRefused(
        job_id=job_id,
        reason="unknown_model",
        field=field,
        message="the catalogue has no model x",
        source=Cause(topic="jobs.submitted", partition=1, offset=7),
        dead_letter_topic="jobs.submitted.dlq",
        decided=decided(("jobs.submitted", 1, 7)),
    )


def make_step(job_id: str = "j1") -> Step:
    return Step(
        job=head(job_id),
        fingerprint=SHA,
        prompt_sha256=SHA,
        request=ModelRequest(
            model="simulated",
            lane="default",
            messages=(Message(role="user", content=Inline(inline="Write about Bolt")),),
        ),
    )


def make_planned(job_id: str = "j1", *causes: tuple[str, int, int]) -> StepPlanned:
    return StepPlanned(step=make_step(job_id), decided=decided(*causes))


def make_dispatched(job_id: str = "j1", *causes: tuple[str, int, int]) -> StepDispatched:
    return StepDispatched(step=make_step(job_id), cache=CacheUse(kind="miss"), decided=decided(*causes))


def make_attempt(job_id: str = "j1", *causes: tuple[str, int, int], number: int = 1) -> AttemptRecorded:
    return AttemptRecorded(
        job=head(job_id),
        step_id="main",
        plan=0,
        number=number,
        model="simulated",
        lane="default",
        provider="simulator",
        outcome="answered",
        status_code=200,
        usage=Usage(input_tokens=100, output_tokens=50),
        cost_usd=Decimal("0.0012"),
        price_version="v1",
        started_at=START,
        duration_s=0.4,
        decided=decided(*causes),
    )


def make_completed(job_id: str = "j1", *causes: tuple[str, int, int]) -> StepCompleted:
    return StepCompleted(
        step=make_step(job_id),
        cache=CacheUse(kind="miss"),
        answer=Answer(
            output=Inline(inline='{"title": "Bolt"}'),
            finish_reason="stop",
            usage=Usage(input_tokens=100, output_tokens=50),
        ),
        usage=Usage(input_tokens=100, output_tokens=50),
        cost_usd=Decimal("0.0012"),
        attempts=1,
        provider_s=0.4,
        decided=decided(*causes),
    )


def as_record(event: Event) -> tuple[bytes, tuple[tuple[str, bytes], ...]]:
    """Give the value and the headers of an event's record."""
    attributes = cloudevents.Attributes("e1", "/test", event.event_type, event.version, START)
    return registry.encode(event), cloudevents.to_headers(attributes)
