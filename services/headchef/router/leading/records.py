"""What a router remembers of a job that goes through a workflow: a record of the job, and one of each unit that ended.

The units of a job are numbered in the order in which they ended, and each begins with a link: a hash of all before it
and of itself. So what somebody else knows of the job is the same if the last link is, and is read again if it is not.
"""

from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from headchef_contracts.events.common import CacheMode, Cause, Finding, JobHead, Part, Usage

from headchef.runtime.processor import State
from headchef.workflow.progress import Came, Lost, Outcome, Unit

JOBS = "jobs"
UNITS = "units"
LINK_BYTES = 8


class JobRecord(Part):
    """A job as it was taken on.

    Attributes:
        head: of all its events.
        workflow: its name with version.
        digest: of the workflow's files.
        input: JSON.
        cache: whether earlier answers may serve.
        at: when it was taken on.
        cause: the record that it came by.
    """

    head: JobHead
    workflow: str
    digest: str
    input: Any
    cache: CacheMode
    at: datetime
    cause: Cause


class LostRecord(Part):
    """Why a unit came to nothing."""

    reason: str
    message: str
    findings: tuple[Finding, ...] = ()


class UnitRecord(Part):
    """What came of a step or of one item of it.

    Attributes:
        step_id: the step.
        item: the item's key; None for the whole step.
        output: JSON; None also where it is lost.
        lost: why there is no output.
        at: when that was known.
        models: that were asked.
        reused: whether an earlier answer served.
        repaired: how many answers were rejected and asked for again.
        usage: tokens of all calls to models.
        cost_usd: of these; None where it is not known.
        attempts: how many there were.
        provider_s: seconds spent inside them.
    """

    step_id: str
    item: str | None = None
    output: Any = None
    lost: LostRecord | None = None
    at: datetime
    models: tuple[str, ...] = ()
    reused: bool = False
    repaired: int = 0
    usage: Usage = Usage()
    cost_usd: Decimal | None = Decimal()
    attempts: int = 0
    provider_s: float = 0.0

    @property
    def unit(self) -> Unit:
        """What it is of."""
        return Unit(self.step_id, self.item)

    @property
    def outcome(self) -> Outcome:
        """What came of it."""
        if self.lost is None:
            return Came(self.output)
        return Lost(self.lost.reason, self.lost.message, self.lost.findings)


def job_key(head: JobHead) -> bytes:
    """Name a job within its task, as the store of accepted jobs does."""
    return f"{head.tenant}\0{head.job_id}\0{head.run}\0{head.revision}".encode()


def unit_key(job: bytes, number: int) -> bytes:
    """Name the record of a job's unit that ended as the so-manyeth, from 0."""
    return b"%s\0%d" % (job, number)


def first_link(value: bytes) -> bytes:
    """Give the link of a job's own record."""
    return blake2b(value, digest_size=LINK_BYTES).digest()


def linked(before: bytes, record: UnitRecord) -> bytes:
    """Write a unit's record behind that with the link `before`."""
    content = record.model_dump_json(exclude_defaults=True).encode()
    return blake2b(before + content, digest_size=LINK_BYTES).digest() + content


def link_of(value: bytes) -> bytes:
    """Give the link of a unit's record."""
    return value[:LINK_BYTES]


def read_units(state: State, job: bytes) -> list[bytes]:
    """Give the records of all units of a job that have ended, in that order."""
    found: list[bytes] = []
    while (value := state.get(UNITS, unit_key(job, len(found)))) is not None:
        found.append(value)
    return found


def read_unit(value: bytes) -> UnitRecord:
    """Read a unit's record."""
    return UnitRecord.model_validate_json(value[LINK_BYTES:])
