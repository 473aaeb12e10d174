"""What a call costs by the catalogue's prices, exactly; what is not known is None, never 0."""

from collections.abc import Iterable
from decimal import Decimal

from headchef_contracts.events.common import Usage

from headchef.catalogue.model import Prices

_MILLION = Decimal(1_000_000)


def cost_of(usage: Usage | None, prices: Prices | None) -> Decimal | None:
    """Give the cost in US dollars, or None where usage or price is not known."""
    if usage is None or prices is None:
        return None
    read, written = usage.cached_input_tokens, usage.cache_write_input_tokens
    fresh = usage.input_tokens - read - written
    total = fresh * prices.input + read * prices.cached_input + written * prices.cache_write
    return (total + usage.output_tokens * prices.output) / _MILLION


def uncached_cost_of(usage: Usage | None, prices: Prices | None) -> Decimal | None:
    """Give the cost in US dollars without the provider's cache; None where that took no part, or it is not known."""
    if usage is None or not (usage.cached_input_tokens or usage.cache_write_input_tokens):
        return None
    return cost_of(usage.model_copy(update={"cached_input_tokens": 0, "cache_write_input_tokens": 0}), prices)


def total_cost(costs: Iterable[Decimal | None], *, unbilled: bool) -> Decimal | None:
    """Give the cost of a step's calls in US dollars, its price being known.

    Args:
        costs: of each call; None for one without usage.
        unbilled: whether every call without usage is known to be free: refused by status, or never begun.

    Returns:
        The sum of what is known; None where no call's cost is known although one may have been billed.
    """
    known = [cost for cost in costs if cost is not None]
    if known:
        return sum(known, Decimal(0))
    return Decimal(0) if unbilled else None
