"""Tenants spend no more than they may: tasks draw on an account, pay questions, and give back what is not used."""

from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from headchef_contracts.events.budgets import Amount, BudgetRecalled, Reserved

from headchef.accounts.budgets.granting import MOST_QUESTIONS
from headchef.router.purses import PARKED
from tests.accounts.budgets.exchange import QUESTION, Exchange, cost_of, dollars, of_task, tenant_set
from tests.router.conftest import make_catalogue
from tests.support.builders import make_decided

JOBS = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from([9, 99, 299]), st.booleans()),
    min_size=1,
    max_size=30,
)


async def test_a_tenant_without_a_budget_passes_untouched(exchange: Exchange) -> None:
    await exchange.set("globex", {"day": {"usd": "1"}})
    await exchange.submit("job-1")
    [planned] = exchange.open
    assert planned.step.reserved is None
    assert "reserved" not in planned.model_dump(exclude_unset=True)["step"]
    assert not exchange.booked
    assert {store for door in exchange.doors for store, _ in door.state.values} == {"seen"}


async def test_the_first_question_waits_for_an_answer_and_the_next_ones_are_paid_from_the_purse(
    exchange: Exchange,
) -> None:
    await exchange.set(budget={"day": {"usd": "1"}})
    await exchange.submit("job-1", conversation_id="c")
    assert (exchange.open, len(exchange.booked)) == ([], 1)
    await exchange.talk()
    for number in range(2, MOST_QUESTIONS + 1):
        await exchange.submit(f"job-{number}", conversation_id="c")
    assert len(exchange.open) == MOST_QUESTIONS
    assert (len(exchange.said), list(exchange.booked)) == (1, [])
    assert set(exchange.reserved()) == {Reserved(day="2026-11-22", amount=Amount(usd=cost_of(QUESTION)))}
    assert exchange.sums().out_usd == MOST_QUESTIONS * cost_of(QUESTION)
    await exchange.submit("job-over", conversation_id="c")
    assert len(exchange.said) == 2


async def test_what_was_reserved_too_much_comes_back_and_too_little_is_charged(exchange: Exchange) -> None:
    await exchange.set(budget={"day": {"usd": "1"}, "month": {"tokens": 100_000}})
    await exchange.submit("job-1", conversation_id="c")
    await exchange.talk()
    await exchange.submit("job-2", conversation_id="c")
    out = exchange.sums().out_tokens
    await exchange.answer(exchange.open[0], 30)
    await exchange.answer(exchange.open[0], 130)
    await exchange.talk()
    for period, begins in (("day", "2026-11-22"), ("month", "2026-11-01")):
        sums = exchange.sums(period, begins)
        assert (sums.spent_usd, sums.spent_tokens) == (cost_of(160), 160)
        assert sums.out_tokens == out - 2 * QUESTION


async def test_a_reused_answer_takes_nothing(exchange: Exchange) -> None:
    await exchange.set(budget={"day": {"tokens": QUESTION}})
    await exchange.submit("job-1")
    await exchange.talk()
    await exchange.answer(exchange.open[0], 0, cost_usd=Decimal(0))
    await exchange.talk()
    assert (exchange.sums().spent_tokens, exchange.sums().out_tokens) == (0, 0)
    await exchange.submit("job-2")
    await exchange.talk()
    assert len(exchange.open) == 1


async def test_a_cost_that_is_not_known_counts_as_was_expected(exchange: Exchange) -> None:
    await exchange.set(budget={"day": {"usd": "1"}})
    await exchange.submit("job-1")
    await exchange.talk()
    await exchange.answer(exchange.open[0], 0, cost_usd=None)
    await exchange.talk()
    assert exchange.sums().spent_usd == cost_of(QUESTION)


