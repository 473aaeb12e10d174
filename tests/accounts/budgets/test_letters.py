"""Letters between tasks and accounts that come twice, late, or to who has forgotten what was said."""

from decimal import Decimal

from tests.accounts.budgets.exchange import QUESTION, Exchange, of_task
from tests.support.builders import make_completed


async def test_an_answer_that_comes_when_nobody_waits_any_more_is_kept_for_the_next(exchange: Exchange) -> None:
    await exchange.set(budget={"day": {"tokens": QUESTION}})
    await exchange.submit("job-1", conversation_id=of_task(1))
    await exchange.submit("job-2", conversation_id=of_task(1))
    await exchange.talk()
    for _ in range(121):
        await exchange.ring(30)
        await exchange.talk()
    await exchange.answer(exchange.open[0], 0, cost_usd=Decimal(0))
    await exchange.talk()
    await exchange.submit("job-4", conversation_id=of_task(1))
    assert [each.step.job.job_id for each in exchange.open] == ["job-4"]


async def test_the_account_says_the_same_again_to_who_asks_again(exchange: Exchange) -> None:
    await exchange.set(budget={"day": {"tokens": 10_000}})
    await exchange.submit("job-1")
    await exchange.serve_account(twice=True)
    [one, other] = next(waiting for waiting in exchange.answers if waiting)
    assert one == other
    out = exchange.sums().out_tokens
    await exchange.talk()
    assert len(exchange.open) == 1
    await exchange.answer(exchange.open[0])
    await exchange.serve_account(twice=True)
    assert (exchange.sums().spent_tokens, exchange.sums().out_tokens) == (QUESTION, out - QUESTION)


async def test_a_task_that_has_forgotten_what_it_said_is_told_how_far_it_was(exchange: Exchange) -> None:
    await exchange.set(budget={"day": {"tokens": 100_000}})
    await exchange.submit("job-1", conversation_id=of_task(1))
    await exchange.talk()
    for number in range(200):
        await exchange.submit(f"more-{number}", conversation_id=of_task(1))
        await exchange.talk()
    task = exchange.said[0].task
    door = exchange.doors[task]
    exchange.doors[task].state.values.pop(("purses", b"acme"))
    assert door.state.get("purses", b"acme") is None
    exchange.open.clear()
    await exchange.submit("job-2", conversation_id=of_task(1))
    await exchange.talk()
    assert [each.step.job.job_id for each in exchange.open] == ["job-2"]


async def test_a_question_is_settled_once_for_each_of_its_plans(exchange: Exchange) -> None:
    await exchange.set(budget={"day": {"tokens": 10_000}})
    await exchange.submit("job-1")
    await exchange.talk()
    [planned] = exchange.open
    again = make_completed(step=planned.step.model_copy(update={"plan": 1}))
    await exchange.answer(planned)
    exchange.settle(again)
    await exchange.talk()
    assert exchange.sums().spent_tokens == QUESTION + 15
