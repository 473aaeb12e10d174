"""Budgets of jobs and steps: what is not begun any more, what is reserved meanwhile, and what becomes of the job."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import Body, Inline, Parameters, Ref, Reference
from headchef_contracts.events.jobs import Failure
from headchef_contracts.events.steps import Message, Step, StepJudged

from headchef.catalogue import Prices
from headchef.catalogue.form import MOST_IMAGE_TOKENS
from headchef.router.leading.budget import Spent, expected_of
from headchef.runtime.processor import Outcome
from tests.router.conftest import make_catalogue
from tests.router.leading.kitchen import Kitchen, ended, written
from tests.support.builders import make_decided, make_delivery, make_failed, make_rejected, make_step
from tests.support.images import at

PRICES = Prices(Decimal(10), Decimal(10), Decimal(10), Decimal(10))
"""US dollars per million: a token costs 0.00001, so that a question of 4 tokens with an answer of 96 costs 0.001."""

CATALOGUE = make_catalogue({"small": "default", "other": "default"}, prices=PRICES)
ITEMS = """
  - id: last
    for_each: {in: "{{ input.items }}", as: item, concurrency: 100, min_success: 0.0}
    llm: {text: "ab cd ef {{ item }}", with: {item: "{{ item }}"}, parameters: {max_output_tokens: 96}}
"""


async def kitchen(
    folder: Path, answer: Callable[[Any], Any], steps: str = ITEMS, more: str = "", **how: Any
) -> Kitchen:
    kit = Kitchen(answer, catalogue=CATALOGUE, **how)
    await kit.publish(written(folder, steps, more=more))
    return kit


def paid(usd: str, tokens: int = 100) -> Callable[[Any], Any]:
    usage = {"input_tokens": tokens, "output_tokens": 0}
    return lambda _: ended(output="x", cost_usd=usd, usage=usage)


def items(count: int) -> dict[str, Any]:
    return {"items": ["x"] * count}


@pytest.mark.parametrize("budget", ["usd: 0.0035", "tokens: 350"])
async def test_no_more_begins_at_once_than_a_budget_has_room_for(tmp_path: Path, budget: str) -> None:
    kit = await kitchen(tmp_path, paid("0.001"), more=f"budget: {{{budget}}}")
    await kit.submit(items(10))
    assert len(kit.open) == 3
    finished = await kit.run()
    assert finished.failure is not None
    assert (finished.status, finished.failure.reason) == ("failed", "budget_exceeded")
    assert finished.failure.message.startswith("last[3]: the budget of the job: ")
    assert finished.cost_usd == Decimal("0.003"), "what was under way is waited for"


async def test_what_was_not_spent_is_there_for_others(tmp_path: Path) -> None:
    steps = ITEMS.replace("concurrency: 100", "concurrency: 1")
    kit = await kitchen(tmp_path, paid("0.0001"), steps, more="budget: {usd: 0.0015}")
    await kit.submit(items(5))
    finished = await kit.run()
    assert (finished.status, finished.cost_usd) == ("ok", Decimal("0.0005"))


async def test_an_answer_that_costs_nothing_leaves_all_that_was_reserved(tmp_path: Path) -> None:
    steps = ITEMS.replace("concurrency: 100", "concurrency: 1")
    hit = ended(output="x", cost_usd="0", usage={}, cache=CacheUse(kind="exact", source_job_id="other"))
    kit = await kitchen(tmp_path, lambda _: hit, steps, more="budget: {usd: 0.001, tokens: 100}")
    await kit.submit(items(20))
    assert (await kit.run()).status == "ok"


async def test_a_job_that_ends_with_what_it_has_leaves_out_what_cannot_be_paid(tmp_path: Path) -> None:
    kit = await kitchen(tmp_path, paid("0.001"), more="budget: {usd: 0.0035, on_exceed: partial}")
    await kit.submit(items(10))
    finished = await kit.run()
    assert (finished.status, finished.output) == ("ok", Inline(inline=["x"] * 3))
    assert [finding.path for finding in finished.findings] == [f"/steps/last/{number}" for number in range(3, 10)]
    assert {finding.check for finding in finished.findings} == {"budget_exceeded"}


async def test_the_budget_of_a_step_is_an_error_of_the_step(tmp_path: Path) -> None:
    steps = """
  - id: first
    llm: {text: "ab cd ef gh", parameters: {max_output_tokens: 96}}
    budget: {usd: 0.0009}
    on_error: continue_with
    continue_with: "instead"
  - {id: last, llm: {text: "{{ first }}", with: {first: "{{ steps.first }}"}}}
