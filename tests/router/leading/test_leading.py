"""A job through a workflow: led step by step to its one result, whatever order things come in and whoever goes on."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.calls import CallFailure, CallPlanned
from headchef_contracts.events.common import Finding, Inline
from headchef_contracts.events.jobs import Failure, FailureReason
from headchef_contracts.events.steps import StepPlanned

from headchef.router.leading import finishing
from headchef.workflow import Workflow
from tests.router.conftest import make_catalogue
from tests.router.leading.kitchen import Kitchen, echo, ended, prompt_of, written

STEPS = """
  - id: outline
    llm: {text: "Outline {{ input.about }}"}
  - id: parts
    for_each: {in: "{{ input.parts }}", as: part, concurrency: 2}
    llm: {text: "{{ part }} of {{ outline }}", with: {part: "{{ part }}", outline: "{{ steps.outline }}"}}
  - id: joined
    python: {call: tests.join, with: {parts: "{{ steps.parts }}"}}
  - id: last
    audit: {target: "{{ steps.joined }}", rules: [{check: chars, path: called, max: 4}]}
"""
VALUES = {"about": "Ghent", "parts": ["a", "b", "c"]}


@pytest.fixture
def flow(tmp_path: Path) -> Workflow:
    return written(tmp_path, STEPS, result="{{ steps.last }}")


async def kitchen(flow: Workflow, answer: Callable[[Any], Any] = echo, **how: Any) -> Kitchen:
    made = Kitchen(answer, **how)
    await made.publish(flow)
    return made


async def test_a_job_goes_through_its_steps_to_one_result(flow: Workflow) -> None:
    kit = await kitchen(flow)
    await kit.submit(VALUES, labels={"team": "red"})
    assert [prompt_of(each) for each in kit.open] == ["Outline Ghent"]
    finished = await kit.run()
    assert [prompt_of(each) for each in kit.given_out if isinstance(each, StepPlanned)] == [
        "Outline Ghent",
        *(f"{part} of Outline Ghent" for part in "abc"),
    ]
    assert finished.status == "ok"
    said = "has 10 characters, and may have at most 4"
    found = [{"check": "chars", "path": "/called", "message": said}]
    assert finished.output == Inline(inline={"score": 0.0, "findings": found})
    assert finished.job.labels == {"team": "red"}
    assert not kit.stored
    assert not kit.timers


async def test_each_step_names_its_workflow_and_its_item(flow: Workflow) -> None:
    kit = await kitchen(flow)
    await kit.submit(VALUES)
    await kit.run()
    assert [(step.workflow, step.step_id, step.item) for step in kit.steps] == [
        ("w@1", "outline", None),
        ("w@1", "parts", "0"),
        ("w@1", "parts", "1"),
        ("w@1", "parts", "2"),
    ]
    [call] = [each for each in kit.given_out if isinstance(each, CallPlanned)]
    assert (call.workflow, call.step_id, call.item, call.function) == ("w@1", "joined", None, "tests.join")
    assert call.arguments == {"parts": [f"{part} of Outline Ghent" for part in "abc"]}


async def test_the_result_says_what_each_step_came_to(flow: Workflow) -> None:
    def answer(planned: Any) -> Any:
        if isinstance(planned, CallPlanned):
            return {"called": "x"}
        if planned.step.item == "1":
            return ended(output="b", cache=CacheUse(kind="exact", source_job_id="other"), attempts=0, cost_usd="0")
        return prompt_of(planned)

    kit = await kitchen(flow, answer)
    await kit.submit(VALUES)
    finished = await kit.run()
    outline, parts, joined, last = finished.provenance.steps
    assert (outline.step_id, outline.ended, outline.attempts, outline.models) == ("outline", 1, 1, ("small",))
    assert (parts.ended, parts.reused, parts.attempts, str(parts.cost_usd)) == (3, 1, 2, "0.002")
    assert (joined.step_id, joined.models, last.step_id) == ("joined", (), "last")
    assert (str(finished.cost_usd), finished.provenance.attempts, finished.usage.input_tokens) == ("0.003", 3, 40)
    assert (finished.provenance.workflow, finished.cache.kind) == ("w@1", "miss")


async def test_what_costs_is_not_known_costs_nobody_knows_what(flow: Workflow) -> None:
    kit = await kitchen(
        flow, lambda each: echo(each) if isinstance(each, CallPlanned) else ended(output="x", cost_usd=None)
    )
    await kit.submit(VALUES)
    assert (await kit.run()).cost_usd is None


@pytest.mark.parametrize("seed", range(20))
async def test_order_and_repetition_and_who_goes_on_change_nothing(flow: Workflow, seed: int) -> None:
    calm = await kitchen(flow)
    await calm.submit(VALUES)
    expected = await calm.run()
    chance = Random(seed)
    kit = await kitchen(flow, chance=chance, doubled=True)
    await kit.submit(VALUES)
    while kit.open:
        if chance.random() < 0.5:
            kit.restart()
        await kit.serve()
    [finished] = kit.finished
    assert (finished.status, finished.output, finished.cost_usd) == (
        expected.status,
        expected.output,
        expected.cost_usd,
    )
    assert len(kit.given_out) == len(calm.given_out)
    assert not kit.stored


async def test_what_was_not_written_is_not_remembered(flow: Workflow) -> None:
    """A transaction that fails leaves a memory that is ahead of the state: it is not believed."""
    kit = await kitchen(flow)
    await kit.submit(VALUES)
    [outline] = kit.open
    delivery = kit.told(outline, "lost with its transaction")
    await kit.door.handler.handle(delivery, kit.door.state)
    await kit.deliver(kit.told(outline, "kept"))
    assert [prompt_of(each) for each in kit.open[1:]] == ["a of kept", "b of kept"]


async def test_a_job_begins_in_one_outcome_with_its_alarm(flow: Workflow) -> None:
    kit = await kitchen(flow)
    await kit.submit(VALUES)
    [outcome] = kit.outcomes
    assert sorted(change.store for change in outcome.changes) == ["jobs", "seen"]
    [timer] = outcome.timers
    assert timer.due > kit.door.clock.now()


async def test_each_step_that_ends_writes_as_much_as_came_of_it(flow: Workflow) -> None:
    many = {"about": "x", "parts": [str(number) for number in range(300)]}
    kit = await kitchen(flow, lambda each: "ok" if isinstance(each, StepPlanned) else {"called": "x"})
    await kit.submit(many)
    while len(kit.open) and isinstance(kit.open[0], StepPlanned):
        await kit.serve()
    sizes = [sum(len(change.value or b"") for change in outcome.changes) for outcome in kit.outcomes[1:]]
    assert max(sizes[1:-1]) < 2 * min(sizes[1:-1])


async def test_an_error_of_a_step_fails_the_job_and_names_it(flow: Workflow) -> None:
    def answer(planned: Any) -> Any:
        return CallFailure(reason="crashed", message="exit code 9") if isinstance(planned, CallPlanned) else "x"

    kit = await kitchen(flow, answer)
    await kit.submit(VALUES)
    finished = await kit.run()
    assert (finished.status, finished.output) == ("failed", None)
    assert finished.failure == Failure(reason="step_failed", message="joined: crashed: exit code 9")


async def test_a_failed_job_waits_for_what_is_under_way_and_begins_nothing(flow: Workflow) -> None:
    def answer(planned: StepPlanned) -> Any:
        if planned.step.item == "0":
            return Failure(reason="timeout", message="30 s")
        return "x"

    kit = await kitchen(flow, answer)
    await kit.submit(VALUES)
    await kit.serve()
    assert len(kit.open) == 2
    await kit.serve()
    assert not kit.finished
    finished = await kit.run()
    assert len(kit.steps) == 3
    assert finished.provenance.attempts == 3
    assert finished.failure == Failure(
        reason="step_failed", message="parts: items: 1 of 3 items failed, and at most 0 may: 0: 30 s"
    )


@pytest.mark.parametrize(("reason", "status"), [("cancelled", "cancelled"), ("deadline_exceeded", "failed")])
async def test_a_cancel_or_a_deadline_ends_the_job_whatever_its_steps_do_about_errors(
    tmp_path: Path, reason: FailureReason, status: str
) -> None:
    steps = """
  - {id: first, llm: {text: "one"}, on_error: continue_with, continue_with: "nothing"}
  - {id: last, llm: {text: "two {{ first }}", with: {first: "{{ steps.first }}"}}}
