"""Jobs that are taken on: what is planned, and what is remembered."""

import json
from datetime import timedelta

import orjson
import pytest

from headchef_contracts import cloudevents
from headchef_contracts.events.common import Inline
from headchef_contracts.events.steps import Step, StepPlanned
from headchef_contracts.placement import home_partition
from headchef_contracts.registry import decode, encode

from headchef.router.home import FORWARDED_TIME
from headchef.runtime.log.port import Headers
from headchef.runtime.processor import Emit, Forward, Outcome
from tests.router.conftest import Door, make_catalogue
from tests.support.builders import NOON, PARTITIONS, make_delivery, make_job, make_judged, make_step

HOME = home_partition("job-1", None, PARTITIONS)


def planned(outcome: Outcome) -> Step:
    [emitted] = outcome.outputs
    assert isinstance(emitted, Emit)
    assert emitted.topic.startswith("steps.planned")
    assert isinstance(emitted.event, StepPlanned)
    return emitted.event.step


def texts(step: Step) -> list[tuple[str, str]]:
    return [(each.role, each.content.inline) for each in step.request.messages if isinstance(each.content, Inline)]


async def test_the_smallest_job_is_planned_with_the_default_model(door: Door) -> None:
    outcome = await door.submit(make_job("job-1", "hi"))
    step = planned(outcome)
    assert (step.job.job_id, step.job.tenant, step.job.run, step.plan) == ("job-1", "default", 0, 0)
    assert (step.request.model, step.request.lane, step.catalog_version) == ("small", "default", "cafe")
    assert texts(step) == [("user", "hi")]
    assert step.job.submitted_at == NOON
    assert [change.store for change in outcome.changes] == ["seen"]


async def test_all_that_a_job_says_of_itself_goes_on(door: Door) -> None:
    job = make_job(
        system="Be brief.",
        model="large",
        run=2,
        revision=3,
        tenant="acme",
        batch_id="b",
        batch_size=7,
        batch_max_reject_rate=0.1,
        subject="page-1",
        labels={"team": "seo"},
        deadline="2026-12-01T00:00:00Z",
        parameters={"temperature": 0, "stop": ["END"]},
        cache="bypass",
        output={"schema": {"type": "object"}},
        **{"class": "bulk"},
    )
    step = planned(await door.submit(job))
    assert (step.job.run, step.job.revision, step.job.tenant, step.job.job_class) == (2, 3, "acme", "bulk")
    assert (step.job.batch_id, step.job.subject, step.job.labels) == ("b", "page-1", {"team": "seo"})
    assert (step.job.batch_size, step.job.batch_max_reject_rate) == (7, 0.1)
    assert step.job.deadline is not None
    assert (step.request.model, step.request.lane, step.cache) == ("large", "premium", "bypass")
    assert step.request.parameters.temperature == 0
    assert step.request.output_schema == {"type": "object"}
    assert texts(step) == [("system", "Be brief."), ("user", "hi")]


async def test_the_decision_names_its_record_and_catalogue(door: Door) -> None:
    [emitted] = (await door.submit(make_job(), offset=7)).outputs
    assert isinstance(emitted, Emit)
    assert isinstance(emitted.event, StepPlanned)
    decided = emitted.event.decided
    assert (decided.catalog_version, decided.policy_version, decided.seed) == ("cafe", "router/9", 0)
    assert [(cause.topic, cause.offset) for cause in decided.causes] == [("jobs.submitted", 7)]


async def test_what_is_planned_survives_the_wire(door: Door) -> None:
    # json, because orjson does not write integers of more than 64 bits
    job = json.dumps(make_job(output={"schema": {"properties": {"a": {"maximum": 10**30}}}}, labels={"a": "b"}))
    [emitted] = (await door.submit(job.encode(), partition=HOME)).outputs
    assert isinstance(emitted, Emit)
    event = emitted.event
    assert decode(event.event_type, event.version, encode(event)) == event


async def test_templates_are_filled_only_where_input_is_given(door: Door) -> None:
    literal = planned(await door.submit(make_job("job-1", "Say {{ input.word }}")))
    filled = planned(
        await door.submit(make_job("job-2", "Say {{ input.word }}", input={"word": "hi"}, system="{{ 1 }}"))
    )
    assert texts(literal) == [("user", "Say {{ input.word }}")]
    assert texts(filled) == [("system", "1"), ("user", "Say hi")]