async def test_a_job_beyond_the_budget_fails_and_says_what_is_spent_and_when_the_next_period_begins(
    exchange: Exchange,
) -> None:
    await exchange.set(budget={"day": {"usd": dollars(150)}})
    await exchange.submit("job-1")
    await exchange.talk()
    await exchange.answer(exchange.open[0], 90)
    await exchange.submit("job-2")
    await exchange.talk()
    [finished] = exchange.finished
    assert (finished.job.job_id, finished.status, finished.cost_usd) == ("job-2", "failed", Decimal(0))
    assert finished.failure is not None
    assert finished.failure.reason == "budget_exceeded"
    assert finished.failure.message == (
        "the budget of the tenant 'acme' for the day 2026-11-22: 0.00009 of 0.00015 USD are spent, and some 0.0001 more"
        " are needed; the next day begins 2026-11-23T00:00:00Z"
    )
    assert not any(exchange.timers)
    assert not any(store == PARKED for door in exchange.doors for store, _ in door.state.values)


async def test_a_question_waits_for_what_others_have_reserved_and_is_not_refused_for_it(exchange: Exchange) -> None:
    await exchange.set(budget={"day": {"tokens": 150}})
    await exchange.submit("job-1", conversation_id=of_task(1))
    await exchange.submit("job-2", conversation_id=of_task(2))
    await exchange.talk()
    [first] = exchange.open
    assert exchange.finished == []
    await exchange.answer(first, 50)
    await exchange.talk()
    assert [each.step.job.job_id for each in exchange.open] == ["job-2"]


async def test_idle_money_of_another_task_is_called_back(exchange: Exchange) -> None:
    await exchange.set(budget={"day": {"tokens": 10 * QUESTION * 8}})
    await exchange.submit("job-1", conversation_id=of_task(1))
    await exchange.talk()
    idle = exchange.sums().out_tokens - QUESTION
    assert idle >= 9 * QUESTION
    await exchange.submit("large", conversation_id=of_task(2), parameters={"max_output_tokens": 7_850})
    while exchange.booked:
        await exchange.serve_account()
    assert [type(event) for waiting in exchange.answers for event in waiting] == [BudgetRecalled]
    await exchange.talk()
    assert [each.step.job.job_id for each in exchange.open] == ["job-1", "large"]


async def test_a_model_without_a_price_is_not_asked_where_money_is_bounded() -> None:
    exchange = Exchange(make_catalogue())
    await exchange.set(budget={"day": {"usd": "1"}})
    await exchange.submit("job-1")
    await exchange.talk()
    [finished] = exchange.finished
    assert finished.failure is not None
    assert "no price for the model" in finished.failure.message
    await exchange.set(budget={"day": {"tokens": 1_000}})
    await exchange.submit("job-2")
    await exchange.talk()
    assert [each.step.job.job_id for each in exchange.open] == ["job-2"]


async def test_a_budget_that_the_account_alone_cannot_read_lets_nothing_be_spent(exchange: Exchange) -> None:
    for door in exchange.doors:
        await door.tenants.take(tenant_set("acme", {"day": {"usd": "1"}}))
    await exchange.tenants.shut(b"acme", "headchef.tenant.set has version 9; upgrade this processor first")
    await exchange.submit("job-1")
    await exchange.talk()
    [finished] = exchange.finished
    assert finished.failure is not None
    assert "cannot be read, so nothing may be spent: headchef.tenant.set has version 9" in finished.failure.message


async def test_a_limit_that_is_raised_holds_at_once_for_what_waits(exchange: Exchange) -> None:
    await exchange.set(budget={"day": {"tokens": QUESTION}})
    await exchange.submit("job-1", conversation_id=of_task(1))
    await exchange.submit("job-2", conversation_id=of_task(1))
    await exchange.talk()
    assert len(exchange.open) == 1
    await exchange.set(budget={"day": {"tokens": 10 * QUESTION}})
    await exchange.ring(31)
    await exchange.talk()
    assert len(exchange.open) == 2


async def test_without_a_budget_any_more_what_waits_goes_on(exchange: Exchange) -> None:
    await exchange.set(budget={"day": {"tokens": QUESTION}})
    await exchange.submit("job-1", conversation_id=of_task(1))
    await exchange.submit("job-2", conversation_id=of_task(1))
    await exchange.talk()
    await exchange.set()
    await exchange.ring(31)
    await exchange.talk()
    assert [each.step.reserved is None for each in exchange.open] == [False, True]


