"""Adds up what the plans of a step came to. What is not known of one is not known of all: None, never 0."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from headchef_contracts.events.common import Usage


class Paid(Protocol):
    """What says of some calls what they came to, as `Came` does: a plan, or a step with all of its plans."""

    @property
    def usage(self) -> Usage: ...  # noqa: D102 - see Came
    @property
    def cost_usd(self) -> Decimal | None: ...  # noqa: D102
    @property
    def attempts(self) -> int: ...  # noqa: D102
    @property
    def provider_s(self) -> float: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Came:
    """What one or several plans came to.

    Attributes:
        usage: tokens of all calls, as far as providers reported them.
        cost_usd: of all calls; None where that of a plan is not known.
        attempts: how many calls there were.
        provider_s: seconds spent inside them.
    """

    usage: Usage
    cost_usd: Decimal | None
    attempts: int
    provider_s: float


def total(plans: Sequence[Paid]) -> Came:
    """Add up plans: those that failed before, and the last one; or what steps came to. Of none nothing is paid."""
    costs = [plan.cost_usd for plan in plans if plan.cost_usd is not None]
    return Came(
        usage=total_usage(plan.usage for plan in plans),
        cost_usd=sum(costs[1:], costs[0] if costs else Decimal()) if len(costs) == len(plans) else None,
        attempts=sum(plan.attempts for plan in plans),
        provider_s=sum(plan.provider_s for plan in plans),
    )


def total_usage(usages: Iterable[Usage | None]) -> Usage:
    """Add up the tokens of several calls; None stands for one without a report."""
    known = [usage for usage in usages if usage is not None]
    if len(known) == 1:
        return known[0]
    return Usage(
        input_tokens=sum(usage.input_tokens for usage in known),
        output_tokens=sum(usage.output_tokens for usage in known),
        cached_input_tokens=sum(usage.cached_input_tokens for usage in known),
        cache_write_input_tokens=sum(usage.cache_write_input_tokens for usage in known),
        reasoning_tokens=sum(usage.reasoning_tokens for usage in known),
    )
