"""What a router remembers of a job that goes through a workflow: a record of the job, and one of each unit that ended.

All are in one store. So at least once, where a batch may be written in part, the record of the job alone says whether
it is under way, and what is left of its units without it means nothing.
"""

from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from headchef_contracts.events.common import CacheMode, Cause, Finding, JobHead, Part, Reference, Usage
from headchef_contracts.events.fetches import SourceRead
from headchef_contracts.events.retrievals import TextsFound
from headchef_contracts.events.reviews import JobName, ReviewOutcome

from headchef.bodies import BodiesAtHand
from headchef.canonical import canonical
from headchef.workflow.progress import Came, Lost, Outcome, Unit

JOBS = "jobs"
NOT_BEGUN = "not_begun"
"""Why a unit is lost that was to be begun when its job ended: it never was, and counts nowhere."""

STEP_BUDGET = "step_budget_exceeded"
"""Why a unit is lost for which its step has no money, tokens or time left; functions and the fetcher say so too."""


class Cheaper(Part):
    """That a job goes on with the cheapest models, since it is beyond its budget.

    Attributes:
        why: it is.
        asked_before: questions under way that had been asked then, of the models that their steps name.
    """

    why: str
    asked_before: tuple[str, ...] = ()


class JobRecord(Part):
    """A job as it was taken on, and what was decided for it since.

    Attributes:
        head: of all its events.
        workflow: its name with version.
        digest: of the workflow's files.
        input: JSON; None as it is stored where there is a reference.
        input_reference: names the input where that is large.
        cache: whether earlier answers may serve.
        cache_tags: by which its answers can be invalidated.
        at: when it was taken on.
        cause: the record that it came by.
        cheaper: whether it goes on with the cheapest models.
        takes_over: whether something was left of its earlier runs when it was taken on.
    """

    head: JobHead
    workflow: str
    digest: str
    input: Any = None
    input_reference: Reference | None = None
    cache: CacheMode
    cache_tags: tuple[str, ...] = ()
    at: datetime
    cause: Cause
    cheaper: Cheaper | None = None
    takes_over: bool = False

    @property
    def key(self) -> bytes:
        """Names the job in its store."""
        return job_key(self.head)

    @property
    def content(self) -> str:
        """Tell it from a job of another workflow or another input: a SHA-256."""
        return sha256(canonical([self.workflow, self.digest, self.input])).hexdigest()

    @property
    def referred_bytes(self) -> int:
        """How large the input is that it names."""
        return 0 if self.input_reference is None else self.input_reference.bytes

    def to_be_stored(self, at_hand: BodiesAtHand) -> "JobRecord":
        """Give it with a reference in place of a large input, which is set aside."""
        reference = at_hand.reference(self.head.tenant, self.input)
        return self.model_copy(update={"input": None, "input_reference": reference}) if reference else self

    def written(self) -> bytes:
        """Write it as it is to be stored."""
        return _written(self, {})

    def with_input(self, at_hand: BodiesAtHand) -> "JobRecord":
        """Give it as it was before it was stored. Raises NotAtHand and BodyUnusable as `BodiesAtHand.value`."""
        if self.input_reference is None:
            return self
        value = at_hand.value(self.head.tenant, self.input_reference)
        return self.model_copy(update={"input": value, "input_reference": None})


class LostRecord(Part):
    """Why a unit came to nothing."""

    reason: str
    message: str
    findings: tuple[Finding, ...] = ()
    leave_out: bool = False


NEVER_BEGUN = LostRecord(reason=NOT_BEGUN, message="the job had ended before")


class ReviewRecord(Part):
    """What became of a review.

    Attributes:
        outcome: in a word.
        by: who has decided; None where nobody has.
        because: why, in words.
        command_id: the command that said it; None where none did.
        at: when, where an earlier run of the job was told; None where that is when the unit ended.
    """

    outcome: ReviewOutcome
    by: str | None = None
    because: str | None = None
    command_id: str | None = None
    at: datetime | None = None


class UnitRecord(Part):
    """What came of a step or of one item of it.

    Attributes:
        number: it ended as the so-manyeth of its job, from 0.
        step_id: the step.
        item: the item's key; None for the whole step.
        output: JSON; None also where it is lost, and as it is stored where there is a reference.
        output_reference: names the output where that is large.
        lost: why there is no output.
        at: when that was known.
        cause: the record that told it.
        source: the document that was read.
        found: the texts that were found.
        reserved: the account of the value that the job was given.
        review: what a person has decided, or that nobody has.
        models: that were asked.
        reused: whether an earlier answer served.
        repaired: how many answers were rejected and asked for again.
        usage: tokens of all calls to models.
        cost_usd: of these; None where it is not known.
        reckoned_usd: what counts for it then in a budget; None where nobody can tell.
        attempts: how many there were.
        provider_s: seconds spent inside them.
        run: the earlier run of the job that it was taken over from; None where this one has done it.
    """

    number: int = 0
    step_id: str
    item: str | None = None
    output: Any = None
    output_reference: Reference | None = None
    lost: LostRecord | None = None
    at: datetime
    cause: Cause
    source: SourceRead | None = None
    found: TextsFound | None = None
    reserved: str | None = None
    review: ReviewRecord | None = None
    models: tuple[str, ...] = ()
    reused: bool = False
    repaired: int = 0
    usage: Usage = Usage()
    cost_usd: Decimal | None = Decimal()
    reckoned_usd: Decimal | None = None
    attempts: int = 0
    provider_s: float = 0.0
    run: int | None = None

    @property
    def unit(self) -> Unit:
        """What it is of."""
        return Unit(self.step_id, self.item)

    @property
    def outcome(self) -> Outcome:
        """What came of it."""
        if self.lost is None:
            return Came(self.output, undecided=self.review is not None and self.review.by is None)
        return Lost(self.lost.reason, self.lost.message, self.lost.findings, self.lost.leave_out)

    def written(self, reference: Reference | None) -> bytes:
        """Give it as it is stored.

        Args:
            reference: to the output, where that is large.
        """
        return _written(self, {"output": None, "output_reference": reference} if reference else {})

    def with_output(self, tenant: str, at_hand: BodiesAtHand) -> "UnitRecord":
        """Give it as it was before it was stored. Raises NotAtHand and BodyUnusable as `BodiesAtHand.value`."""
        if self.output_reference is None:
            return self
        value = at_hand.value(tenant, self.output_reference)
        return self.model_copy(update={"output": value, "output_reference": None})


def _written(record: Part, stored: dict[str, Any]) -> bytes:
    return (record.model_copy(update=stored) if stored else record).model_dump_json(exclude_defaults=True).encode()


def job_key(head: JobHead | JobName) -> bytes:
    """Name a job within its task, as the store of accepted jobs does."""
    return f"{head.tenant}\0{head.job_id}\0{head.run}\0{head.revision}".encode()


def unit_key(job: bytes, unit: Unit) -> bytes:
    """Name the record of a job's unit."""
    step = b"%s\0%s" % (job, unit.step.encode())
    return step if unit.item is None else b"%s\0%s" % (step, unit.item.encode())
