"""Jobs beyond their budgets that are finished by the cheapest models: which these are, and from when on."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from headchef_contracts.events.steps import StepPlanned

from headchef.catalogue import Catalogue, Prices
from headchef.router.leading.cheapest import of_the_cheapest
from tests.router.conftest import make_catalogue
from tests.router.leading.kitchen import Kitchen, ended, written
from tests.support.builders import make_delivery, make_failed, make_rejected, make_step

LANES = {"dear": "default", "middle": "default", "cheap": "other"}
USD = {"dear": "0.001", "middle": "0.0005", "cheap": "0.0001"}
"""What a question of 4 tokens with an answer of 96 costs."""


def catalogue(prices: Mapping[str, str | None] = USD, **models: Mapping[str, Any]) -> Catalogue:
    found = make_catalogue(LANES, tiers={"good": ("dear", "middle")}, fallback={"dear": ("middle",)})
    known = {name: replace(model, prices=_prices(prices[name])) for name, model in found.models.items()}
    return replace(found, models=known | {name: replace(known[name], **more) for name, more in models.items()})


def _prices(usd: str | None) -> Prices | None:
    each = None if usd is None else Decimal(usd) * 10_000
    return None if each is None else Prices(each, each, each, each)


ASKED = make_step(model="dear", candidates=("middle",))


@pytest.mark.parametrize(
    ("known", "pinned", "model"),
    [
        (catalogue(), False, "cheap"),
        (catalogue(), True, "middle"),
        (catalogue({**USD, "cheap": None}), False, "middle"),
        (catalogue({"dear": "0.001", "middle": "0.001", "cheap": "0.001"}), False, "dear"),
        (catalogue({"dear": None, "middle": None, "cheap": None}), False, "dear"),
        (catalogue(cheap={"max_output_tokens": 95}), False, "middle"),
        (catalogue(cheap={"max_output_tokens": 96}), False, "cheap"),
    ],
)
def test_the_cheapest_model_is_the_one_that_is_expected_to_take_the_least(
    known: Catalogue, pinned: bool, model: str
) -> None:
    limited = ASKED.request.parameters.model_copy(update={"max_output_tokens": 96})
    step = ASKED.model_copy(update={"request": ASKED.request.model_copy(update={"parameters": limited})})
    found = of_the_cheapest(step, known, pinned=pinned)
    assert (found.request.model, found.request.lane) == (model, LANES[model])
    assert (found.plan, found.request.messages) == (step.plan, step.request.messages)
    assert model not in found.candidates
    assert (found == step) == (model == "dear")


def test_a_model_that_was_asked_before_is_not_the_choice_again() -> None:
    tried = make_failed(make_step(model="cheap")).failed
    assert tried is not None
    step = ASKED.model_copy(update={"tried": (tried,), "plan": 1})
    found = of_the_cheapest(step, catalogue(), pinned=False)
    assert (found.request.model, found.plan) == ("middle", 1)


ITEMS = """
  - id: last
    for_each: {in: "{{ input.items }}", as: item, concurrency: 100, min_success: 0.0}
    llm: {text: "ab cd ef {{ item }}", with: {item: "{{ item }}"}, parameters: {max_output_tokens: 96}}
