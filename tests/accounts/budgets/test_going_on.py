"""What is planned again, and what a workflow asks, is paid for like any question; or ends as it would without it."""

from decimal import Decimal
from pathlib import Path

import pytest

from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import Failure, JobFinished
from headchef_contracts.events.steps import Ended, StepJudged, StepPlanned

from headchef.catalogue import Prices
from headchef.router.purses import PARKED
from headchef.workflow.published import publication
from tests.accounts.budgets.exchange import PRICES, Exchange, of_task
from tests.router.conftest import make_catalogue
from tests.router.leading.kitchen import written
from tests.support.builders import NOON, make_decided, make_failed, make_judged, make_rejected

QUESTION = 100
STAND_IN = make_catalogue({"small": "default", "large": "premium"}, {"small": ("large",)}, prices=PRICES)
ITEMS = """
  - id: last
    for_each: {in: "{{ input.items }}", as: item, concurrency: 100, min_success: 0.0}
    llm: {text: "{{ item }}", with: {item: "{{ item }}"}, parameters: {max_output_tokens: 99}}
"""


async def asked(exchange: Exchange, limit: int, **job: object) -> StepPlanned:
    """Let a first question be planned by a task, of a tenant with a budget of so many tokens."""
    await exchange.set(budget={"day": {"tokens": limit}})
    await exchange.submit("job-1", conversation_id=of_task(1), **job)
    await exchange.talk()
    [planned] = exchange.open
    return planned


async def judged(exchange: Exchange, event: StepJudged, tokens: int = 90) -> None:
    """Let a plan be settled, and handed back."""
    [planned] = exchange.open
    await exchange.answer(planned, tokens)
    await exchange.deliver(event, "steps.judged", 1)
    await exchange.talk()


def ended(planned: StepPlanned) -> StepJudged:
    came = Ended(
        status="ok",
        output=Inline(inline="A fine car."),
        cache=CacheUse(kind="miss"),
        cost_usd=Decimal("0.0001"),
        attempts=1,
        provider_s=0.5,
    )
    return StepJudged(step=planned.step, verdict="ended", findings=(), ended=came, decided=make_decided())


def only(exchange: Exchange) -> JobFinished:
    [finished] = exchange.finished
    assert not any(store == PARKED for door in exchange.doors for store, _ in door.state.values)
    return finished


async def test_a_stand_in_is_paid_for_by_itself() -> None:
    exchange = Exchange(STAND_IN)
    first = await asked(exchange, 1_000)
    await judged(exchange, make_failed(first.step))
    [second] = exchange.open
    assert (second.step.plan, second.step.request.model) == (1, "large")
    assert second.step.reserved is not None
    assert exchange.sums().spent_tokens == 90


async def test_a_job_whose_stand_in_is_beyond_the_budget_fails_as_its_model_did() -> None:
    exchange = Exchange(STAND_IN)
    first = await asked(exchange, 150)
    await judged(exchange, make_failed(first.step))
    finished = only(exchange)
    assert (exchange.open, finished.status) == ([], "failed")
    assert finished.failure is not None
    assert finished.failure.reason == "timeout"
    assert "(the budget of the tenant 'acme' for the day 2026-11-22: 90 of 150 tokens" in finished.failure.message
    assert finished.cost_usd == Decimal("0.25")
    assert finished.provenance.model == "small"


async def test_a_stand_in_waits_for_what_others_have_reserved() -> None:
    exchange = Exchange(STAND_IN)
    first = await asked(exchange, 280)
    await exchange.submit("job-2", conversation_id=of_task(2))
    await exchange.talk()
    other = exchange.open.pop()
    await judged(exchange, make_failed(first.step))
    assert exchange.open == []
    exchange.open.append(other)
    await exchange.answer(other, 20)
    await exchange.talk()
    assert [(each.step.job.job_id, each.step.plan) for each in exchange.open] == [("job-1", 1)]


async def test_an_answer_that_cannot_be_repaired_any_more_is_rejected_as_it_is() -> None:
    exchange = Exchange()
    first = await asked(exchange, 150, output={"repairs": 1})
    await judged(exchange, make_rejected(first.step))
    finished = only(exchange)
    assert (finished.status, finished.output) == ("rejected", Inline(inline="A bad answer."))
    assert [each.check for each in finished.findings] == ["chars", "repair"]
    assert "no other answer was asked for: the budget of the tenant 'acme'" in finished.findings[1].message


async def test_a_reused_answer_that_is_refused_is_asked_for_if_it_can_be_paid() -> None:
    exchange = Exchange()
    first = await asked(exchange, 280)
    await judged(exchange, make_judged(first.step), 0)
    [second] = exchange.open
    assert (second.step.plan, second.step.cache) == (1, "bypass")
    await judged(exchange, make_judged(second.step), 250)
    finished = only(exchange)
    assert finished.failure is not None
    assert finished.failure.reason == "budget_exceeded"


