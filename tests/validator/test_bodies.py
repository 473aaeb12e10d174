"""Answers that lie in the object store: judged, and handed on, as references."""

from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import Event, Ref
from headchef_contracts.events.jobs import JobFinished
from headchef_contracts.events.steps import Step, StepCompleted, StepJudged
from headchef_contracts.registry import decode, encode

from headchef.bodies import WithBodies
from headchef.checks import installed
from headchef.homes import HOMES
from headchef.runtime.processor import Emit
from headchef.runtime.telemetry.metrics import Metrics
from headchef.schema import SchemaCache
from headchef.validator.handler import ValidatorHandler
from headchef.validator.policy import JudgingPolicy
from tests.bodies.builders import LARGE, Pantry, reference_to
from tests.support.builders import NOON, make_completed, make_delivery, make_step
from tests.support.manual_clock import ManualClock
from tests.validator.test_handler import SCHEMA, NoState


async def with_store(event: StepCompleted, pantry: Pantry) -> list[Event]:
    handler = ValidatorHandler(
        clock=ManualClock(NOON),
        metrics=Metrics(),
        schemas=SchemaCache(4),
        checks=installed(),
        policy=JudgingPolicy(max_answer_characters=1_000, max_findings=3, max_message_characters=80),
        homes=HOMES,
    )
    delivery = make_delivery(event, topic="steps.completed", value=encode(event), offset=4)
    outcome = await WithBodies(handler, pantry.bodies, leave=Step).handle(delivery, NoState())
    return [output.event for output in outcome.outputs if isinstance(output, Emit)]


async def test_a_large_answer_is_judged_and_goes_on_as_a_reference() -> None:
    pantry = Pantry()
    text = f'{{"n": 1, "of": "{LARGE}"}}'
    completed = make_completed(text, step=make_step(LARGE, output_schema=dict(SCHEMA)))
    closed = await pantry.bodies.closed(completed)
    assert isinstance(closed, StepCompleted)
    finished, settled = await with_store(closed, pantry.forget())
    assert isinstance(finished, JobFinished)
    assert isinstance(settled, CacheSettled)
    assert (finished.status, finished.output) == ("ok", Ref(ref=reference_to({"n": 1, "of": LARGE})))
    assert settled.answer == closed.answer, "the cache keeps a reference"


async def test_what_was_said_and_rejected_goes_back_as_a_reference() -> None:
    pantry = Pantry()
    completed = make_completed(LARGE, step=make_step(output_schema=dict(SCHEMA), repairs=1))
    judged, _ = await with_store(completed, pantry)
    assert isinstance(judged, StepJudged)
    assert (judged.said, judged.said_reference) == (None, reference_to(LARGE))
    opened = await pantry.forget().bodies.opened(decode(judged.event_type, 1, encode(judged)))
    assert isinstance(opened, StepJudged)
    assert (opened.said, opened.said_reference) == (LARGE, None)


async def test_a_reused_answer_whose_body_is_gone_is_a_refused_hit() -> None:
    pantry = Pantry()
    closed = await pantry.bodies.closed(make_completed(LARGE, cache=CacheUse(kind="exact", source_job_id="job-0")))
    assert isinstance(closed, StepCompleted)
    [finished] = await with_store(closed, pantry.forget())
    assert isinstance(finished, JobFinished)
    assert finished.status == "ok"
    pantry.store.objects.clear()
    [judged] = await with_store(closed, pantry.forget())
    assert isinstance(judged, StepJudged)
    assert judged.verdict == "hit_refused"
    assert "HEADCHEF_BODIES" in judged.findings[0].message
