"""Checks at the door: filled in for the validator, or refused with the field and what would be right."""

from collections.abc import Mapping
from typing import Any

import pytest

from headchef_contracts.events.common import StepCheck
from headchef_contracts.events.steps import Step, StepPlanned
from headchef_contracts.registry import decode, encode

from headchef.runtime.processor import Emit
from tests.router.conftest import Door
from tests.router.test_refusing import refusal
from tests.support.builders import make_job

SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "edits": {"type": "array", "items": {"type": "string"}}},
    "additionalProperties": False,
}


def job(*checks: Mapping[str, Any], schema: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    output: dict[str, Any] = {"checks": list(checks)}
    return make_job(output=output | ({"schema": schema} if schema else {}), **fields)


async def planned(door: Door, submitted: dict[str, Any]) -> Step:
    [output] = (await door.submit(submitted)).outputs
    assert isinstance(output, Emit)
    assert isinstance(output.event, StepPlanned)
    assert decode(output.event.event_type, 1, encode(output.event)) == output.event
    return output.event.step


async def test_a_check_travels_with_its_step(door: Door) -> None:
    step = await planned(door, job({"check": "chars", "path": "title", "max": 60}, schema=SCHEMA))
    assert step.checks == (StepCheck(check="chars", path="title", arguments={"max": 60}),)
    assert step.repairs == 0


async def test_what_a_job_does_not_ask_for_is_not_written(door: Door) -> None:
    step = await planned(door, make_job())
    assert not step.model_fields_set & {"checks", "repairs", "question"}


async def test_arguments_are_filled_in_with_the_input_as_the_values_that_they_are(door: Door) -> None:
    facts = {"n": 7, "rows": ["{{ input.secret }}"]}
    asked = (
        {"check": "grounded", "against": "{{ input.facts }}"},
        {"check": "required_terms", "terms": ["{{ input.city }}", "and {{ input.city }}", "^{2}$"]},
        {"check": "chars", "max": "{{ input.facts.n }}"},
    )
    step = await planned(door, job(*asked, input={"facts": facts, "city": "Zürich"}))
    assert [check.arguments for check in step.checks] == [
        {"against": facts},
        {"terms": ["Zürich", "and Zürich", "^{2}$"]},
        {"max": 7},
    ]


async def test_without_input_nothing_is_a_template(door: Door) -> None:
    step = await planned(door, job({"check": "banned_terms", "terms": ["{{ x }}"]}))
    assert step.checks[0].arguments == {"terms": ["{{ x }}"]}


@pytest.mark.parametrize(
    ("check", "fields", "reason", "field", "message"),
    [
        ({"check": "char", "max": 1}, {}, "invalid", "check", "there is no check 'char'; did you mean chars?"),
        ({"check": "chars"}, {}, "invalid", "", "give `min`, `max` or both"),
        ({"check": "chars", "mx": 1}, {}, "invalid", "mx", "unknown field; did you mean max?"),
        ({"check": "chars", "max": "x"}, {}, "invalid", "max", "Input should be a valid integer"),
        ({"check": "chars", "path": "a.", "max": 1}, {}, "invalid", "path", "is no path at '.'"),
        (
            {"check": "chars", "path": "titel", "max": 1},
            {"schema": SCHEMA},
            "invalid",
            "path",
            "leads nowhere: the output cannot have 'titel'; did you mean title?",
        ),
        (
            {"check": "chars", "path": "edits", "max": 1},
            {"schema": SCHEMA},
            "invalid",
            "path",
            "is array, and chars looks at string",
        ),
        (
            {"check": "chars", "path": "title", "max": 1},
            {},
            "invalid",
            "path",
            "leads nowhere: the output is string, and cannot have 'title'",
        ),
        (
            {"check": "chars", "max": "{{ input.most }}"},
            {"input": {"a": 1}},
            "template",
            "max",
            "`most` is not given; there is a",
        ),
        ({"check": "chars", "max": "{{ input.a }}"}, {"input": {"a": -1}}, "invalid", "max", "Input should be greater"),
        (
            {"check": "grounded", "against": "{{ input.facts * 1000 }}"},
            {"input": {"facts": "x"}},
            "template",
            "against",
            "takes numbers only",
        ),
        ({"max": 1}, {}, "invalid", "check", "required"),
        ({"check": "Chars"}, {}, "invalid", "check", "match"),
    ],
)
async def test_a_check_that_cannot_be_used_is_refused_by_its_field(
    door: Door, check: dict[str, Any], fields: dict[str, Any], reason: str, field: str, message: str
) -> None:
    known = {"check": "chars", "max": 9}
    schema = fields.pop("schema", None)
    if schema:
        known["path"] = "title"
    refused = refusal(await door.submit(job(known, check, schema=schema, **fields)))
    assert (refused.reason, refused.field) == (reason, ".".join(filter(None, ("output.checks.1", field))))
    assert message in refused.message


async def test_the_time_that_filling_in_may_take_is_bounded(door: Door) -> None:
    terms = [f"{{{{ input.a }}}}{number}" for number in range(101)]
    submitted = job({"check": "banned_terms", "terms": terms}, input={"a": 1})
    refused = refusal(await door.submit(submitted))
    assert (refused.reason, refused.field) == ("invalid", "output.checks")
    assert "101 texts in arguments are templates; at most 100" in refused.message


async def test_facts_that_are_too_large_are_refused(door: Door) -> None:
    checks = [{"check": "grounded", "against": "{{ input.facts }}"}] * 4
    refused = refusal(await door.submit(job(*checks, input={"facts": "x" * 20_000})))
    assert (refused.reason, refused.field) == ("too_large", "output.checks")


@pytest.mark.parametrize("repairs", [-1, 11, "two", 1.5])
async def test_a_number_of_repairs_that_will_not_do_is_refused(door: Door, repairs: Any) -> None:
    refused = refusal(await door.submit(make_job(output={"repairs": repairs})))
    assert (refused.reason, refused.field) == ("invalid", "output.repairs")
