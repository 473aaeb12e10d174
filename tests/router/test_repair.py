"""What follows where an answer is rejected: the same model again, then the next, in constant size and so many times."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from headchef_contracts.events.common import Finding, Inline
from headchef_contracts.events.jobs import JobFinished
from headchef_contracts.events.steps import Step, StepPlanned
from headchef_contracts.registry import decode, encode

from headchef.router.again import MAX_SHOWN_CHARACTERS, MAX_SHOWN_FINDINGS, after_failure, after_rejection
from headchef.router.asking import NobodyLeft
from headchef.runtime.processor import Emit
from tests.router.conftest import Door, make_catalogue
from tests.support.builders import NOON, make_delivery, make_head, make_job, make_rejected, make_step, make_tried

LANES = {"small": "default", "large": "premium", "other": "second"}
CATALOGUE = make_catalogue(LANES, {"small": ("large", "other")})


def door() -> Door:
    return Door(CATALOGUE)


async def emitted(step: Step, said: str = "A bad answer.", *findings: Finding, at: Door | None = None) -> Any:
    delivery = make_delivery(make_rejected(step, said, *findings), topic="steps.judged", value=b"{}", offset=9)
    [output] = (await (at or door()).deliver(delivery)).outputs
    assert isinstance(output, Emit)
    assert decode(output.event.event_type, 1, encode(output.event)) == output.event
    return output.event


async def planned(step: Step, said: str = "A bad answer.", *findings: Finding) -> Step:
    event = await emitted(step, said, *findings)
    assert isinstance(event, StepPlanned)
    return event.step


async def first_plan(repairs: int = 3, **fields: Any) -> Step:
    [output] = (
        await door().submit(make_job(prompt="Write.", system="Be brief.", output={"repairs": repairs}, **fields))
    ).outputs
    assert isinstance(output, Emit)
    assert isinstance(output.event, StepPlanned)
    return output.event.step


def spoken(step: Step) -> list[tuple[str, Any]]:
    return [(each.role, each.content.inline) for each in step.request.messages if isinstance(each.content, Inline)]


QUESTION = [("system", "Be brief."), ("user", "Write.")]


async def test_a_model_is_shown_its_answer_and_what_is_wrong_with_it() -> None:
    first = await first_plan()
    found = (
        Finding(check="chars", path="/title", message="has 80 characters, and may have at most 60"),
        Finding(check="grounded", path="", message="the number 8 is not among the facts"),
    )
    second = await planned(first, "My answer.", *found)
    *question, answer, wrong = spoken(second)
    assert question == QUESTION
    assert answer == ("assistant", "My answer.")
    assert wrong[0] == "user"
    assert "- /title: has 80 characters, and may have at most 60\n- the number 8 is not among" in wrong[1]
    assert (second.plan, second.repairs, second.question, second.request.model) == (1, 2, 2, "small")
    assert [(each.plan, each.model, each.failure.reason) for each in second.tried] == [(0, "small", "rejected")]
    assert second.tried[0].findings == found
    assert second.prompt_sha256 != first.prompt_sha256
    assert (second.fingerprint, second.cache) == (first.fingerprint, first.cache), "it answers the same question"


async def test_the_second_time_the_next_model_is_asked_the_question_itself() -> None:
    third = await planned(await planned(await first_plan()))
    assert spoken(third) == QUESTION
    assert (third.request.model, third.request.lane, third.candidates) == ("large", "premium", ("other",))
    assert (third.plan, third.repairs, third.question) == (2, 1, None)
    named = await first_plan(model="large")
    assert (third.fingerprint, third.prompt_sha256) == (named.fingerprint, named.prompt_sha256)
    assert third.lane_partitions == named.lane_partitions


async def test_where_there_is_no_other_model_the_same_is_shown_its_newest_answer() -> None:
    step = await first_plan(model="large")
    for said in ("first", "second", "third"):
        step = await planned(step, said)
        assert spoken(step)[:-1] == [*QUESTION, ("assistant", said)]
    assert (step.repairs, step.request.model, len(step.tried)) == (0, "large", 3)


async def test_a_model_that_is_gone_is_not_asked_again() -> None:
    step = make_step(model="gone", repairs=1, candidates=("large",))
    assert (await planned(step)).request.model == "large"
    result = await emitted(make_step(model="gone", repairs=1))
    assert isinstance(result, JobFinished)
    assert (result.status, result.output) == ("rejected", Inline(inline="A bad answer."))
    assert [finding.check for finding in result.findings] == ["chars", "repair"]
    assert "catalogue cafe does not have gone any more" in result.findings[1].message


async def test_nothing_is_asked_after_the_deadline() -> None:
    late = make_head(deadline=NOON - timedelta(seconds=1))
    result = await emitted(make_step(job=late, repairs=1))
    assert isinstance(result, JobFinished)
    assert (result.status, result.failure) == ("rejected", None)
    assert "no other answer was asked for: the deadline 2026-11-22" in result.findings[-1].message


async def test_a_failure_after_a_repair_hands_the_question_over() -> None:
    repaired = await planned(await first_plan())
    following = after_failure(repaired, make_tried(), catalogue=CATALOGUE, now=NOON)
    assert isinstance(following, Step)
    assert spoken(following) == QUESTION
    assert (following.question, following.request.model, following.repairs) == (None, "large", 2)
    assert following.fingerprint == (await first_plan(model="large")).fingerprint


async def test_what_is_shown_of_an_answer_is_bounded_and_never_empty() -> None:
    many = tuple(Finding(check="c", path=f"/{number}", message="m" * 100) for number in range(50))
    step = await planned(make_step(repairs=1), "x" * 1_000_000, *many)
    (_, answer), (_, wrong) = spoken(step)[-2:]
    assert len(answer) == MAX_SHOWN_CHARACTERS + 1
    assert wrong.count("- /") == MAX_SHOWN_FINDINGS
    assert "30 more of this kind" in wrong
    assert spoken(await planned(make_step(repairs=1), " \n"))[-2] == ("assistant", "(nothing)")


async def test_where_the_answer_leaves_no_room_the_job_ends() -> None:
    # The router of these tests takes 50,000 bytes.
    result = await emitted(make_step("p" * 40_000, repairs=1), "x" * 30_000)
    assert isinstance(result, JobFinished)
    assert result.status == "rejected"
    assert "at most 50000 are taken" in result.findings[-1].message


async def test_repairs_and_models_handed_over_are_counted() -> None:
    at = door()
    await emitted(await planned(await first_plan()), at=at)
    await emitted(await first_plan(), at=at)
    assert at.metrics.total("headchef.steps.repaired") == 1
    assert at.metrics.total("headchef.steps.handed_over") == 1


@given(st.integers(1, 10), st.lists(st.booleans(), max_size=30), st.text(max_size=30))
def test_answers_are_bounded_and_what_is_asked_does_not_grow(repairs: int, rejected: list[bool], said: str) -> None:
    catalogue = replace(CATALOGUE)
    step = make_step("the question", repairs=repairs, candidates=("large", "other"))
    plans = [step]
    for again in rejected:
        if again and step.repairs == 0:
            break
        tried = make_tried(step.request.model, plan=step.plan)
        if again:
            limit = {"max_prompt_bytes": 50_000}
            following = after_rejection(step, tried, said, catalogue=catalogue, now=NOON, **limit)
        else:
            following = after_failure(step, tried, catalogue=catalogue, now=NOON)
        if isinstance(following, NobodyLeft):
            break
        step = following
        plans.append(step)
    assert len(plans) <= 1 + repairs + 2, "each plan uses up a repair or a candidate"
    assert [each.plan for each in plans] == list(range(len(plans)))
    assert all(len(each.request.messages) == (3 if each.question else 1) for each in plans)
    assert all(each.request.messages[0] == plans[0].request.messages[0] for each in plans)
    assert [each.plan for each in plans[-1].tried] == list(range(len(plans) - 1))