"""
    kit = await kitchen(written(tmp_path, steps), lambda _: Failure(reason=reason, message="why"))
    await kit.submit()
    finished = await kit.run()
    assert (finished.status, len(kit.steps)) == (status, 1)
    assert finished.failure == Failure(reason=reason, message="first: why")


async def test_that_a_job_was_called_off_is_known_to_who_goes_on(tmp_path: Path) -> None:
    steps = """
  - {id: first, llm: {text: "one"}, on_error: drop}
  - {id: second, llm: {text: "two"}}
  - {id: last, llm: {text: "{{ all }}", with: {all: "{{ steps.first }} {{ steps.second }}"}}}
"""
    kit = await kitchen(written(tmp_path, steps), lambda _: Failure(reason="deadline_exceeded", message="late"))
    await kit.submit()
    await kit.serve()
    kit.restart()
    finished = await kit.run()
    assert finished.failure == Failure(reason="deadline_exceeded", message="first: late")


async def test_a_rejected_answer_is_lost_with_its_findings(tmp_path: Path) -> None:
    steps = """
  - {id: last, llm: {text: "one"}, on_error: drop}
"""
    finding = Finding(check="chars", path="/title", message="has 80 characters")
    kit = await kitchen(written(tmp_path, steps), lambda _: ended("rejected", "bad", findings=(finding,)))
    await kit.submit()
    finished = await kit.run()
    assert (finished.status, finished.output) == ("ok", Inline(inline=None))
    assert finished.findings == (
        Finding(check="rejected", path="/steps/last", message="chars: /title has 80 characters"),
    )


async def test_a_step_asks_the_tier_that_it_names_or_the_workflow_does(tmp_path: Path) -> None:
    steps = """
  - {id: outline, llm: {text: "one", tier: good}}
  - {id: last, llm: {text: "two {{ outline }}", with: {outline: "{{ steps.outline }}"}}}
