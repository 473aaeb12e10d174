"""A comparison of answers by a model is paid from its tenant's budget; one that cannot be paid is none, and no more."""

from decimal import Decimal

from headchef_contracts.events.judgements import JudgementPlanned, ModelQuestion

from headchef.judgements import VERDICT
from tests.accounts.budgets.exchange import QUESTION, Exchange, cost_of, dollars
from tests.support.builders import NOON, make_decided

ASKED = JudgementPlanned(
    job_id="judgement-1",
    account="acme/help/hashed-1",
    tenant="acme",
    question=ModelQuestion(system="Compare.", prompt="Both.", max_output_tokens=99),
    deadline=NOON.replace(hour=23),
    decided=make_decided(),
)


async def test_it_is_reserved_for_and_paid_by_its_tenant(exchange: Exchange) -> None:
    await exchange.set(budget={"day": {"usd": "1"}})
    await exchange.deliver(ASKED, "judgements.planned", 1)
    assert exchange.open == [], "it waits for the account"
    await exchange.talk()
    [planned] = exchange.open
    assert planned.step.job.judgement_of == "acme/help/hashed-1"
    assert planned.step.request.output_schema == VERDICT
    assert planned.step.reserved is not None
    await exchange.answer(planned, QUESTION)
    await exchange.talk()
    assert exchange.sums().spent_usd == cost_of(QUESTION)


async def test_where_the_budget_is_spent_there_is_no_judgement_and_nobody_has_a_result(exchange: Exchange) -> None:
    await exchange.set(budget={"day": {"usd": dollars(1)}})
    await exchange.deliver(ASKED, "judgements.planned", 1)
    await exchange.talk()
    assert (exchange.open, exchange.finished) == ([], [])
    [ended] = exchange.judged
    assert (ended.job_id, ended.same, ended.cost_usd) == ("judgement-1", None, Decimal())
    assert ended.why.startswith("budget_exceeded: ")