@settings(max_examples=150, deadline=None)
@given(JOBS, st.integers(0, 3_000), st.none() | st.integers(0, 4_000), st.integers(0, 2**32), st.integers(0, 100))
async def test_no_order_of_events_lets_more_be_spent_or_refuses_what_fits(
    jobs: list[tuple[int, int, bool]], day: int, month: int | None, seed: int, used: int
) -> None:
    """Whatever comes first: never more is out than may be, all questions end, and all that was reserved comes back."""
    chance, exchange = Random(seed), Exchange()
    budget: dict[str, Any] = {"day": {"tokens": day}}
    if month is not None:
        budget["month"] = {"usd": dollars(month)}
    await exchange.set(budget=budget)
    limit = min(day, day if month is None else month)

    def check() -> None:
        sums = exchange.sums()
        assert sums.spent_tokens + sums.out_tokens <= day
        if month is not None:
            assert sums.spent_usd + exchange.sums("month", "2026-11-01").out_usd <= cost_of(month)

    for number, (conversation, longest, recalled) in enumerate(jobs):
        about = {"conversation_id": f"c{conversation}", "parameters": {"max_output_tokens": longest}}
        await exchange.submit(f"job-{number}", **about)
        if recalled:
            await exchange.deliver(
                BudgetRecalled(tenant="acme", task=chance.randrange(4), decided=make_decided()),
                "budgets.answered",
                chance.randrange(4),
            )
        for _ in range(chance.randrange(4)):
            await exchange.drawn(chance, min(used, 10))
            check()
    while await exchange.drawn(chance, min(used, 10)):
        check()
    assert len(exchange.planned) + len(exchange.finished) == len(jobs)
    spent = len(exchange.planned) * min(used, 10)
    assert exchange.sums().spent_tokens == spent
    for finished in exchange.finished:
        need = 1 + jobs[int(finished.job.job_id.removeprefix("job-"))][1]
        assert spent + need > limit, "it would have fitted"
    # All that is not spent can be called back.
    for task in range(4):
        event = BudgetRecalled(tenant="acme", task=task, decided=make_decided())
        await exchange.deliver(event, "budgets.answered", task)
    await exchange.talk()
    assert exchange.sums().out_tokens == 0
    assert exchange.sums("month", "2026-11-01").out_usd == 0
    assert not any(exchange.timers)


@settings(max_examples=100, deadline=None)
@given(JOBS, st.integers(0, 3_000), st.integers(0, 2**32))
@example([(1, 9, True), *[(0, 9, False)] * 5, (0, 299, True), *[(0, 9, True)] * 3, (1, 9, True)], 320, 7)
async def test_whatever_is_under_way_when_questions_have_waited_too_long_no_money_is_lost(
    jobs: list[tuple[int, int, bool]], day: int, seed: int
) -> None:
    """Letters of questions that have ended are under way then, and others are asked for in their place."""
    chance, exchange = Random(seed), Exchange()
    await exchange.set(budget={"day": {"tokens": day}})
    for number, (conversation, longest, overtaken) in enumerate(jobs):
        about = {"conversation_id": f"c{conversation}", "parameters": {"max_output_tokens": longest}}
        await exchange.submit(f"job-{number}", **about)
        if overtaken:
            await exchange.ring(chance.choice([31, 300, 1_000]))
        for _ in range(chance.randrange(6)):
            await exchange.drawn(chance, 10)
            assert exchange.sums().spent_tokens + exchange.sums().out_tokens <= day
    await exchange.ring(3_600)
    while any(exchange.timers):
        await exchange.ring(0.001)
    assert not any(store == PARKED for door in exchange.doors for store, _ in door.state.values), "all have ended"
    while await exchange.drawn(chance, 10):
        assert exchange.sums().spent_tokens + exchange.sums().out_tokens <= day
    assert len(exchange.planned) + len(exchange.finished) == len(jobs)
    # What comes back may be granted to a task whose questions have ended since it asked: it is idle there, not lost.
    for task in (*range(4), *range(4)):
        event = BudgetRecalled(tenant="acme", task=task, decided=make_decided())
        await exchange.deliver(event, "budgets.answered", task)
        await exchange.talk()
    assert (exchange.sums().spent_tokens, exchange.sums().out_tokens) == (10 * len(exchange.planned), 0)
