"""Costs are exact, and unknown where price or usage is."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef_contracts.events.common import Usage

from headchef.catalogue import Prices
from headchef.catalogue.pricing import cost_of, total_cost, uncached_cost_of
from headchef.result import total_usage
from tests.executor.fakes import PRICES


@pytest.mark.parametrize(
    ("usage", "cost_usd"),
    [
        (Usage(), "0"),
        (Usage(input_tokens=1_000_000), "0.15"),
        (Usage(output_tokens=1_000_000, reasoning_tokens=900_000), "0.60"),
        (Usage(input_tokens=1_000_000, cached_input_tokens=1_000_000), "0.075"),
        (Usage(input_tokens=1000, cached_input_tokens=400, output_tokens=3), "0.0001218"),
        (Usage(input_tokens=1_000_000, cache_write_input_tokens=1_000_000), "0.1875"),
        (Usage(input_tokens=1000, cached_input_tokens=400, cache_write_input_tokens=500), "0.00013875"),
    ],
)
def test_tokens_are_priced(usage: Usage, cost_usd: str) -> None:
    assert cost_of(usage, PRICES) == Decimal(cost_usd)


def test_an_unknown_price_or_usage_is_an_unknown_cost() -> None:
    assert cost_of(Usage(input_tokens=1), None) is None
    assert cost_of(None, PRICES) is None


@pytest.mark.parametrize(
    ("costs", "unbilled", "total"),
    [
        ([], True, Decimal(0)),
        ([None], True, Decimal(0)),
        ([None], False, None),
        ([None, Decimal("0.1")], False, Decimal("0.1")),
        ([Decimal("0.1"), Decimal("0.2")], True, Decimal("0.3")),
    ],
)
def test_a_sum_is_null_where_nothing_is_known_of_what_was_billed(
    costs: list[Decimal | None], unbilled: bool, total: Decimal | None
) -> None:
    assert total_cost(costs, unbilled=unbilled) == total


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_costs_add_up_like_tokens(tokens: list[int]) -> None:
    usages = [
        Usage(
            input_tokens=count,
            output_tokens=count // 2,
            cached_input_tokens=count // 3,
            cache_write_input_tokens=count // 5,
        )
        for count in tokens
    ]
    costs = [cost_of(usage, PRICES) for usage in usages]
    assert total_cost(costs, unbilled=True) == cost_of(total_usage(usages), PRICES)


@given(st.tuples(*[st.integers(0, 10**6)] * 4))
def test_each_token_is_priced_once(counts: tuple[int, int, int, int]) -> None:
    fresh, read, written, made = counts
    usage = Usage(
        input_tokens=fresh + read + written,
        output_tokens=made,
        cached_input_tokens=read,
        cache_write_input_tokens=written,
    )
    at_one_price = Prices(*[Decimal(1_000_000)] * 4)
    assert cost_of(usage, at_one_price) == fresh + read + written + made


def test_without_the_providers_cache_all_input_is_fresh() -> None:
    usage = Usage(input_tokens=1000, cached_input_tokens=400, cache_write_input_tokens=500, output_tokens=3)
    assert uncached_cost_of(usage, PRICES) == cost_of(Usage(input_tokens=1000, output_tokens=3), PRICES)
    assert uncached_cost_of(Usage(input_tokens=1000), PRICES) is None, "the cache took no part"
    assert uncached_cost_of(usage, None) is None