async def test_what_is_planned_again_reserves_nothing_when_the_budget_is_gone() -> None:
    exchange = Exchange(STAND_IN)
    first = await asked(exchange, 1_000)
    await exchange.set()
    await judged(exchange, make_failed(first.step))
    [second] = exchange.open
    assert (second.step.plan, second.step.reserved) == (1, None)


async def test_a_question_that_waits_is_reckoned_anew_by_another_catalogue() -> None:
    exchange = Exchange()
    await exchange.set(budget={"day": {"usd": "0.00015"}})
    await exchange.submit("job-1", conversation_id=of_task(1))
    await exchange.talk()
    await exchange.submit("job-2", conversation_id=of_task(1))
    await exchange.talk()
    for door in exchange.doors:
        door.handler.catalogue = make_catalogue(prices=Prices(Decimal(2), Decimal(2), Decimal(2), Decimal(2)))
    await exchange.answer(exchange.open[0], 10)
    await exchange.talk()
    finished = only(exchange)
    assert finished.failure is not None
    assert "some 0.0002 more are needed" in finished.failure.message
    assert len(exchange.said) == 3


@pytest.mark.parametrize("limit", [150, 250, 1_000])
async def test_a_job_of_a_workflow_beyond_the_budget_fails_when_what_was_asked_has_come(
    limit: int, tmp_path: Path
) -> None:
    exchange = await led(tmp_path, ITEMS, limit=limit, items=["a", "b", "c", "d"])
    while exchange.open:
        planned = exchange.open[0]
        await exchange.answer(planned, QUESTION)
        await exchange.deliver(ended(planned), "steps.judged", 1)
        await exchange.talk()
    finished, planned_at_all = only(exchange), min(4, limit // QUESTION)
    assert len(exchange.planned) == planned_at_all
    assert finished.status == ("ok" if planned_at_all == 4 else "failed")
    assert finished.provenance.attempts == planned_at_all
    if finished.failure is not None:
        assert finished.failure.reason == "budget_exceeded"
        assert "the budget of the tenant 'acme'" in finished.failure.message
    assert not any("budgets" in name for timers in exchange.timers for name in timers)


async def test_a_question_that_waits_is_not_asked_once_its_job_has_ended(tmp_path: Path) -> None:
    exchange = await led(tmp_path, ITEMS, limit=150, items=["a", "b"])
    [planned] = exchange.open
    await exchange.answer(planned, 0, cost_usd=Decimal(0))
    cancelled = ended(planned).model_copy(
        update={
            "ended": Ended(
                status="cancelled",
                output=None,
                failure=Failure(reason="cancelled", message="by ann"),
                cache=CacheUse(kind="miss"),
                cost_usd=Decimal(0),
                attempts=0,
                provider_s=0,
            )
        }
    )
    await exchange.deliver(cancelled, "steps.judged", 1)
    assert exchange.finished == [], "it waits for what is under way"
    await exchange.talk()
    assert (len(exchange.planned), only(exchange).status) == (1, "cancelled")


async def test_what_is_asked_as_another_step_has_ended_waits_by_itself(tmp_path: Path) -> None:
    two = """
  - id: first
    llm: {text: "hi", parameters: {max_output_tokens: 99}}
    on_error: continue_with
    continue_with: nothing
  - id: last
    llm: {text: "{{ it }}", with: {it: "{{ steps.first }}"}, parameters: {max_output_tokens: 99}}
"""
    exchange = await led(tmp_path, two, limit=250)
    [first] = exchange.open
    await exchange.submit("job-2", conversation_id=of_task(2))
    await exchange.talk()
    other = exchange.open.pop()
    await judged(exchange, make_failed(first.step))
    assert (exchange.open, exchange.finished) == ([], [])
    exchange.open.append(other)
    await exchange.answer(other, 20)
    await exchange.talk()
    assert [each.step.step_id for each in exchange.open] == ["last"]


async def led(folder: Path, steps: str, *, limit: int, **values: object) -> Exchange:
    """Let a job begin to go through a workflow, of a tenant with a budget of so many tokens."""
    exchange = Exchange()
    workflow = written(folder, steps, more="input: {schema: places.v1}", places_v1={"type": "object"})
    for door in exchange.doors:
        await door.library.take(publication(workflow, NOON))
    await exchange.set(budget={"day": {"tokens": limit}})
    about = {"workflow": "w@1", "input": values, "conversation_id": of_task(1)}
    await exchange.submit("job-1", prompt=None, parameters=None, **about)
    await exchange.talk()
    return exchange
