"""The event by which an operator sets what a tenant may spend, and by which entries its jobs come."""

from typing import Annotated, ClassVar, Self

from pydantic import AwareDatetime, Field, model_validator

from headchef_contracts.events.budgets import Period
from headchef_contracts.events.common import EntryName, Event, Money, Name, Part
from headchef_contracts.faults import at_field

WARN_AT = (0.5, 0.8, 0.95)

Share = Annotated[float, Field(gt=0, le=1)]


class Limit(Part):
    """The most that may be spent in one period. At least one of the two is set."""

    usd: Money | None = Field(default=None, description="US dollars; null for no bound")
    tokens: int | None = Field(default=None, ge=0, description="in and out together; null for no bound")

    @model_validator(mode="after")
    def _bounds_something(self) -> Self:
        if self.usd is None and self.tokens is None:
            raise ValueError("must set `usd`, `tokens` or both")
        return self


class TenantBudget(Part):
    """What a tenant may spend in each day and month of UTC. At least one of the two is set."""

    day: Limit | None = None
    month: Limit | None = None
    warn_at: tuple[Share, ...] = Field(
        default=WARN_AT, max_length=20, description="shares of a limit; `budgets.warned` tells once a period of each"
    )

    @model_validator(mode="after")
    def _fields_fit(self) -> Self:
        if self.day is None and self.month is None:
            raise ValueError("must set `day`, `month` or both")
        if any(one >= other for one, other in zip(self.warn_at, self.warn_at[1:], strict=False)):
            raise at_field("warn_at", "each share must be above the one before it")
        return self

    def of(self, period: Period) -> Limit | None:
        """Give the limit of a period; None for no bound."""
        return self.day if period == "day" else self.month


class TenantSet(Event):
    """What holds for a tenant from now on: what was said last of it."""

    event_type: ClassVar[str] = "headchef.tenant.set"
    version: ClassVar[int] = 1

    tenant: Name
    budget: TenantBudget | None = Field(default=None, description="null: the tenant may spend without a bound")
    entries: tuple[EntryName, ...] = Field(
        default=(),
        max_length=20,
        description="jobs of the tenant are taken from `jobs.submitted.<entry>` of these alone; none: from the public"
        " topics alone",
    )
    by: str = Field(description="who says so: a person or program, and the machine")
    set_at: AwareDatetime
