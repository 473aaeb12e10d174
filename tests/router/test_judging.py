"""Questions whether two answers are the same become bulk jobs of their tenants, once; their pool hears of their end."""

from decimal import Decimal

import pytest

from headchef_contracts.events.common import Inline
from headchef_contracts.events.judgements import JudgementEnded, JudgementPlanned, ModelQuestion
from headchef_contracts.events.steps import Step, StepPlanned

from headchef.judgements import VERDICT
from headchef.runtime.backlog import Oldest
from headchef.runtime.processor import Emit, Outcome
from tests.router.conftest import Door
from tests.support.builders import NOON, make_decided, make_delivery, make_failed, make_job

ACCOUNT = "acme/help/hashed-1"
LATER = NOON.replace(hour=23)


def make_planned(job_id: str = "judgement-1", prompt: str = "{{ both }}", **question: object) -> JudgementPlanned:
    return JudgementPlanned(
        job_id=job_id,
        account=ACCOUNT,
        tenant="acme",
        question=ModelQuestion.model_validate(
            {"system": "Compare.", "prompt": prompt, "max_output_tokens": 300, **question}
        ),
        deadline=LATER,
        decided=make_decided(),
    )


async def ask(door: Door, planned: JudgementPlanned) -> Outcome:
    return await door.deliver(make_delivery(planned, topic="judgements.planned", partition=2))


def step_of(outcome: Outcome) -> Step:
    [emitted] = outcome.outputs
    assert isinstance(emitted, Emit)
    assert emitted.topic == "steps.planned.bulk"
    assert isinstance(emitted.event, StepPlanned)
    return emitted.event.step


def end_of(outcome: Outcome) -> JudgementEnded:
    [emitted] = outcome.outputs
    assert isinstance(emitted, Emit)
    assert emitted.topic == "cache.observed"
    assert isinstance(emitted.event, JudgementEnded)
    assert (emitted.event.account, emitted.event.same) == (ACCOUNT, None)
    return emitted.event


async def test_it_is_a_bulk_job_of_the_tenant_with_our_schema_and_literal_texts(door: Door) -> None:
    step = step_of(await ask(door, make_planned()))
    assert (step.job.job_id, step.job.tenant, step.job.job_class) == ("judgement-1", "acme", "bulk")
    assert (step.job.judgement_of, step.job.home_partition, step.job.deadline) == (ACCOUNT, 2, LATER)
    assert [each.content for each in step.request.messages] == [Inline(inline="Compare."), Inline(inline="{{ both }}")]
    assert (step.request.output_schema, step.request.parameters.max_output_tokens) == (VERDICT, 300)
    assert (step.request.model, step.cache, step.semantic, step.repairs) == ("small", "exact", None, 0)


async def test_it_is_asked_of_the_model_that_the_user_names(door: Door) -> None:
    assert step_of(await ask(door, make_planned(model="large"))).request.model == "large"


async def test_the_same_one_is_taken_on_once_and_no_job_can_be_taken_for_it(door: Door) -> None:
    await ask(door, make_planned())
    assert (await ask(door, make_planned())).counted == ("headchef.jobs.duplicates",)
    submitted = await door.submit(make_job("judgement-1", "hi", tenant="acme"))
    [emitted] = submitted.outputs
    assert isinstance(emitted, Emit)
    assert isinstance(emitted.event, StepPlanned)
    assert emitted.event.step.job.judgement_of is None


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ({"model": "smal"}, "unknown_model: the catalogue has no model 'smal'; did you mean small?"),
        ({"tier": "wise"}, "unknown_model: the catalogue has no tier 'wise'; it has"),
        ({"prompt": "x" * 60_000}, "too_large: the prompt has"),
    ],
)
async def test_its_pool_hears_why_it_cannot_be_asked(door: Door, question: dict[str, str], why: str) -> None:
    ended = end_of(await ask(door, make_planned(**question)))
    assert ended.why.startswith(why)
    assert (ended.job_id, ended.cost_usd, ended.model) == ("judgement-1", Decimal(), None)


async def test_while_the_door_is_shut_no_model_is_asked(door: Door) -> None:
    door.backlog.oldest = (Oldest("validator", "steps.completed", 0, door.clock.now().timestamp() - 600, 650.0),)
    assert end_of(await ask(door, make_planned())).why.startswith("overloaded: ")


async def test_one_that_no_model_answers_ends_for_its_pool_alone(door: Door) -> None:
    step = step_of(await ask(door, make_planned()))
    ended = end_of(await door.deliver(make_delivery(make_failed(step), topic="steps.judged", value=b"{}")))
    assert ended.why.startswith("timeout: 30 s (no other model was asked")
    assert ended.model == "small"