async def test_a_step_says_how_far_its_messages_are_those_of_all_jobs_of_the_template(door: Door) -> None:
    filled = planned(
        await door.submit(make_job("job-1", "Say: {{ input.word }}", input={"word": "hi"}, system="Be {{ 1 }}!"))
    )
    literal = planned(await door.submit(make_job("job-2", "Say: hi", system="Be brief.")))
    assert [message.static_characters for message in filled.request.messages] == [3, 5]
    assert [message.static_characters for message in literal.request.messages] == [9, 0]


async def test_how_a_prompt_came_about_is_no_part_of_what_is_asked(door: Door) -> None:
    filled = planned(await door.submit(make_job("job-1", "Say: {{ input.word }}", input={"word": "hi"})))
    literal = planned(await door.submit(make_job("job-2", "Say: hi")))
    assert filled.fingerprint == literal.fingerprint
    assert filled.request != literal.request


async def test_bodies_may_be_written_in_full(door: Door) -> None:
    step = planned(await door.submit(make_job(prompt={"inline": "{{ input.a }}"}, input={"inline": {"a": 1}})))  # type: ignore[arg-type] # the long form
    assert texts(step) == [("user", "1")]


async def test_a_structured_cloud_event_is_opened(door: Door) -> None:
    envelope = {"specversion": "1.0", "id": "1", "source": "/cms", "type": "headchef.job.submitted", "data": make_job()}
    headers: Headers = (("content-type", b"application/cloudevents+json; charset=utf-8"),)
    assert planned(await door.submit(orjson.dumps(envelope), headers=headers, partition=HOME)).job.job_id == "job-1"


async def test_a_binary_cloud_event_is_opened(door: Door) -> None:
    attributes = cloudevents.Attributes("1", "/cms", "headchef.job.submitted", 1)
    step = planned(await door.submit(make_job(), headers=cloudevents.to_headers(attributes)))
    assert step.job.job_id == "job-1"


@pytest.mark.parametrize("timestamp_ms", [-1, 0, 10**18])
async def test_without_a_time_of_its_own_a_job_counts_from_its_arrival(door: Door, timestamp_ms: int) -> None:
    assert planned(await door.submit(make_job(), timestamp_ms=timestamp_ms)).job.submitted_at == NOON


async def test_the_record_s_time_is_the_time_of_submission(door: Door) -> None:
    earlier = NOON - timedelta(hours=1)
    step = planned(await door.submit(make_job(), timestamp_ms=int(earlier.timestamp() * 1000)))
    assert step.job.submitted_at == earlier


async def test_a_job_that_was_sent_home_keeps_its_time(door: Door) -> None:
    came_ms, noon_ms = int(NOON.timestamp() * 1000) - 60_000, int(NOON.timestamp() * 1000)
    outcome = await door.submit(make_job(), partition=(HOME + 1) % PARTITIONS, timestamp_ms=came_ms)
    [forward] = outcome.outputs
    assert isinstance(forward, Forward)
    step = planned(await door.submit(make_job(), partition=HOME, headers=forward.headers, timestamp_ms=noon_ms))
    assert step.job.submitted_at == NOON - timedelta(minutes=1)


@pytest.mark.parametrize("mark", [b"", None, b"\xff", b"-5", b"9" * 400, b"9" * 15, "\u0663".encode()])
async def test_a_forged_time_makes_no_job_younger(door: Door, mark: bytes | None) -> None:
    headers: Headers = ((FORWARDED_TIME, mark),)
    assert planned(await door.submit(make_job(), headers=headers)).job.submitted_at == NOON


async def test_a_refused_hit_is_planned_again_past_the_cache(door: Door) -> None:
    judged = make_judged(make_step("hi", plan=1))
    outcome = await door.deliver(make_delivery(judged, topic="steps.judged", value=b"{}"))
    step = planned(outcome)
    assert (step.plan, step.cache) == (2, "bypass")
    assert step.fingerprint == judged.step.fingerprint
    assert outcome.counted == ("headchef.steps.replanned",)


async def test_a_tombstone_is_counted_and_skipped(door: Door) -> None:
    outcome = await door.submit(None, key=b"job-1")
    assert outcome.outputs == ()
    assert outcome.counted == ("headchef.records.skipped",)


async def test_the_lane_follows_from_the_model() -> None:
    door = Door(make_catalogue({"only": "slow-lane"}))
    assert planned(await door.submit(make_job())).request.lane == "slow-lane"
