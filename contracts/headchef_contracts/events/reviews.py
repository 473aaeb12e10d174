"""Events about reviews: a person is asked for a decision, decides, and is told what became of that."""

from typing import Any, ClassVar, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from headchef_contracts.events.common import (
    MAX_REVISION,
    MAX_RUN,
    Body,
    Decided,
    Event,
    Finding,
    JobHead,
    Name,
    Part,
    PublicEvent,
    StepCheck,
    WorkflowName,
)
from headchef_contracts.faults import at_field

MAX_REASON = 500
"""Characters of why a person decides so."""

MAX_ITEM = 200
"""Characters of an item's key."""

MAX_DOCUMENT_BYTES = 3_000_000
"""Of a document with its schema and checks as JSON: with all else the event must fit into the 4 MiB of its topic."""

Otherwise = Literal["approve", "reject", "needs_review"]
"""What holds if nobody decides in time."""

Verdict = Literal["approve", "edit", "reject"]
"""What a person decides."""


class ReviewAsked(Event):
    """A step of a workflow waits for a person; all that it takes to decide is in the event."""

    event_type: ClassVar[str] = "headchef.review.asked"
    version: ClassVar[int] = 1

    job: JobHead
    workflow: WorkflowName
    step_id: str
    item: str | None = Field(default=None, description="the key of the item that it is for; null for the whole step")
    document: Body = Field(description="what is to be looked at")
    due: AwareDatetime = Field(description="until then a decision counts")
    otherwise: Otherwise = Field(description="what holds if nobody decides in time")
    json_schema: dict[str, Any] | None = Field(
        default=None, alias="schema", description="JSON Schema that the document must obey, as it is or edited"
    )
    checks: tuple[StepCheck, ...] = Field(default=(), description="that it must pass besides, filled in")
    decided: Decided


class ReviewDecided(PublicEvent):
    """A person's decision, on its way to the task that owns the job. Let `job_id` be the record's key."""

    event_type: ClassVar[str] = "headchef.review.decided"
    version: ClassVar[int] = 1

    command_id: Name = Field(description="your id of this command: what becomes of it names it")
    job_id: Name
    run: int = Field(default=0, ge=0, le=MAX_RUN)
    revision: int = Field(default=0, ge=0, le=MAX_REVISION)
    tenant: Name = "default"
    conversation_id: Name | None = Field(default=None, description="of the job, if it has one: it decides its home")
    home_partition: int | None = Field(
        default=None,
        ge=0,
        description="of the job, as its review says: it finds a job that was taken on before the topics grew",
    )
    step_id: Name = Field(description="the step that waits")
    item: str | None = Field(default=None, max_length=MAX_ITEM, description="the item of it, where it has several")
    verdict: Verdict = Field(description="approve: it is good as it is; edit: `document` takes its place; reject")
    document: Body | None = Field(
        default=None, description='the edited document, as {"inline": …}; set if and only if the verdict is edit'
    )
    by: Name = Field(description="who decides: a person or program, and the machine")
    because: str | None = Field(default=None, max_length=MAX_REASON, description="why, in words")

    @model_validator(mode="after")
    def _document_with_an_edit(self) -> Self:
        if self.verdict == "edit" and self.document is None:
            raise at_field("document", 'an edit needs the edited document, as {"inline": …}')
        if self.verdict != "edit" and self.document is not None:
            raise at_field("document", "belongs to the verdict `edit` alone: leave it out, or make this an edit")
        return self


ReviewOutcome = Literal["approved", "edited", "rejected", "undecided", "called_off"]


class ReviewClosed(Event):
    """A review is open no more."""

    event_type: ClassVar[str] = "headchef.review.closed"
    version: ClassVar[int] = 1

    job: JobHead
    workflow: WorkflowName
    step_id: str
    item: str | None = None
    outcome: ReviewOutcome = Field(
        description="undecided: the job goes on, and its result needs a review; called_off: the job had ended, or was"
        " cancelled, or its deadline had passed"
    )
    by: str | None = Field(default=None, description="who has decided; null where nobody has")
    because: str | None = Field(default=None, description="why, in words")
    command_id: str | None = Field(default=None, description="the command that closed it; null where none did")
    decided: Decided


class JobName(Part):
    """What names a job."""

    job_id: Name
    run: int = Field(default=0, ge=0, le=MAX_RUN)
    revision: int = Field(default=0, ge=0, le=MAX_REVISION)
    tenant: Name = "default"


CommandRefusal = Literal["unknown", "closed", "late", "invalid", "too_large"]


class CommandRefused(Event):
    """A command that has changed nothing, and why."""

    event_type: ClassVar[str] = "headchef.command.refused"
    version: ClassVar[int] = 1

    job: JobName
    step_id: str
    item: str | None = None
    command_id: str
    reason: CommandRefusal = Field(
        description="unknown: no such review; closed: it was decided before; late: its time is over; invalid: the"
        " document breaks its schema or checks, and the review is open still; too_large: likewise"
    )
    message: str = Field(description="what is wrong and what would be right")
    findings: tuple[Finding, ...] = Field(default=(), description="what the document breaks")
    decided: Decided

    @property
    def job_id(self) -> str:
        """The job that it was about."""
        return self.job.job_id