"""
    kit = await kitchen(tmp_path, paid("0.001"), steps)
    await kit.submit()
    finished = await kit.run()
    assert [step.step_id for step in kit.steps] == ["last"]
    assert (finished.status, finished.findings[0].check) == ("ok", "step_budget_exceeded")


def asked(model: str, content: Body, images: int = 0) -> Step:
    """Give a question with these images."""
    made = make_step(model=model, parameters=Parameters(max_output_tokens=96))
    messages = (Message(role="user", content=content, images=(at(),) * images),)
    return made.model_copy(update={"request": made.request.model_copy(update={"messages": messages})})


@pytest.mark.parametrize("images", [1, 3])
def test_images_are_reckoned_as_large_as_they_may_be(images: int) -> None:
    catalogue = replace(CATALOGUE, models={"small": replace(CATALOGUE.models["small"], image_tokens=1_500)})
    text = Inline(inline="ab cd ef gh")
    tokens = 100 + images * 1_500
    assert expected_of(asked("small", text, images), catalogue) == Spent(Decimal(tokens) / 100_000, tokens)
    assert expected_of(asked("gone", text, images), catalogue) == Spent(None, 100 + images * MOST_IMAGE_TOKENS)


def test_a_prompt_that_lies_elsewhere_is_reckoned_by_its_size() -> None:
    elsewhere = Ref(ref=Reference(sha256="0" * 64, bytes=3_000_001, media_type="text/plain"))
    assert expected_of(asked("small", elsewhere), CATALOGUE).tokens == 96 + 1_000_001


async def test_a_model_without_a_price_is_not_asked_where_money_counts(tmp_path: Path) -> None:
    kit = Kitchen(paid("0.001"))
    await kit.publish(written(tmp_path, ITEMS, more="budget: {usd: 100}"))
    await kit.submit(items(1))
    [finished] = kit.finished
    assert finished.failure is not None
    assert "the catalogue has no price for the model" in finished.failure.message


async def test_what_a_call_has_cost_is_reckoned_where_nobody_tells(tmp_path: Path) -> None:
    steps = ITEMS.replace("concurrency: 100", "concurrency: 1")
    lost = ended("failed", failure=Failure(reason="timeout", message="30 s"), cost_usd=None, usage={})
    kit = await kitchen(tmp_path, lambda _: lost, steps, more="budget: {usd: 0.0035}")
    await kit.submit(items(10))
    finished = await kit.run()
    assert len(kit.steps) == 3
    assert finished.failure is not None
    assert (finished.failure.reason, finished.cost_usd) == ("budget_exceeded", None)


async def test_who_goes_on_knows_what_is_reserved(tmp_path: Path) -> None:
    steps = ITEMS.replace("concurrency: 100", "concurrency: 3")
    kit = await kitchen(tmp_path, paid("0.001"), steps, more="budget: {usd: 0.0035}")
    await kit.submit(items(10))
    kit.restart()
    await kit.serve()
    assert len(kit.given_out) == 3
    assert (await kit.run()).cost_usd == Decimal("0.003")


@pytest.mark.parametrize("paid_before", [True, False])
async def test_no_model_is_asked_in_place_of_an_earlier_answer_once_the_job_has_failed(
    tmp_path: Path, paid_before: bool
) -> None:
    steps = ITEMS.replace("min_success: 0.0", "min_success: 1.0")
    kit = await kitchen(tmp_path, lambda _: Failure(reason="timeout", message="30 s"), steps)
    await kit.submit(items(2))
    kit.open.reverse()
    await kit.serve()
    step = kit.steps[0]
    if paid_before:
        failed = make_rejected(step).failed
        assert failed is not None
        step = step.model_copy(update={"tried": (failed.model_copy(update={"cost_usd": Decimal("0.005")}),)})
    refused = StepJudged(step=step, verdict="hit_refused", findings=(), decided=make_decided())
    await kit.deliver(make_delivery(refused, topic="steps.judged", value=b"{}", event_id="refused"))
    assert len(kit.steps) == 2
    [finished] = kit.finished
    assert finished.cost_usd == Decimal("0.006" if paid_before else "0.001")
    assert finished.provenance.steps[0].ended == (2 if paid_before else 1)


async def handed_back(kit: Kitchen, make: Callable[[Step], StepJudged] = make_rejected) -> Outcome:
    """Say that the first question has cost what was expected, and that another is to be asked for it."""
    judged = make(kit.steps[0].model_copy(update={"repairs": 2, "candidates": ("other",)}))
    assert judged.failed is not None
    failed = judged.failed.model_copy(update={"cost_usd": Decimal("0.001")})
    told: StepJudged = judged.model_copy(update={"failed": failed})
    return await kit.deliver(make_delivery(told, topic="steps.judged", value=b"{}", event_id="handed back"))


OF_JOB = "the budget of the job: 0.001 USD are spent or reserved of 0.0019, and some 0.00"


async def test_a_repair_within_the_budget_is_asked_for(tmp_path: Path) -> None:
    kit = await kitchen(tmp_path, paid("0.001"), more="budget: {usd: 0.01}")
    await kit.submit(items(1))
    await handed_back(kit)
    assert len(kit.steps) == 2


@pytest.mark.parametrize("on_exceed", ["fail", "finish_cheaper"])
@pytest.mark.parametrize("on_error", ["fail", "drop", "continue_with\n    continue_with: x"])
@pytest.mark.parametrize(("make", "why"), [(make_rejected, "rejected"), (make_failed, "timeout")])
async def test_a_job_fails_whose_next_answer_is_beyond_its_budget_whatever_its_step_says_of_errors(
    tmp_path: Path, on_exceed: str, on_error: str, make: Callable[[Step], StepJudged], why: str
) -> None:
    steps = f"{ITEMS}    on_error: {on_error}\n"
    kit = await kitchen(tmp_path, paid("0.001"), steps, more=f"budget: {{usd: 0.0019, on_exceed: {on_exceed}}}")
    await kit.submit(items(1))
    kit.restart()
    await handed_back(kit, make)
    [finished] = kit.finished
    assert finished.failure is not None
    assert (finished.status, finished.failure.reason) == ("failed", "budget_exceeded")
    assert finished.failure.message.startswith(f"last[0]: {OF_JOB}")
    assert f", after {why}: " in finished.failure.message
    assert [finding.check for finding in finished.findings] == (["chars"] if why == "rejected" else [])
    assert finished.cost_usd == Decimal("0.001")


async def test_what_is_under_way_is_waited_for_where_the_next_answer_is_beyond_the_budget(tmp_path: Path) -> None:
    kit = await kitchen(tmp_path, paid("0.001"), more="budget: {usd: 0.0029}")
    await kit.submit(items(2))
    await handed_back(kit)
    assert not kit.finished
    kit.restart()
    del kit.open[0]
    finished = await kit.run()
    assert finished.failure is not None
    assert (finished.failure.reason, finished.cost_usd) == ("budget_exceeded", Decimal("0.002"))


@pytest.mark.parametrize("min_success", ["0.0", "1.0"])
async def test_a_job_that_ends_with_what_it_has_leaves_out_what_has_no_room_for_another_answer(
    tmp_path: Path, min_success: str
) -> None:
    steps = ITEMS.replace("min_success: 0.0", f"min_success: {min_success}")
    kit = await kitchen(tmp_path, paid("0.001"), steps, more="budget: {usd: 0.0029, on_exceed: partial}")
    await kit.submit(items(2))
    await handed_back(kit)
    del kit.open[0]
    finished = await kit.run()
    assert (finished.status, finished.output) == ("ok", Inline(inline=["x"]))
    [finding] = finished.findings
    assert (finding.check, finding.path) == ("budget_exceeded", "/steps/last/0")


async def test_an_answer_beyond_the_budget_of_its_step_is_an_error_of_the_step(tmp_path: Path) -> None:
    steps = f"{ITEMS}    budget: {{usd: 0.0019}}\n    on_error: continue_with\n    continue_with: instead\n"
    kit = await kitchen(tmp_path, paid("0.001"), steps)
    await kit.submit(items(1))
    await handed_back(kit)
    [finished] = kit.finished
    assert (finished.status, finished.output) == ("ok", Inline(inline=["instead"]))
    [finding] = finished.findings
    assert finding.check == "step_budget_exceeded"
    assert "the budget of the step: " in finding.message


@pytest.mark.parametrize("seed", range(10))
async def test_no_budget_is_passed_where_answers_take_what_is_expected(tmp_path: Path, seed: int) -> None:
    chance = Random(seed)
    steps = ITEMS.replace("concurrency: 100", f"concurrency: {chance.randint(1, 30)}")
    budget = Decimal(chance.randint(1, 40)) / 1000
    kit = await kitchen(
        tmp_path,
        lambda _: ended(output="x", cost_usd=str(Decimal(chance.randint(0, 1000)) / 10**6)),
        steps,
        more=f"budget: {{usd: {budget}, on_exceed: {chance.choice(['fail', 'partial'])}}}",
        chance=chance,
    )
    await kit.submit(items(60))
    while kit.open:
        if chance.random() < 0.2:
            kit.restart()
        await kit.serve()
    [finished] = kit.finished
    assert finished.cost_usd is not None
    assert finished.cost_usd <= budget


async def test_no_repair_is_paid_for_once_the_job_has_failed(tmp_path: Path) -> None:
    steps = ITEMS.replace("min_success: 0.0", "min_success: 1.0")
    lost = Failure(reason="timeout", message="30 s")
    kit = await kitchen(tmp_path, lambda planned: lost if planned.step.item == "1" else "x", steps)
    await kit.submit(items(2))
    kit.open.reverse()
    await kit.serve()
    assert not kit.finished, "what is under way is waited for"
    await handed_back(kit)
    assert [step.item for step in kit.steps] == ["0", "1"]
    [finished] = kit.finished
    assert finished.failure is not None
    assert finished.failure.message.startswith("last: items: 1 of 2 items failed")
    [step] = finished.provenance.steps
    assert (step.ended, step.lost, step.repaired) == (2, 2, 0)
