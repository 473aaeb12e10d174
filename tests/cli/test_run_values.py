"""What a run of a workflow is given, and that all of it is looked at before anything is paid for."""

from pathlib import Path

import pytest

from headchef.cli.faults import WrongUsage
from headchef.cli.workflows.values import check_runnable, given_of, input_of
from headchef.functions import functions
from headchef.workflow import load
from tests.workflow.files import FILE, LANDING
from tests.workflow.progress.jobs import JUDGE, workflow

PAGE = load(LANDING / FILE)
NONE = functions(())


def test_the_input_is_read_and_held_against_its_schema(tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text('{"city": "Ghent"}')
    flow = workflow(
        tmp_path,
        "  - {id: last, llm: {text: x}}",
        schemas={"in.v1": {"type": "object", "properties": {"city": {"type": "string"}}}},
        more="input: {schema: in.v1}",
    )
    assert input_of(f"@{tmp_path}/in.json", flow, JUDGE) == {"city": "Ghent"}
    assert input_of(None, flow, JUDGE) == {}
    for text, message in (
        ('{"city": 5}', '/city: 5 is not of type "string"'),
        ("{", "--input: line 1, column 2"),
        ("@gone.json", "gone.json cannot be read"),
    ):
        with pytest.raises(WrongUsage) as wrong:
            input_of(text, flow, JUDGE)
        assert message in wrong.value.message


def test_what_tells_jobs_apart_is_in_the_input_where_answers_serve_other_wordings(tmp_path: Path) -> None:
    step = """\
  - id: last
    llm: {text: "{{ question }}", with: {question: "{{ input.question }}"}}
    semantic: {free_text: [question], purpose: answer, max_wrong: 0.02}
"""
    flow = workflow(tmp_path, step, more="input: {identity: [sku]}")
    assert input_of('{"sku": "A-1", "question": "Why?"}', flow, JUDGE)["sku"] == "A-1"
    with pytest.raises(WrongUsage, match="--input: sku is left out, and w@1 tells by it which answers may be reused"):
        input_of('{"question": "Why?"}', flow, JUDGE)


def test_what_stands_in_for_a_step_obeys_its_schema() -> None:
    section = '{"html": "x", "claims": []}'
    for text, message in (
        ("outlin={}", '"outlin={}" names no step'),
        ("outline", '"outline" names no step'),
        ("outline={}", "--given outline does not obey outline.v1"),
        (f"sections={section}", "--given sections does not obey section.v1"),
    ):
        with pytest.raises(WrongUsage) as wrong:
            given_of([text], PAGE, JUDGE)
        assert message in wrong.value.message


def test_every_step_that_cannot_be_run_is_named_with_what_would_be_right() -> None:
    with pytest.raises(WrongUsage) as wrong:
        check_runnable(PAGE, ("outline", "geo"), NONE)
    lines = wrong.value.message.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "step page",
        "step final",
    ]
    assert "there is no function 'content.assemble_page'" in lines[0]


def test_what_can_be_run_passes(tmp_path: Path) -> None:
    check_runnable(workflow(tmp_path, "  - {id: last, llm: {text: x}}"), (), NONE)
