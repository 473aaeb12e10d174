"""Questions of steps in pieces: the job that asks one shows the model the same, with its free texts apart."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef_contracts.events.jobs import JobSubmitted
from headchef_contracts.events.semantic import SemanticQuestion, SemanticUse
from headchef_contracts.events.steps import Step

from headchef import equality
from headchef.checks import installed
from headchef.router.policy import plan
from headchef.schema import SchemaCache
from headchef.template import Renderer
from headchef.workflow import Workflow, load
from headchef.workflow.progress import Ask, Lost, Progress
from headchef.workflow.progress.wording import worded
from tests.router.conftest import make_catalogue
from tests.support.builders import make_head
from tests.workflow.progress.jobs import JUDGE

RENDERER, SCHEMAS = Renderer(max_templates=100, max_work=100_000), SchemaCache(5)
USE = {"free_text": ["question"], "purpose": "answer", "max_wrong": 0.02}


def planned(fields: Mapping[str, Any]) -> Step:
    job = JobSubmitted.model_validate({"job_id": "job-1", **fields})
    return plan(
        job,
        make_head(),
        catalogue=make_catalogue(),
        schemas=SCHEMAS,
        registry=installed(),
        judges=equality.installed(),
        renderer=RENDERER,
        max_prompt_bytes=100_000,
    )


def shown(step: Step) -> list[tuple[str, Any]]:
    return [(each.role, each.content.model_dump()["inline"]) for each in step.request.messages]


@given(
    st.text(max_size=9) | st.sampled_from(["{{ input.question }}", "a\r\nb", "{% raw %}", "\n"]),
    st.text(min_size=1, max_size=9).filter(str.strip),
    st.sampled_from(["{{ question }}", "{{ fact }}", "Be brief. {{ fact }}\n", "", "a\r\nb\n", None]),
)
def test_the_job_of_a_question_in_pieces_shows_the_model_the_same(fact: str, question: str, system: str | None) -> None:
    sources = {"prompt": "{{ fact }}\n{{ question }}{{ fact }}"} | ({} if system is None else {"system": system})
    names = {"input": {}, "fact": fact, "question": question}
    filled = {field: RENDERER.render(source, names).text for field, source in sources.items()}
    taken = worded(
        SemanticUse.model_validate(USE),
        names,
        sources=sources,
        filled=filled,
        identity={"sku": fact},
        renderer=RENDERER,
    )
    step = planned(taken.fields())
    said = [("system", filled["system"])] if system is not None else []
    assert shown(step) == [*said, ("user", filled["prompt"])]
    assert step.semantic is not None
    assert step.semantic.text == question


FLOW = """\
workflow: answers
version: 1
input: {identity: [sku]}
steps:
  - id: answer
    llm:
      text: "{{ input.price }}: {{ question }}"
      with: {question: "{{ input.question }}"}
    semantic: {free_text: [question], purpose: answer, max_wrong: 0.02}
result: {from: "{{ steps.answer }}"}
"""


@pytest.fixture
def flow(tmp_path: Path) -> Workflow:
    path = tmp_path / "answers.yaml"
    path.write_text(FLOW)
    return load(path)


def asked(flow: Workflow, **values: Any) -> Ask:
    known = {"sku": "A-1", "price": 3, "question": "Is it cheap?"}
    [ask] = Progress(flow, known | values, renderer=RENDERER, judge=JUDGE).begin()
    assert isinstance(ask, Ask)
    return ask


def compared(ask: Ask) -> SemanticQuestion:
    semantic = planned(ask.fields()).semantic
    assert semantic is not None
    return semantic


def test_a_step_has_the_scope_of_all_but_its_free_texts(flow: Workflow) -> None:
    first = compared(asked(flow)).scope
    assert compared(asked(flow, question="Is that a lot?")).scope == first
    assert compared(asked(flow, price=4)).scope != first
    assert compared(asked(flow, sku="B-2")).scope != first


def test_what_is_learnt_is_shared_by_the_prompts_of_a_step_whatever_they_are_filled_with(flow: Workflow) -> None:
    assert compared(asked(flow, price=3)).pool == compared(asked(flow, price=4)).pool


def test_a_question_that_may_not_be_answered_from_the_cache_is_asked_as_it_is(flow: Workflow) -> None:
    fields = asked(flow).fields(reuse=False)
    assert (fields["prompt"], fields["cache"]) == ("3: Is it cheap?", "bypass")
    assert {"input", "semantic"}.isdisjoint(fields)


@pytest.mark.parametrize(
    ("question", "why"),
    [
        (5, "the free text `question` must be a text, and is integer"),
        (" \n", "the free text `question` is empty, which means nothing"),
    ],
)
def test_a_free_text_that_is_none_loses_the_step(flow: Workflow, question: Any, why: str) -> None:
    values = {"sku": "A-1", "price": 3, "question": question}
    progress = Progress(flow, values, renderer=RENDERER, judge=JUDGE)
    assert progress.begin() == []
    assert progress.ending is not None
    assert progress.ending.why == Lost("template", why)
