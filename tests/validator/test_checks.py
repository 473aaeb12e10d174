"""Answers are held against the checks of their step, and go back to the router where another may be asked for."""

from typing import Any

import pytest

from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import StepCheck
from headchef_contracts.events.jobs import JobFinished
from headchef_contracts.events.steps import StepCompleted, StepJudged

from tests.support.builders import make_completed, make_step
from tests.validator.test_handing_over import events

SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
SHORT = StepCheck(check="chars", path="title", arguments={"max": 5})
GROUNDED = StepCheck(check="grounded", arguments={"against": {"n": 7}})


def answered(text: str, *checks: StepCheck, schema: dict[str, Any] | None = None, **fields: Any) -> StepCompleted:
    known = {name: fields.pop(name) for name in ("cache",) if name in fields}
    return make_completed(text, step=make_step(output_schema=schema, checks=checks, **fields), **known)


async def finished(event: StepCompleted) -> JobFinished:
    result = (await events(event))[0]
    assert isinstance(result, JobFinished)
    return result


@pytest.mark.parametrize(
    ("text", "schema", "checks", "found"),
    [
        ('{"title": "short"}', SCHEMA, (SHORT,), []),
        ('{"title": "longer"}', SCHEMA, (SHORT,), [("chars", "/title")]),
        ('{"title": "7 of 8"}', SCHEMA, (SHORT, GROUNDED), [("chars", "/title"), ("grounded", "/title")]),
        ('{"title": 8}', SCHEMA, (SHORT,), [("schema", "/title")]),
        ("It has 7.", None, (GROUNDED,), []),
        ("It has 8.", None, (GROUNDED,), [("grounded", "")]),
        ("1. 2. 3. 4. 5. 6.", None, (GROUNDED,), [("grounded", "")] * 3),
        (" ", None, (GROUNDED,), [("empty", "")]),
    ],
)
async def test_an_answer_that_obeys_its_schema_must_pass_its_checks(
    text: str, schema: dict[str, Any] | None, checks: tuple[StepCheck, ...], found: list[tuple[str, str]]
) -> None:
    result = await finished(answered(text, *checks, schema=schema))
    assert result.status == ("rejected" if found else "ok")
    assert [(finding.check, finding.path) for finding in result.findings] == found


async def test_a_reused_answer_is_held_against_the_checks_of_the_step_that_it_is_for() -> None:
    [judged] = await events(answered("It has 8.", GROUNDED, cache=CacheUse(kind="exact", source_job_id="job-0")))
    assert isinstance(judged, StepJudged)
    assert (judged.verdict, judged.failed, judged.said) == ("hit_refused", None, None)


async def test_a_rejected_answer_goes_back_while_another_may_be_asked_for() -> None:
    event = answered("It has 8.", GROUNDED, repairs=1)
    judged, settled = await events(event)
    assert isinstance(judged, StepJudged)
    assert (judged.verdict, judged.step, judged.said) == ("rejected", event.step, "It has 8.")
    assert judged.failed is not None
    assert (judged.failed.failure.reason, judged.failed.findings) == ("rejected", judged.findings)
    assert judged.failed.failure.message == "grounded: the number 8 is not among the facts"
    assert (settled.verdict, settled.answer) == ("rejected", None)
    assert isinstance((await events(answered("It has 7.", GROUNDED, repairs=1)))[0], JobFinished)


@pytest.mark.parametrize("text", ["no JSON", "", '{"title": 5}'])
async def test_what_the_schema_rejects_is_repaired_too(text: str) -> None:
    judged = (await events(answered(text, schema=SCHEMA, repairs=3)))[0]
    assert isinstance(judged, StepJudged)
    assert (judged.verdict, judged.said) == ("rejected", text)


@pytest.mark.parametrize("check", [StepCheck(check="gone"), StepCheck(check="chars", arguments={"max": "x"})])
async def test_where_the_check_cannot_be_used_no_other_answer_is_paid_for(check: StepCheck) -> None:
    result = await finished(answered("text", check, repairs=3))
    assert result.status == "rejected"
    assert [finding.check for finding in result.findings] == ["check"]
    assert "a check cannot be used: " in result.findings[0].message
