"""Makes valid events, answers and deliveries for the tests of the cache."""

import hashlib
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.common import CacheMode, Cause, Decided, Event, Inline, JobClass, JobHead, Usage
from headchef_contracts.events.semantic import Marks
from headchef_contracts.events.steps import (
    Answer,
    Message,
    ModelRequest,
    Step,
    StepPlanned,
)

from headchef.brakes import BrakesInForce
from headchef.cache.store import Sought, StoredAnswer
from headchef.cache.waiting import CancelledWaiters, Coalescing, Leaders, WaitPolicy
from headchef.runtime.log.port import Record
from headchef.runtime.processor import Delivery
from headchef.runtime.telemetry.metrics import Metrics
from tests.support.manual_clock import START

CAUSE = Cause(topic="jobs.submitted", partition=0, offset=7)
SETTLED = Cause(topic="cache.settled", partition=2, offset=40)
DECIDED = Decided(at=START, seed=0, catalog_version="c1", policy_version="router-1", causes=(CAUSE,))


def make_fingerprint(prompt: str = "Describe the car.", tenant: str = "default") -> str:
    return hashlib.sha256(f"{tenant}\n{prompt}".encode()).hexdigest()


def make_sought(prompt: str = "Describe the car.", tenant: str = "default") -> Sought:
    return Sought(tenant, make_fingerprint(prompt, tenant))


def make_step(
    prompt: str = "Describe the car.",
    *,
    tenant: str = "default",
    job_id: str = "job-2",
    cache: CacheMode = "exact",
    lane: str = "default",
    job_class: JobClass = "interactive",
    deadline: datetime | None = None,
) -> Step:
    return Step(
        job=JobHead(
            job_id=job_id,
            tenant=tenant,
            job_class=job_class,
            home_partition=0,
            deadline=deadline,
            submitted_at=START,
        ),
        fingerprint=make_fingerprint(prompt, tenant),
        prompt_sha256=hashlib.sha256(prompt.encode()).hexdigest(),
        request=ModelRequest(model="small", lane=lane, messages=(Message(role="user", content=Inline(inline=prompt)),)),
        cache=cache,
        catalog_version="c1",
    )


def make_planned(
    prompt: str = "Describe the car.",
    *,
    tenant: str = "default",
    job_id: str = "job-2",
    cache: CacheMode = "exact",
    lane: str = "default",
    job_class: JobClass = "interactive",
    deadline: datetime | None = None,
) -> StepPlanned:
    step = make_step(
        prompt, tenant=tenant, job_id=job_id, cache=cache, lane=lane, job_class=job_class, deadline=deadline
    )
    return StepPlanned(step=step, decided=DECIDED)


def make_answer(text: str = "A fine car.", *, finish_reason: str = "stop") -> Answer:
    return Answer(
        output=Inline(inline=text),
        finish_reason=finish_reason,
        provider_model="small-2026",
        usage=Usage(input_tokens=30, output_tokens=9),
    )


def make_settled(
    prompt: str = "Describe the car.",
    *,
    tenant: str = "default",
    verdict: Literal["accepted", "rejected", "failed", "cancelled"] = "accepted",
    finish_reason: str = "stop",
    job_id: str = "job-1",
    planned_s: float = 0.0,
    marks: Marks | None = None,
) -> CacheSettled:
    return CacheSettled(
        fingerprint=make_fingerprint(prompt, tenant),
        tenant=tenant,
        verdict=verdict,
        answer=make_answer(finish_reason=finish_reason) if verdict == "accepted" else None,
        model="small",
        source_job_id=job_id,
        cost_usd=Decimal("0.00150"),
        settled_at=START,
        planned_at=START + timedelta(seconds=planned_s),
        marks=marks,
        decided=DECIDED,
    )


def make_stored(
    prompt: str = "Describe the car.",
    *,
    tenant: str = "default",
    text: str = "A fine car.",
    expires_at: datetime | None = None,
    cost_usd: Decimal | None = Decimal("0.00150"),
    fingerprint: str | None = None,
    marks: Marks | None = None,
) -> StoredAnswer:
    return StoredAnswer(
        fingerprint=fingerprint or make_fingerprint(prompt, tenant),
        tenant=tenant,
        answer=make_answer(text),
        model="small",
        source_job_id="job-1",
        cost_usd=cost_usd,
        settled_at=START,
        expires_at=expires_at,
        settled=SETTLED,
        planned_at=START,
        marks=marks,
    )


def deliver(event: Event, *, topic: str | None = None, offset: int = 0) -> Delivery:
    if topic is None:
        topic = "cache.settled" if isinstance(event, CacheSettled) else "steps.planned"
    return Delivery(
        topic=topic,
        event=event,
        event_id=f"event-{offset}",
        record=Record(f"headchef.{topic}.v1", 2, offset, 0, None, b"{}", ()),
        partitions=4,
        received_at=START,
    )


class NoState:
    """Nobody waits, and nothing is kept."""

    edition: object = None

    def get(self, store: str, key: bytes) -> bytes | None:
        return None


def make_coalescing(policy: WaitPolicy | None = None, *, most: int = 1_000) -> Coalescing:
    brakes = BrakesInForce("cache", Metrics())
    return Coalescing(policy or WaitPolicy(), Leaders(most), CancelledWaiters(brakes))
