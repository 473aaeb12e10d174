"""What may be drawn: enough for the question, never beyond the limit, and refused is only what would never fit."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef_contracts.events.budgets import Amount
from headchef_contracts.events.tenants import Limit

from headchef.accounts.budgets import Sums
from headchef.accounts.budgets.granting import (
    MOST_QUESTIONS,
    Bound,
    Granted,
    Refused,
    Waits,
    judge,
    shares_reached,
)

CENTS = st.integers(0, 10_000).map(lambda cents: Decimal(cents) / 100)
TOKENS = st.integers(0, 10_000)
LIMITS = st.tuples(st.none() | CENTS, st.none() | TOKENS).filter(any).map(lambda of: Limit(usd=of[0], tokens=of[1]))
WANTED = st.tuples(CENTS, st.integers(1, 10_000)).map(lambda of: Amount(usd=of[0], tokens=of[1]))


def sums_of(spent_usd: Decimal, out_usd: Decimal, spent_tokens: int, out_tokens: int) -> Sums:
    return Sums(
        tenant="acme",
        period="day",
        begins="2026-11-27",
        spent_usd=spent_usd,
        out_usd=out_usd,
        spent_tokens=spent_tokens,
        out_tokens=out_tokens,
    )


BOUNDS = st.lists(st.builds(Bound, LIMITS, st.builds(sums_of, CENTS, CENTS, TOKENS, TOKENS)), min_size=1, max_size=2)


def exceeds(limit: Limit, usd: Decimal, tokens: int) -> bool:
    return (limit.usd is not None and usd > limit.usd) or (limit.tokens is not None and tokens > limit.tokens)


@given(WANTED, BOUNDS, st.integers(1, 64))
def test_a_grant_is_enough_and_within_all_limits_and_else_it_is_the_truth(
    wanted: Amount, bounds: list[Bound], tasks: int
) -> None:
    usd, tokens = wanted.usd or Decimal(), wanted.tokens or 0
    never = any(exceeds(each.limit, each.sums.spent_usd + usd, each.sums.spent_tokens + tokens) for each in bounds)
    match judge(wanted, bounds, tasks):
        case Granted(amount):
            assert (amount.usd is None) == all(each.limit.usd is None for each in bounds)
            assert (amount.tokens is None) == all(each.limit.tokens is None for each in bounds)
            assert amount.usd is None or amount.usd >= usd
            assert amount.tokens is None or tokens <= amount.tokens <= MOST_QUESTIONS * tokens
            for each in bounds:
                out = each.sums.granted(amount)
                assert not exceeds(each.limit, out.spent_usd + out.out_usd, out.spent_tokens + out.out_tokens)
        case Refused(why):
            assert never
            assert "the budget of the tenant 'acme' for the day 2026-11-27" in why
        case Waits():
            assert not never
            assert any(
                exceeds(
                    each.limit,
                    each.sums.spent_usd + each.sums.out_usd + usd,
                    each.sums.spent_tokens + each.sums.out_tokens + tokens,
                )
                for each in bounds
            )


@pytest.mark.parametrize(("tasks", "questions"), [(1, 50), (2, 25), (10, 5), (60, 1)])
def test_tasks_share_half_of_what_is_left(tasks: int, questions: int) -> None:
    bound = Bound(Limit(tokens=1_000), sums_of(Decimal(), Decimal(), 0, 0))
    assert judge(Amount(usd=None, tokens=10), [bound], tasks) == Granted(Amount(usd=None, tokens=10 * questions))


def test_without_a_budget_no_more_is_drawn_than_is_needed() -> None:
    wanted = Amount(usd=Decimal("0.5"), tokens=10)
    assert judge(wanted, [], 1) == Granted(wanted)


@given(CENTS.filter(bool), CENTS, st.lists(st.integers(1, 100), unique=True).map(sorted))
def test_shares_are_warned_of_once_when_they_are_reached(limit: Decimal, spent: Decimal, percents: list[int]) -> None:
    shares = tuple(each / 100 for each in percents)
    bound = Bound(Limit(usd=limit), sums_of(spent, Decimal(), 0, 0))
    reached = shares_reached(bound, shares)
    assert reached == tuple(share for share in shares if spent >= limit * Decimal(str(share)))
    warned = Bound(bound.limit, bound.sums.model_copy(update={"warned": reached}))
    assert shares_reached(warned, shares) == ()
