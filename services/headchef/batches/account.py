"""What is remembered of a batch, and of each job that it has counted, as it is stored."""

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from headchef_contracts.events.batches import BatchCounts, CountedReason, CountedStatus
from headchef_contracts.events.common import Cause, Part, Usage

from headchef.runtime.errors import UnknownVersion
from headchef.runtime.stored import read_stored

ACCOUNTS, MEMBERS = "accounts", "members"

_VERSION = 1


class Window(Part):
    """The answers that are held against the share that may be bad.

    Attributes:
        since: when the batch was resumed, whereby this began; None for its begin.
        answers: how many have counted.
        bad: how many of them were rejected or failed.
        paused: whether the batch was paused for them; then no more count.
    """

    since: datetime | None = None
    answers: int = 0
    bad: int = 0
    paused: bool = False


class Account(Part):
    """A batch, as far as it is known.

    Attributes:
        v: of this form.
        tenant: whose batch it is.
        batch_id: its name.
        changes: how often a job was counted, or counted anew.
        size: the largest number of jobs that one of them has named; None while none has.
        max_reject_rate: the smallest share that one of them has named; None while none has.
        counts: its jobs by what they came to.
        cost_usd: of these, as far as it is known.
        unpriced: how many have a cost that is not known.
        usage: their tokens.
        reasons: why jobs were rejected or failed, the most frequent first.
        window: what is held against `max_reject_rate`.
        began_at: when the first was submitted.
        ended_at: when the last one ended.
        finished: whether all had ended; then it counts no more.
        heard_at: when it was changed last, by the clock of the process.
    """

    v: int = _VERSION
    tenant: str
    batch_id: str
    changes: int = 0
    size: int | None = None
    max_reject_rate: float | None = None
    counts: BatchCounts = BatchCounts()
    cost_usd: Decimal = Decimal()
    unpriced: int = 0
    usage: Usage = Usage()
    reasons: tuple[CountedReason, ...] = ()
    window: Window = Window()
    began_at: datetime
    ended_at: datetime
    finished: bool = False
    heard_at: datetime

    def written(self) -> bytes:
        """Give it as it is stored."""
        return self.model_dump_json(exclude_defaults=True).encode()


def read_account(value: bytes) -> Account:
    """Read what `Account.written` gave.

    Raises:
        UnknownVersion: a newer program wrote it.
    """
    return read_stored(Account, value, _VERSION, "the account of a batch")


class Counted(Part):
    """What one job was counted for.

    Attributes:
        change: the batch's so-manyeth.
        revision: of the job.
        run: of the job.
        status: what it came to.
        cost_usd: None where it is not known.
        usage: its tokens.
    """

    change: int
    revision: int = 0
    run: int = 0
    status: CountedStatus = "ok"
    cost_usd: Decimal | None = None
    usage: Usage = Usage()

    @property
    def rank(self) -> tuple[bool, int, int]:
        """Which of two counts: a result before a refusal, then the newer content, then the newer run."""
        return self.status != "refused", self.revision, self.run


def write_member(counted: Sequence[Counted]) -> bytes:
    """Write what a job was counted for, one after the other: a few bytes, as every job of a batch has them."""
    rows = [each.model_dump(mode="json", exclude_defaults=True) for each in counted]
    return json.dumps([_VERSION, *rows], separators=(",", ":")).encode()


def read_member(value: bytes) -> tuple[Counted, ...]:
    """Read what `write_member` gave.

    Raises:
        UnknownVersion: a newer program wrote it.
    """
    version, *rows = json.loads(value)
    if version != _VERSION:
        raise UnknownVersion(f"a job of a batch has version {version}; upgrade this program first")
    return tuple(Counted.model_validate(row) for row in rows)


def account_key(tenant: str, batch_id: str) -> bytes:
    """Name a batch: tenants may use the same ids."""
    return f"{tenant}\0{batch_id}".encode()


def member_key(account: bytes, job_id: str | None, record: Cause | None) -> bytes:
    """Name a job within its batch; a record without a readable job id is one of its own, wherever it is told of."""
    if job_id is not None:
        return b"%s\0%s" % (account, job_id.encode())
    place = "" if record is None else f"{record.topic}/{record.partition}/{record.offset}"
    return b"%s\0\0%s" % (account, place.encode())
