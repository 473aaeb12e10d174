"""Steps whose answers may serve other wordings: what a workflow may say of them, and every fault with its place."""

from pathlib import Path

import pytest

from headchef.workflow import load
from headchef.workflow.identity import left_out
from tests.workflow.files import faults

FILE = """\
workflow: answers
version: 1
input: {identity: [sku, locale]}
steps:
  - id: facts
    http: {get: "https://pim.example.com/{{ input.sku }}", allow_hosts: [pim.example.com]}
  - id: heard
    python: {call: desk.heard, with: {letter: "{{ input.letter }}"}}
  - id: answer
    llm:
      prompt: prompts/answer.j2@1
      with: {question: "{{ input.question }}", facts: "{{ steps.facts }}", heard: "{{ steps.heard }}"}
    semantic: {free_text: [question, heard], purpose: answer, max_wrong: 0.02, mode: serve}
result: {from: "{{ steps.answer }}"}
"""
PROMPT = "{# version: 1 #}\n{{ facts }}\n{{ heard }}\n{{ question }}\n"


def written(folder: Path, *changes: tuple[str, str], prompt: str = PROMPT) -> Path:
    """Write the workflow, with some texts of it replaced by others."""
    text = FILE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "prompts").mkdir()
    (folder / "prompts/answer.j2").write_text(prompt)
    path = folder / "answers.yaml"
    path.write_text(text)
    return path


def test_free_texts_are_values_of_with(tmp_path: Path) -> None:
    use = load(written(tmp_path)).steps["answer"].semantic
    assert use is not None
    assert (use.free_text, use.max_wrong, use.mode) == (("question", "heard"), 0.02, "serve")


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (
            "[question, heard]",
            "[question, words]",
            "13:38: steps.2.semantic.free_text.1: 'words' is no value of `with`",
        ),
        ("[question, heard]", "[question, question]", "13:38: steps.2.semantic.free_text.1: 'question' is named twice"),
        ("[question, heard]", "[]", "13:16: steps.2.semantic.free_text: must have 1 item at least, and has 0"),
        (
            "[question, heard]",
            "[question, facts]",
            (
                "13:38: steps.2.semantic.free_text.1: 'facts' holds input.sku, which is in `input.identity`, by way of"
                " steps.facts: what makes jobs differ must be equal"
            ),
        ),
        (
            "{{ input.question }}",
            "{{ input.locale }}: {{ input.question }}",
            "13:28: steps.2.semantic.free_text.0: 'question' holds input.locale, which is in `input.identity`: what",
        ),
        (
            "{{ input.question }}",
            "{{ input | tojson }}",
            "13:28: steps.2.semantic.free_text.0: 'question' holds all of the input, and so sku",
        ),
        (
            "{{ input.letter }}",
            "{{ steps.facts }}",
            (
                "13:38: steps.2.semantic.free_text.1: 'heard' holds input.sku, which is in `input.identity`, by way of"
                " steps.facts, by way of steps.heard: what makes"
            ),
        ),
        (
            'python: {call: desk.heard, with: {letter: "{{ input.letter }}"}}',
            'llm: {text: "{{ input.sku }}"}',
            (
                "13:38: steps.2.semantic.free_text.1: 'heard' holds input.sku, which is in `input.identity`, by way of"
                " steps.heard: what"
            ),
        ),
        (
            'question: "{{ input.question }}"',
            'question: ["{{ input.question }}"]',
            "12:14: steps.2.llm.with.question: is a free text of `semantic`, and must be a text",
        ),
        (
            'python: {call: desk.heard, with: {letter: "{{ input.letter }}"}}',
            "audit: {target: '{{ input.letter }}', rules: [{check: chars, max: 5}]}",
            "12:76: steps.2.llm.with.heard: is object, and a text is wanted",
        ),
        (
            "mode: serve",
            "mode: serve, compare: {judge: feelings}",
            "13:103: steps.2.semantic.compare.judge: there is no judge of equality 'feelings'; there is auto",
        ),
        ("mode: serve", "mode: serve, identity: [sku]", "13:93: steps.2.semantic.identity: a workflow says this once"),
        ("    semantic", "    cache: bypass\n    semantic", "14:5: steps.2.semantic: no earlier answer serves with"),
        ("max_wrong: 0.02", "max_wrong: 0.3", "13:63: steps.2.semantic.max_wrong: Input should be less than or equal"),
        ("purpose: answer", "purpose: geo", "13:46: steps.2.semantic.purpose: an answer for the purpose geo is never"),
        (
            "python: {call: desk.heard",
            "semantic: {free_text: [letter], purpose: answer, max_wrong: 0}\n    python: {call: desk.heard",
            "8:5: steps.1.semantic: belongs to a question to a model, and this step is python",
        ),
    ],
)
def test_each_fault_has_its_place(tmp_path: Path, old: str, new: str, found: str) -> None:
    all_found = faults(written(tmp_path, (old, new)))
    assert len(all_found) == 1
    assert found in all_found[0]


def test_a_prompt_that_does_more_with_a_free_text_than_to_write_it_is_named_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, prompt=PROMPT.replace("{{ question }}", "{{ question | upper }}"))
    expected = "prompts/answer.j2:4: does more with the free text `question` than to write it: it may stand as"
    assert [fault[: len(expected)] for fault in faults(path)] == [expected]


def test_a_prompt_in_the_workflow_is_named_likewise(tmp_path: Path) -> None:
    text = "text: '{{ heard }}{{ facts }}{% if question %}?{% endif %}'"
    [fault] = faults(written(tmp_path, ("prompt: prompts/answer.j2@1", text)))
    assert fault.startswith("answers.yaml:11:7: steps.2.llm.text: line 1 does more with the free text `question`")


def test_an_item_is_followed_to_where_its_list_comes_from(tmp_path: Path) -> None:
    each = 'for_each: {in: "{{ input.rows }}", as: row}\n    llm:'
    path = written(tmp_path, ("llm:", each), ('question: "{{ input.question }}"', 'question: "{{ row.question }}"'))
    assert load(path).steps["answer"].for_each is not None
    path.write_text(path.read_text().replace("{{ input.rows }}", "{{ input.sku }}"))
    [fault] = faults(path)
    assert "'question' holds input.sku, which is in `input.identity`: what" in fault


def test_what_makes_jobs_differ_is_given(tmp_path: Path) -> None:
    workflow = load(written(tmp_path))
    assert left_out(workflow, {"sku": None, "locale": "de"}) == {}
    assert list(left_out(workflow, {"locale": "de"})) == ["sku"]
    assert list(left_out(workflow, [])) == ["sku", "locale"]


def test_without_other_wordings_it_need_not_be(tmp_path: Path) -> None:
    old = "    semantic: {free_text: [question, heard], purpose: answer, max_wrong: 0.02, mode: serve}\n"
    assert left_out(load(written(tmp_path, (old, ""))), {}) == {}
