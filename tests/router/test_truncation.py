"""What follows where an answer is cut off: the same again with twice the room, so many times, then the next model."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef_contracts.events.common import Parameters
from headchef_contracts.events.jobs import JobFinished, JobRefused
from headchef_contracts.events.steps import Message, Step, StepPlanned
from headchef_contracts.registry import decode, encode

from headchef.catalogue import Catalogue
from headchef.router.again import after_failure
from headchef.router.asking import NobodyLeft
from headchef.runtime.processor import Emit
from tests.router.conftest import Door, make_catalogue
from tests.support.builders import NOON, make_delivery, make_failed, make_head, make_job, make_step, make_tried

LANES = {"small": "default", "large": "premium"}


def catalogue(most: int | None = None) -> Catalogue:
    found = make_catalogue(LANES, {"small": ("large",)})
    return replace(found, models={name: replace(each, max_output_tokens=most) for name, each in found.models.items()})


async def first_plan(at: Door, truncations: int = 2, **fields: Any) -> Step:
    job = make_job(output={"truncations": truncations}, **fields)
    [output] = (await at.submit(job)).outputs
    assert isinstance(output, Emit)
    assert isinstance(output.event, StepPlanned)
    return output.event.step


async def after_cut_off(step: Step, at: Door) -> Any:
    tried = make_tried(step.request.model, "length", plan=step.plan)
    delivery = make_delivery(make_failed(step, tried), topic="steps.judged", value=b"{}", offset=9)
    [output] = (await at.deliver(delivery)).outputs
    assert isinstance(output, Emit)
    assert decode(output.event.event_type, 1, encode(output.event)) == output.event
    return output.event


def limit_of(step: Step) -> int | None:
    return step.request.parameters.max_output_tokens


async def test_the_same_is_asked_with_twice_the_room_and_then_the_next_model() -> None:
    door = Door(catalogue(4096))
    step = await first_plan(door, parameters={"max_output_tokens": 300, "temperature": 0.5})
    plans = [step]
    while isinstance(event := await after_cut_off(plans[-1], door), StepPlanned):
        plans.append(event.step)
    assert [(each.request.model, limit_of(each), each.truncations) for each in plans] == [
        ("small", 300, 2),
        ("small", 600, 1),
        ("small", 1200, 0),
        ("large", 1200, 0),
    ]
    assert [each.plan for each in plans] == [0, 1, 2, 3]
    assert all(each.request.messages == step.request.messages for each in plans)
    assert all(each.request.parameters.temperature == 0.5 for each in plans)
    assert len({each.fingerprint for each in plans}) == 4, "another limit is another question to the cache"
    assert isinstance(event, JobFinished)
    assert event.failure is not None
    assert (event.failure.reason, len(event.provenance.tried)) == ("length", 3)
    assert "no other model" in event.failure.message
    assert door.metrics.total("headchef.steps.enlarged", model="small") == 2
    assert door.metrics.total("headchef.steps.handed_over", **{"from": "small", "to": "large", "reason": "length"}) == 1


async def test_an_enlarged_question_has_the_name_of_one_that_asks_for_as_much_at_once() -> None:
    door = Door(catalogue())
    first = await first_plan(door, parameters={"max_output_tokens": 300})
    larger = (await after_cut_off(first, door)).step
    at_once = await first_plan(Door(catalogue()), parameters={"max_output_tokens": 600})
    assert larger.fingerprint == at_once.fingerprint


@pytest.mark.parametrize(
    ("asked", "most", "enlarged"),
    [
        (300, None, 600),
        (300, 450, 450),
        (300, 300, None),
        (300, 200, None),
        (None, 4096, None),
        (None, None, None),
        (600_000, None, 1_000_000),
    ],
)
async def test_there_is_no_more_room_than_the_model_gives(
    asked: int | None, most: int | None, enlarged: int | None
) -> None:
    door = Door(catalogue(most))
    parameters = {} if asked is None else {"max_output_tokens": asked}
    following = (await after_cut_off(await first_plan(door, parameters=parameters), door)).step
    if enlarged is None:
        assert (following.request.model, limit_of(following), following.truncations) == ("large", asked, 2)
    else:
        assert (following.request.model, limit_of(following), following.truncations) == ("small", enlarged, 1)


async def test_a_repair_that_is_cut_off_is_asked_for_again_as_a_repair() -> None:
    shown = {"user": "Write.", "assistant": "A bad answer."}
    said = tuple(Message.model_validate({"role": role, "content": {"inline": text}}) for role, text in shown.items())
    first = make_step("Write.", truncations=1, parameters=Parameters(max_output_tokens=300))
    step = first.model_copy(update={"request": first.request.model_copy(update={"messages": said}), "question": 1})
    larger = (await after_cut_off(step, Door(catalogue()))).step
    assert (larger.request.messages, larger.question, larger.prompt_sha256) == (said, 1, step.prompt_sha256)
    assert limit_of(larger) == 600
    assert larger.fingerprint != step.fingerprint


@pytest.mark.parametrize("truncations", [-1, 6, "two"])
async def test_a_number_of_truncations_that_will_not_do_is_refused(truncations: Any) -> None:
    outputs = (await Door(catalogue()).submit(make_job(output={"truncations": truncations}))).outputs
    [refused] = [each.event for each in outputs if isinstance(each, Emit)]
    assert isinstance(refused, JobRefused)
    assert refused.field == "output.truncations"


async def test_none_is_the_default_and_is_not_written() -> None:
    [output] = (await Door(catalogue()).submit(make_job())).outputs
    assert isinstance(output, Emit)
    assert isinstance(output.event, StepPlanned)
    assert "truncations" not in output.event.step.model_fields_set


async def test_after_the_deadline_nobody_is_asked_with_more_room() -> None:
    step = make_step(
        job=make_head(deadline=NOON - timedelta(seconds=1)),
        truncations=1,
        parameters=Parameters(max_output_tokens=300),
    )
    assert isinstance(await after_cut_off(step, Door(catalogue())), JobFinished)


@given(
    asked=st.none() | st.integers(1, 1_000_000),
    most=st.none() | st.integers(1, 1_000_000),
    truncations=st.integers(0, 5),
    candidates=st.lists(st.sampled_from(["large", "gone"]), unique=True),
)
def test_it_ends_after_so_many_questions_and_asks_for_more_each_time(
    asked: int | None, most: int | None, truncations: int, candidates: list[str]
) -> None:
    step = make_step(
        truncations=truncations,
        candidates=tuple(candidates),
        parameters=Parameters(max_output_tokens=asked) if asked else None,
    )
    plans = [step]
    while True:
        tried = make_tried(plans[-1].request.model, "length", plan=plans[-1].plan)
        following = after_failure(plans[-1], tried, catalogue=catalogue(most), now=NOON)
        if isinstance(following, NobodyLeft):
            break
        plans.append(following)
    assert len(plans) <= 1 + truncations + ("large" in candidates)
    for before, after in pairwise(plans):
        if after.request.model == before.request.model:
            assert (limit_of(after) or 0) > min(each for each in (limit_of(before), most, 10**9) if each is not None)
            assert most is None or (limit_of(after) or 0) <= most