"""


def priced(planned: Any) -> Any:
    assert isinstance(planned, StepPlanned)
    usd = USD[planned.step.request.model]
    return ended(output="x", cost_usd=usd, usage={"input_tokens": 100, "output_tokens": 0})


async def kitchen(
    folder: Path, usd: str, steps: str = ITEMS, answer: Callable[[Any], Any] = priced, **how: Any
) -> Kitchen:
    kit = Kitchen(answer, catalogue=how.pop("catalogue", catalogue()), **how)
    await kit.publish(written(folder, steps, more=f"budget: {{usd: {usd}, on_exceed: finish_cheaper}}"))
    return kit


def items(count: int) -> dict[str, Any]:
    return {"items": ["x"] * count}


def asked(kit: Kitchen) -> list[str]:
    return [step.request.model for step in kit.steps]


async def test_what_is_beyond_the_budget_goes_to_the_cheapest_and_so_does_the_rest(tmp_path: Path) -> None:
    kit = await kitchen(tmp_path, "0.0035")
    await kit.submit(items(6))
    assert asked(kit) == ["dear"] * 3 + ["cheap"] * 3
    finished = await kit.run()
    assert (finished.status, finished.cost_usd) == ("ok", Decimal("0.0033"))
    [finding] = finished.findings
    assert (finding.check, finding.path) == ("budget_exceeded", "")
    assert finding.message.startswith("the cheapest models did the rest: the budget of the job: 0.003 USD are")
    assert not kit.stored


async def test_once_beyond_it_nothing_dear_is_asked_though_there_is_room(tmp_path: Path) -> None:
    steps = ITEMS.replace("concurrency: 100", "concurrency: 2")
    free = ended(output="x", cost_usd="0", usage={})
    kit = await kitchen(tmp_path, "0.0015", steps, lambda _: free)
    await kit.submit(items(5))
    await kit.run()
    assert asked(kit) == ["dear"] + ["cheap"] * 4


async def test_who_goes_on_knows_that_the_budget_was_passed_and_what_is_reserved(tmp_path: Path) -> None:
    steps = ITEMS.replace("concurrency: 100", "concurrency: 4")
    kit = await kitchen(tmp_path, "0.0025", steps)
    await kit.submit(items(9))
    assert asked(kit) == ["dear", "dear", "cheap", "cheap"]
    while kit.open:
        kit.restart()
        await kit.serve()
    [finished] = kit.finished
    assert asked(kit)[4:] == ["cheap"] * 3, "as many as if nobody had taken over"
    assert finished.cost_usd == Decimal("0.0025")
    assert finished.failure is not None
    assert finished.failure.message.startswith("last[7]: the budget of the job: ")


async def test_a_job_fails_where_even_the_cheapest_is_beyond_the_budget(tmp_path: Path) -> None:
    kit = await kitchen(tmp_path, "0.00015")
    await kit.submit(items(2))
    finished = await kit.run()
    assert asked(kit) == ["cheap"]
    assert finished.failure is not None
    assert (finished.status, finished.failure.reason) == ("failed", "budget_exceeded")


async def test_a_step_that_names_its_model_keeps_to_that_and_its_stand_ins(tmp_path: Path) -> None:
    steps = ITEMS.replace("parameters:", "model: dear, parameters:")
    kit = await kitchen(tmp_path, "0.0012", steps)
    await kit.submit(items(1))
    await kit.submit(items(2), job_id="job-2")
    assert asked(kit) == ["dear", "dear"], "middle, at 0.0005, is beyond what is left"
    other = await kitchen(tmp_path, "0.0016", steps)
    await other.submit(items(2))
    assert asked(other) == ["dear", "middle"]


async def test_a_step_of_a_tier_may_go_to_any_model(tmp_path: Path) -> None:
    kit = await kitchen(tmp_path, "0.0015", ITEMS.replace("parameters:", "tier: good, parameters:"))
    await kit.submit(items(2))
    assert asked(kit) == ["dear", "cheap"]


async def test_the_budget_of_a_step_is_still_an_error_of_the_step(tmp_path: Path) -> None:
    kit = await kitchen(tmp_path, "1", ITEMS + "    budget: {usd: 0.0015}\n")
    await kit.submit(items(2))
    assert asked(kit) == ["dear"]
    finished = await kit.run()
    assert [finding.check for finding in finished.findings] == ["step_budget_exceeded"]


@pytest.mark.parametrize("make", [make_rejected, make_failed])
async def test_a_question_that_is_asked_again_goes_to_the_cheapest_too(
    tmp_path: Path, make: Callable[..., Any]
) -> None:
    kit = await kitchen(tmp_path, "0.0012")
    await kit.submit(items(1))
    judged = make(kit.steps[0].model_copy(update={"repairs": 2}))
    paid = judged.failed.model_copy(update={"cost_usd": Decimal("0.001"), "model": "dear"})
    told = judged.model_copy(update={"failed": paid})
    await kit.deliver(make_delivery(told, topic="steps.judged", value=b"{}", event_id="again"))
    second = kit.steps[1]
    assert (second.request.model, second.plan, len(second.tried)) == ("cheap", 1, 1)
    assert second.request.messages == kit.steps[0].request.messages, "nobody is shown what another said"
    kit.restart()
    kit.open.pop(0)
    finished = await kit.run()
    assert [finding.check for finding in finished.findings] == ["budget_exceeded"]


@pytest.mark.parametrize("seed", range(10))
async def test_no_budget_is_passed_and_nothing_dear_is_asked_after_the_first_that_is_cheap(
    tmp_path: Path, seed: int
) -> None:
    chance = Random(seed)
    steps = ITEMS.replace("concurrency: 100", f"concurrency: {chance.randint(1, 30)}")
    budget = Decimal(chance.randint(10, 200)) / 10_000
    kit = await kitchen(tmp_path, str(budget), steps, chance=chance)
    await kit.submit(items(60))
    while kit.open:
        if chance.random() < 0.3:
            kit.restart()
        await kit.serve()
    [finished] = kit.finished
    models = asked(kit)
    cheap = models.index("cheap") if "cheap" in models else len(models)
    assert models == ["dear"] * cheap + ["cheap"] * (len(models) - cheap)
    assert finished.cost_usd is not None
    assert finished.cost_usd <= budget
    assert finished.status == "ok" or budget - finished.cost_usd < Decimal(USD["cheap"])
