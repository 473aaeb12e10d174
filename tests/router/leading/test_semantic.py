"""Steps of workflows whose answers may serve other wordings: how the router plans them, and which jobs it lets in."""

from pathlib import Path
from typing import Any

from headchef_contracts.events.common import Inline
from headchef_contracts.events.semantic import SemanticQuestion
from headchef_contracts.events.steps import Step

from tests.router.leading.kitchen import Kitchen, echo, written

STEPS = """\
  - id: last
    llm: {text: "{{ input.name }}: {{ question }}", with: {question: "{{ input.question }}"}}
    semantic: {free_text: [question], purpose: answer, max_wrong: 0.02, pool: desk}
"""
VALUES = {"sku": "A-1", "name": "Cork", "question": "Is it {{ cheap }}?"}


async def planned(folder: Path, values: dict[str, Any], **fields: Any) -> Step:
    kit = Kitchen(echo)
    await kit.publish(written(folder, STEPS, more="input: {identity: [sku]}"))
    await kit.submit(values, **fields)
    [step] = kit.steps
    return step


async def question(folder: Path, **values: Any) -> SemanticQuestion:
    found = (await planned(folder, VALUES | values)).semantic
    assert found is not None
    return found


async def test_a_step_is_planned_with_the_question_as_it_may_be_compared(tmp_path: Path) -> None:
    step = await planned(tmp_path, VALUES)
    [message] = step.request.messages
    assert message.content == Inline(inline="Cork: Is it {{ cheap }}?")
    assert step.semantic is not None
    assert (step.semantic.text, step.semantic.pool) == ("Is it {{ cheap }}?", "desk")
    plain = await planned(tmp_path, VALUES, cache="bypass")
    assert (plain.request, plain.fingerprint) == (step.request, step.fingerprint)


async def test_its_scope_is_that_of_all_but_the_free_text(tmp_path: Path) -> None:
    scope = (await question(tmp_path)).scope
    assert (await question(tmp_path, question="Is it dear?")).scope == scope
    assert (await question(tmp_path, name="Oak")).scope != scope
    assert (await question(tmp_path, sku="B-2")).scope != scope


async def test_a_job_that_may_not_be_answered_from_the_cache_compares_nothing(tmp_path: Path) -> None:
    step = await planned(tmp_path, VALUES, cache="bypass")
    assert (step.cache, step.semantic) == ("bypass", None)


async def test_a_job_that_leaves_out_what_makes_it_differ_is_refused(tmp_path: Path) -> None:
    kit = Kitchen(echo)
    await kit.publish(written(tmp_path, STEPS, more="input: {identity: [sku]}"))
    await kit.submit({"name": "Cork", "question": "Is it cheap?"})
    [refused] = kit.refused
    assert (refused.reason, refused.field) == ("invalid", "input.sku")
    assert refused.message == "is left out, and w@1 tells by it which answers may be reused: give it, also as null"
    assert not kit.given_out
