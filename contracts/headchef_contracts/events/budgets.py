"""Events about tenants' money: what routers draw from an account, what questions took of it, and warnings."""

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from headchef_contracts.events.common import MAX_REVISION, MAX_RUN, Decided, Event, Money, Name, Part

Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
"""A day of UTC, such as 2026-11-27; its month are the first seven characters."""

Period = Literal["day", "month"]


class Amount(Part):
    """Money and tokens, in and out together. What is null is not known, or nothing bounds it."""

    usd: Money | None = None
    tokens: int | None = Field(default=None, ge=0)


class Reserved(Part):
    """What is drawn or held back of a tenant's budget, and of which day; what is not taken of it is given back."""

    day: Day = Field(description="in which the question was planned; it counts for that day and its month")
    amount: Amount = Field(description="expected of the question; null for what the tenant's budget does not bound")


class BudgetAsked(Event):
    """A task of the router draws money from a tenant's account, gives some back, or both."""

    event_type: ClassVar[str] = "headchef.budget.asked"
    version: ClassVar[int] = 1

    tenant: Name
    task: int = Field(ge=0, description="of the router; the answer goes to its partition")
    number: int = Field(ge=1, description="counts what this task has said to this account")
    returned: Reserved | None = Field(default=None, description="what it gives back, drawn before; null for nothing")
    wanted: Reserved | None = Field(
        default=None, description="what the next question is expected to take; null where nothing is wanted"
    )
    decided: Decided


class BudgetAnswered(Event):
    """What an account says to a task that has asked: so much is granted, or why nothing is."""

    event_type: ClassVar[str] = "headchef.budget.answered"
    version: ClassVar[int] = 1

    tenant: Name
    task: int = Field(ge=0)
    number: int = Field(ge=1, description="of what is answered")
    heard: int = Field(ge=1, description="the highest number that the account has heard from this task")
    granted: Reserved | None = Field(default=None, description="null where it was refused")
    refusal: str | None = Field(default=None, description="why, in words; null where it was granted")
    decided: Decided


class BudgetRecalled(Event):
    """An account that is nearly empty asks a task for what it has drawn and does not use."""

    event_type: ClassVar[str] = "headchef.budget.recalled"
    version: ClassVar[int] = 1

    tenant: Name
    task: int = Field(ge=0)
    decided: Decided


class BudgetSettled(Event):
    """What a question took, in place of what was reserved for it."""

    event_type: ClassVar[str] = "headchef.budget.settled"
    version: ClassVar[int] = 1

    tenant: Name
    job_id: Name
    run: int = Field(default=0, ge=0, le=MAX_RUN)
    revision: int = Field(default=0, ge=0, le=MAX_REVISION)
    step_id: str
    item: str | None = None
    plan: int = Field(default=0, ge=0, description="of the step; each plan is one question")
    reserved: Reserved
    spent: Amount = Field(description="by all of its calls; usd is null where a price or usage is not known")
    decided: Decided


class BudgetWarned(Event):
    """A tenant has spent a set share of its budget: there is one such event for each period and share."""

    event_type: ClassVar[str] = "headchef.budget.warned"
    version: ClassVar[int] = 1

    tenant: Name
    period: Period
    begins: Day = Field(description="the first day of the period, UTC")
    share: float = Field(gt=0, le=1, description="that was reached: 0.8 for 80 %")
    spent: Amount = Field(description="in this period until now")
    limit: Amount = Field(description="of the period; null for what it does not bound")
    next_at: AwareDatetime = Field(description="when the next period begins")
    decided: Decided
