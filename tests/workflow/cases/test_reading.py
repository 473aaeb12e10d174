"""A file of cases is read whole, and every fault is named with its place and what would be right."""

from pathlib import Path

import pytest

from headchef.checks import installed
from headchef.workflow import BadWorkflow
from headchef.workflow.cases import CaseEntry, asks_models, cases_file, load_cases
from headchef.workflow.form import StepEntry
from tests.workflow.cases.guides import ANSWERS, SCHEMAS, case, guide
from tests.workflow.progress.jobs import JUDGE, workflow

GHENT = "name: ghent\n    input: {city: Ghent}"
ALL = "given: {outline: {sections: []}, sections: [], joined: x}"


def cannot(step: StepEntry) -> str | None:
    return "nobody has installed it" if step.python is not None else None


def loaded(folder: Path, text: str) -> tuple[CaseEntry, ...]:
    path = folder / "w.tests.yaml"
    path.write_text(text)
    return load_cases(path, guide(folder), judge=JUDGE, checks=installed(), hindrance=cannot)


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(BadWorkflow) as bad:
        loaded(folder, text)
    return [str(fault).removeprefix(f"{folder}/w.tests.yaml") for fault in bad.value.faults]


def test_good_cases_are_read(tmp_path: Path) -> None:
    text = f"""cases:
  - {GHENT}
    {ALL}
    expect: {{status: ok, golden: true}}
  - name: bruges
    input: {{city: Bruges}}
    answers: {{outline: {{sections: nonsense}}, joined: {{any: thing}}, sections: {{0: x, '*': y}}}}
    fails: {{seen: crashed}}
    expect: {{checks: [{{check: chars, min: 1}}]}}
"""
    first, second = loaded(tmp_path, text)
    assert (first.name, first.expect.golden, second.fails) == ("ghent", True, {"seen": "crashed"})
    assert cases_file(tmp_path / "w.yaml") == tmp_path / "w.tests.yaml"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cases: [", ":1:9: is not YAML: expected the node content, but found '<stream end>'"),
        ("[]", ": is not a mapping with the field cases"),
        ("cases: []", ":1:1: cases: has no case, so that nothing would be tested"),
        ("case: []", ":1:1: case: unknown field; did you mean cases?"),
    ],
)
def test_a_file_that_is_none_says_why(tmp_path: Path, text: str, told: str) -> None:
    assert told in faults(tmp_path, text)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadWorkflow, match="cannot be read: No such file"):
        load_cases(tmp_path / "x.yaml", guide(tmp_path), judge=JUDGE, checks=installed(), hindrance=cannot)


