"""Events about batches: a job of one has come to its end, and all of its jobs have."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from headchef_contracts.events.common import (
    MAX_RUN,
    BatchSize,
    Cause,
    Decided,
    Event,
    Money,
    Name,
    Part,
    RejectRate,
    Usage,
)
from headchef_contracts.events.jobs import FailureReason, JobStatus

CountedStatus = JobStatus | Literal["refused"]
"""What a job of a batch may have come to."""

MAX_REASONS_OF_A_JOB = 5
MAX_REASONS_OF_A_BATCH = 20
MAX_REASON_TEXT = 120


class Reason(Part):
    """Why a job has no answer that can be used: what a check found in it, or why there was none."""

    check: str | None = Field(
        default=None, max_length=MAX_REASON_TEXT, description="the check whose finding it is; null for a failure"
    )
    failure: FailureReason | None = Field(default=None, description="null for a finding")
    path: str = Field(
        default="",
        max_length=MAX_REASON_TEXT,
        description="JSON pointer into the output, with * for each place in an array; empty for the whole",
    )
    message: str = Field(max_length=MAX_REASON_TEXT, description="of one job, as an example; cut where it is long")


class CountedReason(Reason):
    """One such reason of a batch, and how many of its jobs have it."""

    jobs: int = Field(ge=1, description="with it: results that were replaced since by newer ones of the same job too")
    doubtful: int = Field(
        default=0, ge=0, description="so many of `jobs` may be of other reasons, as there were more kinds than are kept"
    )


class BatchCounted(Event):
    """A job of a batch has a result, or was refused: all that the batch's account needs to know of it."""

    event_type: ClassVar[str] = "headchef.batch.counted"
    version: ClassVar[int] = 1

    tenant: Name
    batch_id: Name
    batch_size: BatchSize | None = Field(default=None, description="how many jobs the batch has, as this one said")
    batch_max_reject_rate: RejectRate | None = Field(default=None, description="of the batch, as this job said")
    job_id: str | None = Field(description="null where none could be read")
    run: int = Field(default=0, ge=0, le=MAX_RUN)
    revision: int = Field(default=0, ge=0)
    status: CountedStatus
    reasons: tuple[Reason, ...] = Field(
        default=(), max_length=MAX_REASONS_OF_A_JOB, description="of a job that was rejected or failed, the first few"
    )
    cost_usd: Money | None = Field(description="of all attempts; null where a price is not known")
    usage: Usage = Field(default_factory=Usage)
    submitted_at: AwareDatetime
    ended_at: AwareDatetime
    record: Cause | None = Field(default=None, description="the refused record, where no job id could be read")
    decided: Decided


class BatchCounts(Part):
    """How many jobs of a batch came to what."""

    ok: int = Field(default=0, ge=0)
    needs_review: int = Field(default=0, ge=0)
    rejected: int = Field(default=0, ge=0)
    failed: int = Field(default=0, ge=0)
    cancelled: int = Field(default=0, ge=0)
    refused: int = Field(default=0, ge=0)

    @property
    def total(self) -> int:
        """How many have ended."""
        return self.ok + self.needs_review + self.bad

    @property
    def bad(self) -> int:
        """How many have no answer that can be used."""
        return self.rejected + self.failed + self.cancelled + self.refused


class BatchFinished(Event):
    """All jobs of a batch have ended: there is one such event for each batch that says how many jobs it has."""

    event_type: ClassVar[str] = "headchef.batch.finished"
    version: ClassVar[int] = 1

    tenant: Name
    batch_id: Name
    batch_size: BatchSize = Field(description="how many jobs the batch has: the largest number that one of them named")
    counts: BatchCounts = Field(description="each job once, by its newest result; refused: it has none")
    cost_usd: Money = Field(description="of the results that are counted, as far as prices are known")
    unpriced: int = Field(ge=0, description="so many results have a cost that is not known, and not in `cost_usd`")
    usage: Usage = Field(description="tokens of the results that are counted")
    reasons: tuple[CountedReason, ...] = Field(
        default=(),
        max_length=MAX_REASONS_OF_A_BATCH,
        description="why jobs were rejected or failed, the most frequent first",
    )
    began_at: AwareDatetime = Field(description="when the first of its jobs was submitted")
    ended_at: AwareDatetime = Field(description="when the last of its jobs ended")
    decided: Decided
