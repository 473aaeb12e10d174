"""Jobs that name their prompt, system prompt or input by reference: as if they had it, or refused by field."""

from typing import Any

import pytest

from headchef_contracts.events.common import Event, Inline, Ref, Reference
from headchef_contracts.events.jobs import JobFinished, JobRefused
from headchef_contracts.events.steps import StepJudged, StepPlanned
from headchef_contracts.registry import encode

from headchef.bodies import StoreAway
from headchef.bodies.places import bodies_in
from headchef.catalogue import Catalogue
from headchef.runtime.processor import DeadLetter, Emit, Outcome
from tests.bodies.builders import INLINE_BYTES, LARGE, Pantry, reference_to
from tests.router.conftest import Door, make_catalogue
from tests.support.builders import make_delivery, make_job, make_rejected, make_step


def job_of(**fields: Any) -> dict[str, Any]:
    return make_job() | fields


def planned(outcome: Outcome) -> StepPlanned:
    [output] = outcome.outputs
    assert isinstance(output, Emit)
    assert isinstance(output.event, StepPlanned)
    return output.event


def refused(outcome: Outcome) -> JobRefused:
    letter, output = outcome.outputs
    assert isinstance(letter, DeadLetter)
    assert isinstance(output, Emit)
    assert isinstance(output.event, JobRefused)
    return output.event


async def test_a_job_by_reference_asks_the_same_as_one_that_has_it_all_in_it() -> None:
    pantry = Pantry()
    job = {"prompt": "{{ input.a }}" + LARGE, "system": LARGE, "input": {"a": LARGE}}
    inline = planned(await Door().submit(job_of(**job)))
    referred = {name: pantry.lay(value).model_dump() for name, value in job.items()}
    closed = planned(await Door(bodies=pantry.bodies).submit(job_of(**referred)))
    opened = await pantry.forget().bodies.opened(closed)
    assert isinstance(opened, StepPlanned)
    assert opened.step == inline.step, "hashes too"
    assert LARGE not in str(closed)


async def test_hashes_of_a_question_do_not_depend_on_where_it_lies() -> None:
    pantry, job = Pantry(), job_of(prompt="p" * (INLINE_BYTES + 1))
    inline, closed = planned(await Door().submit(job)), planned(await Door(bodies=pantry.bodies).submit(job))
    assert isinstance(closed.step.request.messages[0].content, Ref)
    assert (closed.step.fingerprint, closed.step.prompt_sha256) == (inline.step.fingerprint, inline.step.prompt_sha256)


TOO_DEEP: dict[str, Any] = {}
for _ in range(70):
    TOO_DEEP = {"a": TOO_DEEP}


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"prompt": {"a": 1}}, "prompt", "must be a text"),
        ({"system": ["a"]}, "system", "must be a text"),
        ({"input": "text"}, "input", "must be a JSON object"),
        ({"input": TOO_DEEP}, "input", "nested deeper than 64 levels"),
    ],
)
async def test_what_is_of_another_kind_is_refused_by_field(fields: dict[str, Any], field: str, message: str) -> None:
    pantry = Pantry()
    job = job_of(**{name: pantry.lay(value).model_dump() for name, value in fields.items()})
    refusal = refused(await Door(bodies=pantry.bodies).submit(job))
    assert (refusal.field, refusal.job_id) == (field, "job-1")
    assert message in refusal.message


async def test_what_is_not_there_is_refused_and_what_is_of_another_tenant_is_not_there() -> None:
    pantry = Pantry()
    body = pantry.lay(LARGE, tenant="theirs")
    door = Door(bodies=pantry.bodies)
    refusal = refused(await door.submit(job_of(prompt=body.model_dump(), tenant="ours")))
    assert (refusal.reason, refusal.field) == ("unsupported_reference", "prompt")
    assert body.ref.sha256 in refusal.message
    assert planned(await door.submit(job_of(prompt=body.model_dump(), tenant="theirs"))).step.job.tenant == "theirs"


async def test_what_is_not_as_it_says_is_refused() -> None:
    pantry = Pantry()
    body = pantry.lay(LARGE)
    wrong = Reference(sha256=body.ref.sha256, bytes=1, media_type="text/plain")
    refusal = refused(await Door(bodies=pantry.bodies).submit(job_of(prompt=Ref(ref=wrong).model_dump())))
    assert (refusal.reason, refusal.field) == ("unsupported_reference", "prompt")
    huge = reference_to(LARGE).model_copy(update={"bytes": 10**9})
    refusal = refused(await Door(bodies=pantry.bodies).submit(job_of(prompt=Ref(ref=huge).model_dump())))
    assert "too large" in refusal.message


async def test_a_job_waits_while_the_store_is_away_and_is_taken_on_once() -> None:
    pantry = Pantry()
    body, door = pantry.lay(LARGE), Door(bodies=pantry.bodies)
    pantry.store.away = True
    with pytest.raises(StoreAway):
        await door.submit(job_of(prompt=body.model_dump()))
    assert (door.state.values, door.metrics.total("headchef.jobs.accepted")) == ({}, 0)
    pantry.store.away = False
    await door.submit(job_of(prompt=body.model_dump()))
    assert door.metrics.total("headchef.jobs.accepted") == 1


async def judged(judged: StepJudged, pantry: Pantry, catalogue: Catalogue | None = None) -> Event:
    """Hand a step back by way of the wire, and give the one event that this leads to."""
    closed = await pantry.bodies.closed(judged)
    delivery = make_delivery(closed, topic="steps.judged", value=encode(closed))
    door = Door(catalogue or make_catalogue(), bodies=pantry.forget().bodies)
    [output] = (await door.deliver(delivery)).outputs
    assert isinstance(output, Emit)
    return output.event


async def test_an_answer_that_lies_in_the_store_is_shown_when_it_is_to_be_put_right() -> None:
    pantry = Pantry()
    step = make_step(LARGE, repairs=1)
    again = await pantry.bodies.opened(await judged(make_rejected(step, f"Said. {LARGE}"), pantry))
    assert isinstance(again, StepPlanned)
    texts = [body.inline for body in bodies_in(again) if isinstance(body, Inline)]
    assert texts[:2] == [LARGE, f"Said. {LARGE}"]
    inline = (await Door().deliver(make_delivery(make_rejected(step, f"Said. {LARGE}"), topic="steps.judged"))).outputs
    assert isinstance(inline[0], Emit)
    assert isinstance(inline[0].event, StepPlanned)
    assert again.step == inline[0].event.step, "hashes too"


@pytest.mark.parametrize("gone", [LARGE, f"Said. {LARGE}"])
async def test_where_the_question_or_the_answer_is_gone_no_other_answer_is_asked_for(gone: str) -> None:
    pantry = Pantry()
    rejected = make_rejected(make_step(LARGE, repairs=1), f"Said. {LARGE}")
    await pantry.bodies.closed(rejected)
    del pantry.store.objects["default", reference_to(gone).sha256]
    result = await judged(rejected, pantry)
    assert isinstance(result, JobFinished)
    assert (result.status, result.output) == ("rejected", Ref(ref=reference_to(f"Said. {LARGE}")))
    assert "cannot be had from the object store" in result.findings[-1].message