def test_a_case_that_expects_nothing_is_a_fault_as_are_others_of_form(tmp_path: Path) -> None:
    text = """cases:
  - {name: a, expect: {}}
  - {name: b}
  - {name: C d, expect: {status: good}}
  - {name: e, expect: {step: outline}}
  - {name: f, expect: {status: failed, equals: {a: 1}}}
  - {name: g, expect: {findings: [{}]}}
"""
    told = faults(tmp_path, text)
    assert [fault.split(": ", 2)[1] for fault in told] == [
        "cases.0.expect",
        "cases.1.expect",
        "cases.2.name",
        "cases.2.expect.status",
        "cases.3.expect",
        "cases.4.expect",
        "cases.5.expect.findings.0",
    ]
    assert told[0].startswith(":2:15: cases.0.expect: says nothing: give at least one of status, step, reason, checks")
    assert "`step` and `reason` go with `status: failed`" in told[4]
    assert "a failed job has no output" in told[5]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ("given: {outlin: {}}", "given.outlin: there is no step 'outlin'; did you mean outline?"),
        ("fails: {nobody: x}", "fails.nobody: there is no step 'nobody'; there is outline, sections, joined, seen"),
        ("given: {outline: {sections: [{}]}}", 'given.outline.sections.0: "id" is a required property'),
        ("given: {outline: text}", 'given.outline: "text" is not of type "object"'),
        ("given: {sections: text}", "given.sections: is string, and the step, which has no"),
        ("answers: {sections: {0: [1]}}", "answers.sections.0: is array, and the step, which has no"),
        (
            "answers: {sections: [x]}",
            "answers.sections: is run for each of several: give an answer for each item by its",
        ),
        ("fails: {joined: [x]}", "fails.joined: must be a reason in a word, such as timeout"),
        ("given: {joined: 1}\n    answers: {joined: 1}", "given.joined: is not run, so that nothing can answer for it"),
        ("answers: {joined: 1}\n    fails: {joined: x}", "answers.joined: answers and fails: name it once"),
        ("given: {joined: 2020-01-01}", "given: must be JSON: put dates into quotes"),
        ("answers: {joined: {1: x}, outline: {at: 2020-01-01}}", "answers: must be JSON: put dates into quotes"),
        ("answers: {outline: {}}", "step joined: nobody has installed it"),
    ],
)
def test_what_does_not_fit_the_workflow_is_named(tmp_path: Path, fields: str, told: str) -> None:
    found = faults(tmp_path, f"cases:\n  - {GHENT}\n    expect: {{status: ok}}\n    {fields}\n")
    whats = [fault.partition(": cases.0")[2].lstrip(".: ") for fault in found]
    [other] = [what for what in whats if told.startswith("step") or not what.startswith("step joined")]
    assert other.startswith(told)


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        ("checks: [{check: charz}]", "checks.0.check: there is no check 'charz'; did you mean chars?"),
        ("checks: [{check: chars, max: x}]", "checks.0.max: Input should be a valid integer"),
        ("equals: {'a[': 1}", "equals.a[: is no path at '['"),
        ("equals: {a: 2020-01-01}", "equals.a: must be JSON: put dates into quotes"),
        ("status: failed, step: outlin", "step: there is no step 'outlin'; there is outline"),
        ("most: {usd: 1}", "most.usd: no model is asked in this case, so that this always holds"),
        ("most: {tokens: 1}", "most.tokens: no model is asked in this case, so that this always holds"),
    ],
)
def test_what_can_never_be_expected_is_named(tmp_path: Path, expect: str, told: str) -> None:
    [fault] = faults(tmp_path, f"cases:\n  - {GHENT}\n    {ALL}\n    expect: {{{expect}}}\n")
    assert fault.partition("cases.0.expect.")[2].startswith(told)


def test_a_path_that_the_output_cannot_have_is_named(tmp_path: Path) -> None:
    steps = "  - {id: outline, llm: {text: x}, output: {schema: outline.v1}}"
    flow = workflow(tmp_path, steps, "{{ steps.outline }}", schemas=SCHEMAS)
    path = tmp_path / "w.tests.yaml"
    checks = "[{check: chars, path: 'sections[].titel', max: 3}]"
    path.write_text(f"cases:\n  - {{name: a, expect: {{equals: {{'sections[0].titel': x}}, checks: {checks}}}}}\n")
    with pytest.raises(BadWorkflow) as bad:
        load_cases(path, flow, judge=JUDGE, checks=installed(), hindrance=cannot)
    assert [fault.fault.message for fault in bad.value.faults] == [
        "leads nowhere: sections[0] cannot have 'titel'; there is id",
        "leads nowhere: sections[] cannot have 'titel'; there is id",
    ]


def test_the_input_obeys_its_schema_and_names_are_given_once(tmp_path: Path) -> None:
    text = f"""cases:
  - {{name: a, input: {{city: 5}}, {ALL}, expect: {{status: ok}}}}
  - {{name: a, input: {{city: Ghent, land: x}}, {ALL}, expect: {{status: ok}}}}
  - {{name: b, input: {{city: 2020-01-01}}, {ALL}, expect: {{status: ok}}}}
"""
    told = faults(tmp_path, text)
    assert [fault.split(": ", 1)[1] for fault in told] == [
        'cases.0.input.city: 5 is not of type "string"',
        "cases.1.name: a is the name of another case too, on line 2",
        "cases.1.input: Additional properties are not allowed ('land' was unexpected)",
        "cases.2.input: must be JSON: put dates into quotes, and fields that are numbers too",
    ]


def test_services_are_needed_where_a_step_asks_a_model_for_itself(tmp_path: Path) -> None:
    flow = guide(tmp_path)
    assert not asks_models(flow, case())
    assert not asks_models(flow, case(answers={"outline": ANSWERS["outline"]}, fails={"sections": "timeout"}))
    assert asks_models(flow, case(answers={"outline": ANSWERS["outline"]}))
