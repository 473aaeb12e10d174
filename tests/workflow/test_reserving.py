"""Steps that reserve a value: what of them can be used, what is drawn of them, and what others may read."""

from pathlib import Path

import pytest

from headchef.workflow import BadWorkflow, Workflow, load
from headchef.workflow.drawing import mermaid
from headchef.workflow.progress import Ask, Came, Lost, Reserve
from tests.workflow.progress.jobs import begun, workflow

SCHEMAS = {"meta.v1": {"type": "object", "properties": {"title": {"type": "string"}, "length": {"type": "number"}}}}
META = "  - {id: meta, llm: {text: Meta}, output: {schema: meta.v1}}\n"
TITLE = '  - {id: title, reserve: {site: "{{ input.site }}", name: title, value: "{{ steps.meta.title }}"}}\n'
LAST = '  - {id: last, llm: {text: "{{ title }}", with: {title: "{{ steps.title }}"}}}'


@pytest.fixture
def flow(tmp_path: Path) -> Workflow:
    return workflow(tmp_path, META + TITLE + LAST, schemas=SCHEMAS)


def test_it_waits_for_what_it_reserves_and_hands_it_on(flow: Workflow) -> None:
    progress, [meta] = begun(flow, {"site": "ghent.example"})
    [reserve] = progress.ended(meta.unit, Came({"title": "Best of Ghent"}))
    assert isinstance(reserve, Reserve)
    assert (reserve.site, reserve.name, reserve.value) == ("ghent.example", "title", "Best of Ghent")
    [last] = progress.ended(reserve.unit, Came("Best of Ghent"))
    assert isinstance(last, Ask)
    assert last.prompt == "Best of Ghent"


def test_a_drawing_says_what_is_reserved(flow: Workflow) -> None:
    assert '    step_title["title<br/>reserve: title"]' in mermaid(flow)


def test_it_may_be_wanted_for_its_own_sake(tmp_path: Path) -> None:
    steps = META + TITLE.replace("id: title", "id: slug") + "  - {id: last, llm: {text: x}}"
    assert set(workflow(tmp_path, steps, schemas=SCHEMAS).steps) == {"meta", "slug", "last"}


def test_a_value_that_is_taken_may_be_asked_for_in_other_words(tmp_path: Path) -> None:
    steps = (
        META
        + TITLE.replace("}}\n", "}, on_error: drop}\n")
        + """
  - id: other
    when: "{{ not steps.title }}"
    llm: {text: "Other words for {{ title }}", with: {title: "{{ steps.meta.title }}"}}
  - id: second
    when: "{{ not steps.title }}"
    reserve: {site: s, name: title, value: "{{ steps.other }}"}
"""
    )
    flow = workflow(tmp_path, steps, result="{{ steps.title or steps.second }}", schemas=SCHEMAS)
    progress, [meta] = begun(flow, {"site": "s"})
    [title] = progress.ended(meta.unit, Came({"title": "Best of Ghent"}))
    [other] = progress.ended(title.unit, Lost("taken", "by the job 'b'"))
    [second] = progress.ended(other.unit, Came("Ghent at its best"))
    assert isinstance(second, Reserve)
    progress.ended(second.unit, Came(second.value))
    assert progress.ending is not None
    assert (progress.ending.status, progress.ending.output) == ("ok", "Ghent at its best")
    assert [(each.check, each.path) for each in progress.ending.findings] == [("taken", "/steps/title")]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("steps.meta.title", "steps.meta.titel", "steps.1.reserve.value: steps.meta cannot have 'titel'; did you mean"),
        ("steps.meta.title", "steps.mata.title", "steps.1.reserve.value: there is no step 'mata'; did you mean meta?"),
        ("steps.meta.title", "steps.meta.length", "steps.1.reserve.value: is number, and a text is wanted"),
        ("steps.meta.title", "steps.meta", "steps.1.reserve.value: is object, and a text is wanted"),
        ("input.site", "inputs.site", "steps.1.reserve.site: 'inputs' is not known here; did you mean input?"),
        ("name: title,", "name: Title,", "steps.1.reserve.name: String should match pattern"),
        ("name: title,", "name: title, sites: x,", "steps.1.reserve.sites: unknown field; did you mean site?"),
        ("name: title, ", "", "steps.1.reserve.name: "),
    ],
)
def test_what_cannot_be_reserved_is_a_fault(tmp_path: Path, old: str, new: str, said: str) -> None:
    closed = {"meta.v1": SCHEMAS["meta.v1"] | {"additionalProperties": False}}
    workflow(tmp_path, META + TITLE + LAST, schemas=closed)
    path = tmp_path / "w.yaml"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(BadWorkflow) as bad:
        load(path)
    assert said in str(bad.value)
