"""Builds valid events and deliveries, each with one call; what a test is about is named, the rest is filled in."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import orjson

from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.calls import CallPlanned
from headchef_contracts.events.common import (
    CacheMode,
    Cause,
    Decided,
    Event,
    Finding,
    Inline,
    JobHead,
    Parameters,
    Usage,
)
from headchef_contracts.events.jobs import Failure, FailureReason, Tried
from headchef_contracts.events.reviews import ReviewAsked, ReviewClosed
from headchef_contracts.events.semantic import Nearest, SemanticQuestion
from headchef_contracts.events.steps import (
    Answer,
    Message,
    ModelRequest,
    Step,
    StepCompleted,
    StepJudged,
    StepPlanned,
)
from headchef_contracts.placement import home_partition

from headchef.runtime.log.port import Headers, Record
from headchef.runtime.processor import TIMERS, Delivery, Timer
from headchef.runtime.timers import event_id, fallen_due, gone_off

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PARTITIONS = 4


def make_job(job_id: str = "job-1", prompt: str = "hi", **fields: Any) -> dict[str, Any]:
    """Give a job as an upstream system writes it; `fields` are further ones, under their names in JSON."""
    return {"job_id": job_id, "prompt": prompt, **fields}


def make_head(job_id: str = "job-1", **fields: Any) -> JobHead:
    """Give what every event of a job repeats."""
    home = home_partition(job_id, fields.get("conversation_id"), PARTITIONS)
    known: dict[str, Any] = {"job_id": job_id, "home_partition": home, "submitted_at": NOON}
    return JobHead(**(known | fields))


def make_decided(**fields: Any) -> Decided:
    """Give what a decision was made from."""
    cause = Cause(topic="jobs.submitted", partition=0, offset=0)
    known: dict[str, Any] = {"at": NOON, "seed": 0, "catalog_version": "test", "policy_version": "test/1"}
    return Decided(**(known | {"causes": (cause,)} | fields))


def make_step(
    prompt: str = "hi",
    *,
    job: JobHead | None = None,
    output_schema: dict[str, Any] | None = None,
    model: str = "small",
    lane: str = "default",
    parameters: Parameters | None = None,
    cache: CacheMode = "exact",
    plan: int = 0,
    static_characters: int = 0,
    candidates: tuple[str, ...] = (),
    tried: tuple[Tried, ...] = (),
    **fields: Any,
) -> Step:
    """Give a step; its hashes follow from the prompt, the model and the schema."""
    asked = orjson.dumps([prompt, model, output_schema], option=orjson.OPT_SORT_KEYS)
    return Step(
        job=job or make_head(),
        plan=plan,
        fingerprint=sha256(asked).hexdigest(),
        prompt_sha256=sha256(prompt.encode()).hexdigest(),
        request=ModelRequest(
            model=model,
            lane=lane,
            messages=(Message(role="user", content=Inline(inline=prompt), static_characters=static_characters),),
            parameters=parameters or Parameters(),
            output_schema=output_schema,
        ),
        cache=cache,
        catalog_version="test",
        candidates=candidates,
        tried=tried,
        **fields,
    )


def make_semantic(text: str = "How do I pay?", **fields: Any) -> SemanticQuestion:
    """Give a question as it may be compared with others."""
    known: dict[str, Any] = {"max_wrong": 0.02, "mode": "serve", "explore": 0.05, "pool": "help"}
    return SemanticQuestion(**(known | {"scope": sha256(b"all else").hexdigest(), "text": text} | fields))


def make_nearest(job_id: str = "ask-1", **fields: Any) -> Nearest:
    """Give what was thought of the answer to the question of another job."""
    known: dict[str, Any] = {"score": 0.93, "features": (1.0, 0.93, 1.0, 0.1, 0.7, 0.93), "wrong": 0.012, "bound": 4}
    about = {"fingerprint": sha256(job_id.encode()).hexdigest(), "source_job_id": job_id, "choice": "serve"}
    return Nearest(**(known | about | {"embedder": "hashed-1/512", "pool": "help"} | fields))


def make_planned(prompt: str = "hi", **step: Any) -> StepPlanned:
    """Give a planned step; `step` goes to `make_step`."""
    return StepPlanned(step=make_step(prompt, **step), decided=make_decided())


def make_answer(text: str = "A fine car.", *, finish_reason: str = "stop", usage: Usage | None = None) -> Answer:
    """Give what a model said."""
    return Answer(
        output=Inline(inline=text),
        finish_reason=finish_reason,
        provider_model="small-2026",
        usage=usage or Usage(input_tokens=10, output_tokens=5),
    )


def make_completed(
    text: str = "A fine car.", *, step: Step | None = None, failure: Failure | None = None, **fields: Any
) -> StepCompleted:
    """Give a step with its answer, or with its failure."""
    known: dict[str, Any] = {
        "step": step or make_step(),
        "cache": CacheUse(kind="miss"),
        "answer": None if failure else make_answer(text),
        "failure": failure,
        "usage": Usage(input_tokens=10, output_tokens=5),
        "cost_usd": None,
        "attempts": 1,
        "provider_s": 0.5,
        "decided": make_decided(),
    }
    return StepCompleted(**(known | fields))


def make_tried(model: str = "small", reason: FailureReason = "timeout", **fields: Any) -> Tried:
    """Give what asking a model in vain came to."""
    known: dict[str, Any] = {
        "plan": 0,
        "model": model,
        "lane": "default",
        "failure": Failure(reason=reason, message="30 s"),
        "cache": CacheUse(kind="miss"),
        "usage": Usage(input_tokens=10, output_tokens=1),
        "cost_usd": Decimal("0.25"),
        "attempts": 4,
        "provider_s": 2.0,
    }
    return Tried(**(known | fields))


def make_failed(step: Step, tried: Tried | None = None) -> StepJudged:
    """Give a step whose model failed for good, handed back."""
    failed = tried or make_tried(step.request.model, plan=step.plan)
    return StepJudged(step=step, verdict="failed", findings=(), failed=failed, decided=make_decided())


def make_rejected(step: Step, said: str = "A bad answer.", *findings: Finding) -> StepJudged:
    """Give a step whose answer failed its checks, handed back."""
    found = findings or (Finding(check="chars", path="/title", message="has 80 characters"),)
    tried = make_tried(step.request.model, "rejected", plan=step.plan, findings=found)
    return StepJudged(step=step, verdict="rejected", findings=found, failed=tried, said=said, decided=make_decided())


def make_judged(step: Step | None = None) -> StepJudged:
    """Give a step whose reused answer was refused."""
    return StepJudged(step=step or make_step(), verdict="hit_refused", findings=(), decided=make_decided())


def make_call(function: str = "kitchen.join", **fields: Any) -> CallPlanned:
    """Give a call that a step makes."""
    known: dict[str, Any] = {
        "job": make_head(),
        "workflow": "guide@1",
        "step_id": "page",
        "function": function,
        "arguments": {"parts": ["a", "b"]},
        "timeout_s": 60.0,
        "decided": make_decided(),
    }
    return CallPlanned(**(known | fields))


def make_record(
    value: bytes | None,
    *,
    topic: str = "headchef.jobs.submitted.v1",
    partition: int = 0,
    offset: int = 0,
    key: bytes | None = None,
    headers: Headers = (),
    timestamp_ms: int = int(NOON.timestamp() * 1000),
) -> Record:
    """Give a record as it is read from the log."""
    return Record(topic, partition, offset, timestamp_ms, key, value, headers)


def make_delivery(
    event: Event | None = None,
    *,
    value: bytes | Mapping[str, Any] | None = None,
    topic: str = "jobs.submitted",
    event_id: str = "event-1",
    partitions: int = PARTITIONS,
    **record: Any,
) -> Delivery:
    """Give a delivery of a decoded event, or of a raw value; objects are written as JSON.

    `record` goes to `make_record`. A job lies in its home partition unless a partition is named.
    """
    if isinstance(value, Mapping):
        if "partition" not in record and isinstance(value.get("job_id"), str):
            record["partition"] = home_partition(value["job_id"], value.get("conversation_id"), partitions)
        value = orjson.dumps(dict(value))
    record.setdefault("topic", f"headchef.{topic}.v1")
    return Delivery(topic, event, event_id, make_record(value, **record), partitions, NOON)


def make_firing(timer: Timer, task: int = 0) -> Delivery:
    """Give a timer of a task gone off, as a handler gets it."""
    record = fallen_due("timers", task, timer, ())
    return Delivery(TIMERS, None, event_id(timer), record, 0, timer.due, gone_off(record))


def make_review(document: Any = "A fine car.", **fields: Any) -> ReviewAsked:
    """Give a review that is asked for."""
    known: dict[str, Any] = {
        "job": make_head(),
        "workflow": "guide@1",
        "step_id": "look",
        "document": Inline(inline=document),
        "due": NOON + timedelta(hours=1),
        "otherwise": "reject",
        "decided": make_decided(),
    }
    return ReviewAsked.model_validate(known | fields)


def make_review_closed(review: ReviewAsked, **fields: Any) -> ReviewClosed:
    """Give the end of a review, by a person."""
    known = review.model_dump(include={"job", "workflow", "step_id", "item", "decided"}, by_alias=True)
    return ReviewClosed.model_validate(known | {"outcome": "approved", "by": "ann@desk"} | fields)
