"""The event by which an operator stops work, lets it go on, or ends it; and the scopes that it can name."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from headchef_contracts.events.common import Decided, Event, Label, Name, Part, escaped

BrakeAction = Literal["pause", "resume", "cancel"]

MAX_BECAUSE = 500


class BrakeScope(Part):
    """What a brake holds for: one tenant, batch, lane, label or job. Exactly one of them is named."""

    tenant: Name | None = Field(
        default=None, description="alone: all of its jobs; beside job_id or batch_id: whose job or batch it is"
    )
    batch_id: Name | None = Field(default=None, description="a batch of `tenant`, or without one of every tenant")
    lane: Name | None = Field(default=None, description="the quota pool that calls are drawn from")
    labels: dict[str, Label] | None = Field(default=None, description="one label with its value", max_length=1)
    job_id: Name | None = Field(default=None, description="a job of `tenant`, in all of its runs and revisions")

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        whole_tenant = self.tenant if self.job_id is None and self.batch_id is None else None
        named = [whole_tenant, self.batch_id, self.lane, self.labels or None, self.job_id]
        if sum(each is not None for each in named) != 1 or (self.job_id is not None and self.tenant is None):
            raise ValueError(
                "must name one of tenant, batch_id, lane, labels (one of them), or job_id with its tenant; batch_id may"
                " have its tenant too"
            )
        return self

    @property
    def name(self) -> str:
        """Name the scope: no two have the same name, and each has one."""
        if self.job_id is not None and self.tenant is not None:
            return _job(self.tenant, self.job_id)
        if self.batch_id is not None and self.tenant is not None:
            return _batch(self.tenant, self.batch_id)
        if self.tenant is not None:
            return f"tenant={self.tenant}"
        if self.batch_id is not None:
            return f"batch={self.batch_id}"
        if self.lane is not None:
            return f"lane={self.lane}"
        return next(_label(label, value) for label, value in (self.labels or {}).items())


class BrakeSet(Event):
    """Paid calls of a scope stop, go on, or are never made: what was said last of a scope holds."""

    event_type: ClassVar[str] = "headchef.brake.set"
    version: ClassVar[int] = 1

    brake: str = Field(
        description="the entry that this takes the place of: `pause` or `cancel`, a space, and the scope's name; pause"
        " and resume are said of the same entry"
    )
    action: BrakeAction = Field(
        description="pause: no call begins until resume; cancel: what was submitted until set_at ends without a call"
    )
    scope: BrakeScope
    because: str | None = Field(default=None, max_length=MAX_BECAUSE, description="why, in words")
    by: str = Field(description="who says so: a person or program, and the machine")
    set_at: AwareDatetime
    decided: Decided | None = Field(default=None, description="from what a processor said it; null where a person did")

    @model_validator(mode="after")
    def _named_after_its_scope(self) -> Self:
        if self.brake != (right := brake_of(self.action, self.scope)):
            raise ValueError(f"`brake` must be {right!r}, after action and scope")
        return self


def brake_of(action: BrakeAction, scope: BrakeScope) -> str:
    """Name the entry that an action is said of."""
    return f"{'cancel' if action == 'cancel' else 'pause'} {scope.name}"


def scopes_of(
    *, tenant: Any, job_id: Any, batch_id: Any = None, labels: Mapping[Any, Any] | None = None, lane: Any = None
) -> Iterator[str]:
    """Name every scope that a job is in.

    Args:
        tenant: of the job.
        job_id: its id.
        batch_id: None where it has none.
        labels: by name.
        lane: that its step is at; None where it is at none yet.
    """
    yield f"tenant={tenant}"
    yield _job(tenant, job_id)
    if batch_id is not None:
        yield f"batch={batch_id}"
        yield _batch(tenant, batch_id)
    if lane is not None:
        yield f"lane={lane}"
    for label, value in (labels or {}).items():
        yield _label(label, value)


def _job(tenant: Any, job_id: Any) -> str:
    return f"job={escaped(tenant)}/{job_id}"


def _batch(tenant: Any, batch_id: Any) -> str:
    return f"batch:{escaped(tenant)}={batch_id}"


def _label(label: Any, value: Any) -> str:
    return f"label:{escaped(label)}={value}"