"""
    tiers = {"cheap": ("small", "large"), "good": ("large",)}
    kit = await kitchen(written(tmp_path, steps, more="defaults: {tier: cheap}"), catalogue=make_catalogue(tiers=tiers))
    await kit.submit()
    await kit.run()
    assert [(step.request.model, *step.candidates) for step in kit.steps] == [("large",), ("small", "large")]


@pytest.mark.parametrize("what", ["model", "tier"])
async def test_a_question_that_cannot_be_asked_is_lost_and_not_asked(tmp_path: Path, what: str) -> None:
    steps = f"""
  - {{id: last, llm: {{text: "one", {what}: gone}}, on_error: drop}}
"""
    kit = await kitchen(written(tmp_path, steps))
    await kit.submit()
    finished = await kit.run()
    assert not kit.given_out
    [finding] = finished.findings
    assert (finding.check, finding.path) == ("unknown_model", "/steps/last")
    assert f"{what}: the catalogue has no {what} 'gone'" in finding.message
    assert not kit.stored


@pytest.mark.parametrize("goes_on", [True, False])
async def test_what_was_to_begin_when_the_job_ended_is_not_paid_for(tmp_path: Path, goes_on: bool) -> None:
    steps = """
  - {id: zero, llm: {text: "zero"}}
  - {id: other, llm: {text: "other"}}
  - {id: first, llm: {text: "one {{ zero }}", model: gone, with: {zero: "{{ steps.zero }}"}}}
  - {id: second, llm: {text: "two {{ zero }}", with: {zero: "{{ steps.zero }}"}}}
  - id: last
    llm: {text: "{{ all }}", with: {all: "{{ steps.first }} {{ steps.second }} {{ steps.other }}"}}
"""
    kit = await kitchen(written(tmp_path, steps))
    await kit.submit()
    await kit.serve()
    if goes_on:
        kit.restart()
    finished = await kit.run()
    assert [step.step_id for step in kit.steps] == ["zero", "other"]
    assert finished.failure is not None
    assert finished.failure.message.startswith("first: model: the catalogue has no model 'gone'")
    assert [account.step_id for account in finished.provenance.steps] == ["zero", "first", "other"]
    assert ("jobs", b"\0".join((b"default", b"job-1", b"0", b"0"))) not in kit.door.state.values


async def test_too_large_an_output_fails_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finishing, "MAX_OUTPUT_BYTES", 1_000)
    steps = """
  - {id: last, python: {call: tests.large}}
"""
    kit = await kitchen(written(tmp_path, steps), lambda _: "x" * 1_001)
    await kit.submit()
    finished = await kit.run()
    assert finished.failure is not None
    assert (finished.status, finished.failure.reason) == ("failed", "too_large")
    assert "1,003 bytes" in finished.failure.message


async def test_earlier_answers_serve_none_of_a_job_that_bypasses_them(flow: Workflow) -> None:
    kit = await kitchen(flow)
    await kit.submit(VALUES, cache="bypass")
    await kit.run()
    assert {step.cache for step in kit.steps} == {"bypass"}
