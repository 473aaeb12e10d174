"""Events about values that are to be unique: a job asks for one, is told whether it has it, and gives it back."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, StringConstraints, model_validator

from headchef_contracts.events.common import (
    MAX_REVISION,
    MAX_RUN,
    Body,
    Decided,
    Event,
    JobHead,
    Name,
    Part,
    WorkflowName,
)

MAX_VALUE_CHARACTERS = 500
"""Of a value that is reserved: what is remembered of each has a bound."""

Account = Annotated[str, StringConstraints(min_length=1)]
"""Tenant, site, name and the value as it is compared, with a / between: one for each value, the record's key."""

Value = Annotated[str, StringConstraints(min_length=1, max_length=MAX_VALUE_CHARACTERS)]
ReservedName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""What kind of value it is, such as title: lower case letters, digits and _, up to 63 characters."""


class ReservationAsked(Event):
    """A step wants a value that no other job of the tenant has on a site."""

    event_type: ClassVar[str] = "headchef.reservation.asked"
    version: ClassVar[int] = 1

    account: Account
    job: JobHead
    workflow: WorkflowName
    step_id: str
    item: str | None = Field(default=None, description="the key of the item that it is for; null for the whole step")
    site: Name = Field(description="where the value must be the only one")
    name: ReservedName
    value: Value = Field(description="as it was written")
    decided: Decided


class ReservationFailure(Part):
    """Why a value was not reserved."""

    reason: str = Field(description="in a word: taken, or released where the job itself had given the value back")
    message: str


class ReservationAnswered(Event):
    """Whether a job has the value that it asked for. Exactly one of output and failure is set."""

    event_type: ClassVar[str] = "headchef.reservation.answered"
    version: ClassVar[int] = 1

    account: Account
    job: JobHead
    workflow: WorkflowName
    step_id: str
    item: str | None = None
    output: Body | None = Field(default=None, description="the value, as the job wrote it")
    failure: ReservationFailure | None = None
    taken_by: Name | None = Field(default=None, description="the job of the tenant that has the value")
    decided: Decided

    @model_validator(mode="after")
    def _output_or_failure(self) -> Self:
        if (self.output is None) == (self.failure is None):
            raise ValueError("exactly one of `output` and `failure` must be set")
        if self.taken_by is not None and self.failure is None:
            raise ValueError("`taken_by` must not be set where there is an output")
        return self


class ReservationReleased(Event):
    """A run of a job gives a value back, or an operator takes it away; others may have it, once no run holds it."""

    event_type: ClassVar[str] = "headchef.reservation.released"
    version: ClassVar[int] = 1

    account: Account
    tenant: Name
    job_id: Name = Field(description="of the job that may hold it; if that is another one, nothing changes")
    run: int = Field(default=0, ge=0, le=MAX_RUN)
    revision: int = Field(default=0, ge=0, le=MAX_REVISION)
    earlier: bool = Field(default=False, description="also what earlier runs and revisions of the job hold")
    by: str | None = Field(default=None, description="the person or program, and the machine; null for the job's end")
    decided: Decided | None = Field(default=None, description="null where a person decided")
