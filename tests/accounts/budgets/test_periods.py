"""Budgets by the day: what is left when one ends, what waits then, and warnings, once for each."""

from headchef_contracts.events.budgets import Amount, BudgetAnswered

from tests.accounts.budgets.exchange import QUESTION, Exchange, cost_of, dollars, of_task
from tests.support.builders import make_decided

TEN_TO_MIDNIGHT_S = 42_600
"""After noon, at which all clocks begin."""


async def test_each_day_has_a_budget_of_its_own_and_what_is_left_of_the_last_goes_back(exchange: Exchange) -> None:
    await exchange.set(budget={"day": {"tokens": 10_000}, "month": {"tokens": 100_000}})
    await exchange.submit("job-1", conversation_id=of_task(1))
    await exchange.talk()
    await exchange.ring(86_400)
    await exchange.submit("job-2", conversation_id=of_task(1))
    await exchange.talk()
    assert [each.day for each in exchange.reserved()] == ["2026-11-22", "2026-11-23"]
    await exchange.answer(exchange.open[0], 60)
    await exchange.talk()
    before, after = exchange.sums(), exchange.sums("day", "2026-11-23")
    assert (before.spent_tokens, before.out_tokens) == (60, 0), "it counts for the day in which it was planned"
    month = exchange.sums("month", "2026-11-01")
    assert (month.spent_tokens, month.out_tokens) == (60, after.out_tokens)


async def test_what_waits_when_a_day_ends_draws_on_the_next(exchange: Exchange) -> None:
    await exchange.set(budget={"day": {"tokens": QUESTION}})
    await exchange.submit("job-1", conversation_id=of_task(1))
    await exchange.talk()
    await exchange.ring(TEN_TO_MIDNIGHT_S)
    await exchange.submit("job-2", conversation_id=of_task(1))
    await exchange.talk()
    assert len(exchange.open) == 1
    await exchange.ring(660)
    await exchange.talk()
    assert [each.day for each in exchange.reserved()] == ["2026-11-22", "2026-11-23"]


async def test_a_question_that_has_waited_too_long_ends(exchange: Exchange) -> None:
    await exchange.set(budget={"day": {"tokens": QUESTION}})
    await exchange.submit("job-1", conversation_id=of_task(1))
    await exchange.submit("job-2", conversation_id=of_task(1))
    await exchange.submit("job-3", conversation_id=of_task(1))
    await exchange.talk()
    for _ in range(121):
        await exchange.ring(30)
        await exchange.talk()
    assert [each.job.job_id for each in exchange.finished] == ["job-2", "job-3"]
    for each in exchange.finished:
        assert each.failure is not None
        assert "after 3600 s this still waits for what other questions have reserved" in each.failure.message
    assert not any(exchange.timers)


async def test_what_waits_behind_a_question_that_ends_is_asked_for_in_its_place(exchange: Exchange) -> None:
    """The account knows what it was asked for by a number alone: the old one means the question that has ended."""
    await exchange.set(budget={"day": {"tokens": 10 * QUESTION}})
    for job_id, questions in (("job-1", 7), ("job-2", 6)):
        parameters = {"max_output_tokens": questions * QUESTION - 1}
        await exchange.submit(job_id, conversation_id=of_task(1), parameters=parameters)
        await exchange.talk()
    await exchange.ring(1_800)
    await exchange.submit("job-3", conversation_id=of_task(1))
    for _ in range(60):
        await exchange.ring(30)
        await exchange.talk()
    assert [each.job.job_id for each in exchange.finished] == ["job-2"]
    assert [each.step.job.job_id for each in exchange.open] == ["job-1", "job-3"]
    numbers = [each.number for each in exchange.said if each.wanted is not None]
    assert numbers[-1] == max(numbers) > numbers[-2]


async def test_all_that_have_waited_too_long_end_together(exchange: Exchange) -> None:
    await exchange.set(budget={"day": {"tokens": QUESTION}})
    for number in range(121):
        await exchange.submit(f"job-{number}", conversation_id=of_task(1))
    await exchange.talk()
    await exchange.ring(3_600)
    for _ in range(2):
        assert len(exchange.finished) < 120
        await exchange.ring(0.001)
    await exchange.talk()
    assert [each.job.job_id for each in exchange.finished] == [f"job-{number}" for number in range(1, 121)]
    assert not any(exchange.timers)


async def test_a_warning_comes_once_for_each_share_of_each_period(exchange: Exchange) -> None:
    await exchange.set(budget={"day": {"tokens": 400}, "month": {"usd": dollars(1_000)}, "warn_at": [0.2, 0.5, 1.0]})
    for number in range(4):
        await exchange.submit(f"job-{number}")
        await exchange.talk()
        await exchange.answer(exchange.open[0])
        await exchange.talk()
    found = [(each.period, each.share, each.spent.tokens) for each in exchange.warned]
    assert found == [
        ("day", 0.2, 100),
        ("day", 0.5, 200),
        ("month", 0.2, 200),
        ("day", 1.0, 400),
    ]
    assert exchange.warned[0].next_at.isoformat() == "2026-11-23T00:00:00+00:00"
    assert exchange.warned[2].limit == Amount(usd=cost_of(1_000))


async def test_another_answer_than_the_newest_is_given_back(exchange: Exchange) -> None:
    await exchange.set(budget={"day": {"tokens": QUESTION}})
    await exchange.submit("job-1", conversation_id=of_task(1))
    await exchange.talk()
    await exchange.ring(TEN_TO_MIDNIGHT_S)
    await exchange.submit("job-2", conversation_id=of_task(1))
    await exchange.ring(660)
    task = exchange.said[0].task
    old, new = exchange.said[-2:]
    assert (old.number, new.number) == (2, 3)
    late = BudgetAnswered(tenant="acme", task=task, number=2, heard=2, granted=old.wanted, decided=make_decided())
    await exchange.deliver(late, "budgets.answered", task)
    assert exchange.said[-1].returned == old.wanted
    assert exchange.said[-1].wanted is None
