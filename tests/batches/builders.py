"""Events of batches for tests: results, refusals, and what an account is told."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from headchef_contracts.events.batches import BatchCounted
from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import Cause, Finding, Inline, Usage
from headchef_contracts.events.jobs import Failure, JobFinished, JobRefused, JobStatus, Provenance, Timing

from tests.support.builders import NOON, make_decided, make_head

SHA = "ab" * 32
FINDING = Finding(check="chars", path="/title", message="has 81 characters; at most 60 are right")
TOKENS = Usage(input_tokens=10, output_tokens=5)


def make_finished(
    job_id: str = "job-1",
    *,
    status: JobStatus = "ok",
    cost: str | None = "0.25",
    finished_at: datetime = NOON + timedelta(seconds=2),
    **head: Any,
) -> JobFinished:
    """Give a job's result; `head` are fields of the job, a batch by default."""
    failed = status in ("failed", "cancelled")
    return JobFinished(
        job=make_head(job_id, **({"batch_id": "spring"} | head)),
        status=status,
        output=None if failed else Inline(inline="A fine car."),
        failure=Failure(reason="timeout", message="30 s") if failed else None,
        usage=TOKENS,
        cost_usd=None if cost is None else Decimal(cost),
        cache=CacheUse(kind="miss"),
        provenance=Provenance(prompt_sha256=SHA, fingerprint=SHA, model="small", catalog_version="test", attempts=1),
        findings=(FINDING,) if status == "rejected" else (),
        timing=Timing(submitted_at=NOON, finished_at=finished_at, provider_s=1),
        decided=make_decided(),
    )


def make_refused(job_id: str | None = "job-1", *, offset: int = 0, **fields: Any) -> JobRefused:
    """Give the refusal of a job of a batch, or of a record in which no job id can be read."""
    known: dict[str, Any] = {"run": 0, "tenant": None, "batch_id": "spring"}
    return JobRefused(
        job_id=job_id,
        reason="invalid",
        field="prompt",
        message="must be a string",
        source=Cause(topic="jobs.submitted", partition=0, offset=offset),
        dead_letter_topic="jobs.submitted.dlq",
        decided=make_decided(),
        **(known | fields),
    )


def make_counted(job_id: str | None = "job-1", **fields: Any) -> BatchCounted:
    """Give what an account is told of a job."""
    known: dict[str, Any] = {
        "tenant": "default",
        "batch_id": "spring",
        "status": "ok",
        "cost_usd": Decimal("0.25"),
        "usage": TOKENS,
        "submitted_at": NOON,
        "ended_at": NOON + timedelta(seconds=2),
    }
    return BatchCounted(job_id=job_id, decided=make_decided(), **(known | fields))


def newest(told: Sequence[BatchCounted]) -> dict[str | None, BatchCounted]:
    """Give of each job what counts in the end: results before refusals, newer content, newer runs."""
    kept: dict[str | None, BatchCounted] = {}
    for each in sorted(told, key=lambda it: (it.status != "refused", it.revision, it.run)):
        kept[each.job_id] = each
    return kept
