"""What follows from a completed step: a result and a settlement, or another plan."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import Inline, Ref, Reference
from headchef_contracts.events.jobs import Failure, JobFinished
from headchef_contracts.events.steps import StepCompleted, StepJudged
from headchef_contracts.registry import decode, encode

from headchef.checks import installed
from headchef.homes import HOMES
from headchef.runtime.errors import InvariantBroken
from headchef.runtime.processor import Emit, Outcome
from headchef.runtime.telemetry.metrics import Metrics
from headchef.schema import SchemaCache
from headchef.validator.handler import ValidatorHandler
from headchef.validator.policy import JudgingPolicy
from tests.support.builders import (
    NOON,
    make_answer,
    make_completed,
    make_delivery,
    make_head,
    make_judged,
    make_step,
)
from tests.support.manual_clock import ManualClock
from tests.support.recorded_metrics import RecordedMetrics

SCHEMA: Mapping[str, Any] = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
HIT = CacheUse(kind="exact", source_job_id="job-0")


class NoState:
    edition: object = None

    def get(self, store: str, key: bytes) -> bytes | None:
        raise AssertionError(f"the validator has no state, and asks {store} for {key!r}")


async def handle(event: StepCompleted | StepJudged, metrics: Metrics | None = None) -> Outcome:
    handler = ValidatorHandler(
        clock=ManualClock(NOON),
        metrics=metrics or Metrics(),
        schemas=SchemaCache(4),
        checks=installed(),
        policy=JudgingPolicy(max_answer_characters=1_000, max_findings=3, max_message_characters=80),
        homes=HOMES,
    )
    return await handler.handle(make_delivery(event, topic="steps.completed", value=b"{}", offset=4), NoState())


def with_schema(text: str, schema: Mapping[str, Any] = SCHEMA, **fields: Any) -> StepCompleted:
    return make_completed(text, step=make_step(output_schema=dict(schema)), **fields)


async def finished(event: StepCompleted) -> JobFinished:
    [emitted, *_] = (await handle(event)).outputs
    assert isinstance(emitted, Emit)
    assert emitted.topic == "jobs.finished"
    assert isinstance(emitted.event, JobFinished)
    assert decode(emitted.event.event_type, 1, encode(emitted.event)) == emitted.event
    return emitted.event


async def settled(event: StepCompleted) -> CacheSettled:
    [_, emitted] = (await handle(event)).outputs
    assert isinstance(emitted, Emit)
    assert emitted.topic == "cache.settled"
    assert isinstance(emitted.event, CacheSettled)
    return emitted.event


@pytest.mark.parametrize(
    ("event", "status", "output"),
    [
        (make_completed("A fine car."), "ok", "A fine car."),
        (make_completed('{"n": 1}'), "ok", '{"n": 1}'),
        (with_schema('{"n": 1}'), "ok", {"n": 1}),
        (with_schema('Sure:\n```json\n{"n": 1}\n```'), "ok", {"n": 1}),
        (with_schema("", {}), "rejected", ""),
        (make_completed(" \n"), "rejected", " \n"),
        (with_schema("no"), "rejected", "no"),
        (with_schema('{"n": "x"}'), "rejected", '{"n": "x"}'),
        (with_schema('{"n": NaN}'), "rejected", '{"n": NaN}'),
        (with_schema('{"n": 1, "n": 2}'), "rejected", '{"n": 1, "n": 2}'),
        (with_schema("[" * 900), "rejected", "[" * 900),
        (with_schema("x" * 2_000), "rejected", "x" * 2_000),
        (with_schema("{}", {"type": "objekt"}), "rejected", "{}"),
    ],
)
async def test_the_verdict(event: StepCompleted, status: str, output: Any) -> None:
    result = await finished(event)
    assert (result.status, result.output) == (status, Inline(inline=output))
    assert bool(result.findings) == (status == "rejected")
    assert result.failure is None


@pytest.mark.parametrize(
    ("finish_reason", "reason"),
    [("length", "length"), ("max_tokens", "length"), ("refusal", "refusal"), ("content_filter", "refusal")],
)
async def test_a_cut_off_or_withheld_answer_is_never_accepted(finish_reason: str, reason: str) -> None:
    event = with_schema("", answer=make_answer('{"n": 1}', finish_reason=finish_reason))
    result = await finished(event)
    assert (result.status, result.output) == ("failed", None)
    assert result.failure is not None
    assert result.failure.reason == reason
    assert (await settled(event)).verdict == "failed"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"failure": Failure(reason="timeout", message="30 s")}, "timeout"),
        ({"answer": make_answer().model_copy(update={"output": Inline(inline={"a": 1})})}, "malformed_response"),
        (
            {
                "answer": make_answer().model_copy(
                    update={"output": Ref(ref=Reference(sha256="0" * 64, bytes=1, media_type="text/plain"))}
                )
            },
            "malformed_response",
        ),
    ],
)
async def test_a_failed_step_ends_its_job(fields: dict[str, Any], reason: str) -> None:
    result = await finished(make_completed(**fields))
    assert (result.status, result.output) == ("failed", None)
    assert result.failure is not None
    assert result.failure.reason == reason


async def test_findings_name_check_path_and_message_within_bounds() -> None:
    schema = {"properties": {"list": {"items": {"type": "string"}}}}
    found = (await finished(with_schema('{"list": [1, 2, 3, 4, 5]}', schema))).findings
    assert [(each.check, each.path) for each in found] == [("schema", f"/list/{n}") for n in range(3)]
    [only] = (await finished(with_schema('{"n": ' + "9" * 300 + "}"))).findings
    assert only.check == "json"
    assert len(only.message) <= 80


async def test_the_result_tells_where_it_came_from() -> None:
    head = make_head("job-7", tenant="acme", labels={"a": "b"})
    event = make_completed(step=make_step("hi", job=head), cost_usd=Decimal("0.5"), attempts=2, provider_s=1.5)
    result = await finished(event)
    assert result.job == head
    assert (result.cost_usd, result.usage, result.cache) == (Decimal("0.5"), event.usage, event.cache)
    assert (result.provenance.model, result.provenance.provider_model) == ("small", "small-2026")
    assert (result.provenance.attempts, result.provenance.catalog_version) == (2, "test")
    assert result.provenance.fingerprint == event.step.fingerprint
    assert (result.timing.finished_at, result.timing.provider_s) == (NOON, 1.5)
    assert (result.decided.catalog_version, result.decided.policy_version) == (None, "validator/6")
    assert [(cause.topic, cause.offset) for cause in result.decided.causes] == [("steps.completed", 4)]


@pytest.mark.parametrize(
    ("event", "verdict", "kept"),
    [
        (with_schema('Sure: {"n": 1}', cost_usd=Decimal(1)), "accepted", True),
        (with_schema("no"), "rejected", False),
        (make_completed(failure=Failure(reason="timeout", message="")), "failed", False),
        (make_completed(cache=CacheUse(kind="bypass")), "accepted", True),
        (make_completed(cache=CacheUse(kind="unavailable")), "accepted", True),
    ],
)
async def test_what_was_paid_for_is_settled_with_the_cache(event: StepCompleted, verdict: str, kept: bool) -> None:
    settlement = await settled(event)
    assert settlement.verdict == verdict
    assert settlement.answer == (event.answer if kept else None)
    assert (settlement.fingerprint, settlement.source_job_id) == (event.step.fingerprint, event.step.job.job_id)
    assert (settlement.tenant, settlement.model, settlement.cost_usd) == ("default", "small", event.cost_usd)
    assert settlement.planned_at == event.step.job.submitted_at, "no answer is younger than its job"


async def test_a_hit_that_passes_is_a_result_and_settles_nothing() -> None:
    outcome = await handle(with_schema('{"n": 1}', cache=HIT, attempts=0))
    assert [output.topic for output in outcome.outputs if isinstance(output, Emit)] == ["jobs.finished"]


@pytest.mark.parametrize(
    ("event", "check"),
    [
        (with_schema('{"n": "x"}', cache=HIT), "schema"),
        (with_schema("no", cache=HIT), "json"),
        (make_completed("", cache=HIT), "empty"),
        (make_completed(cache=HIT, answer=make_answer(finish_reason="length")), "length"),
    ],
)
async def test_a_hit_that_fails_is_handed_back_and_is_no_verdict(event: StepCompleted, check: str) -> None:
    [emitted] = (await handle(event)).outputs
    assert isinstance(emitted, Emit)
    assert (emitted.topic, emitted.partition) == ("steps.judged", event.step.job.home_partition)
    assert isinstance(emitted.event, StepJudged)
    assert (emitted.event.verdict, emitted.event.step) == ("hit_refused", event.step)
    assert emitted.event.findings[0].check == check


async def test_another_event_is_a_fault_of_ours() -> None:
    with pytest.raises(InvariantBroken, match="StepJudged"):
        await handle(make_judged())


async def test_verdicts_findings_and_times_are_measured() -> None:
    metrics = RecordedMetrics()
    head = make_head(submitted_at=NOON - timedelta(seconds=5))
    await handle(make_completed(step=make_step(job=head), provider_s=1.5), metrics)
    await handle(with_schema("no"), metrics)
    assert metrics.total("headchef.jobs.finished", status="ok", model="small") == 1
    assert metrics.total("headchef.jobs.finished", status="rejected") == 1
    assert metrics.total("headchef.findings", check="json") == 1
    assert metrics.values["headchef.job.duration", (("class", "interactive"), ("status", "ok"))] == [5.0]
    assert metrics.values["headchef.job.overhead", (("class", "interactive"),)] == [3.5, 0.0]


async def test_a_publisher_s_clock_that_is_ahead_gives_no_negative_time() -> None:
    metrics = RecordedMetrics()
    head = make_head(submitted_at=NOON + timedelta(hours=1))
    await handle(make_completed(step=make_step(job=head)), metrics)
    assert metrics.values["headchef.job.duration", (("class", "interactive"), ("status", "ok"))] == [0.0]


async def identity(event: StepCompleted) -> str | None:
    [emitted, *_] = (await handle(event)).outputs
    assert isinstance(emitted, Emit)
    return emitted.identity


async def test_a_job_has_one_result_by_whatever_way_it_comes() -> None:
    """At least once a crash may have a job answered by its model, and again from the cache that this filled."""
    by_model = await identity(make_completed("hi", step=make_step()))
    assert by_model == await identity(make_completed("hi", step=make_step(), cache=HIT, attempts=0))
    others: list[dict[str, Any]] = [
        {"tenant": "acme"},
        {"run": 1},
        {"revision": 1},
        {"conversation_id": "talk"},
        {"job_id": "job-2"},
    ]
    names = {await identity(make_completed("hi", step=make_step(job=make_head(**other)))) for other in others}
    assert len(names | {by_model}) == len(others) + 1
