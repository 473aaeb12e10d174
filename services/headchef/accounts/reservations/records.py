"""What is remembered of a value that is held, and of what a run of a job was told of one, as it is stored."""

from datetime import datetime
from typing import NamedTuple

from headchef_contracts.events.common import Part

from headchef.runtime.stored import read_stored

HOLDERS, TOLD = "holders", "told"

_VERSION = 1


class Claim(NamedTuple):
    """A run of a job that holds a value; the newest content counts before the newest run."""

    revision: int
    run: int


class Holder(Part):
    """The job that has a value.

    Attributes:
        v: of this form.
        job_id: of the tenant's jobs.
        value: as the job wrote it first.
        since: when it got it.
        claims: its runs that asked for it and have not given it back, the newest ones.
        older: whether there were more of them, which cannot be told apart any more.
    """

    v: int = _VERSION
    job_id: str
    value: str
    since: datetime
    claims: tuple[Claim, ...]
    older: bool = False

    def written(self) -> bytes:
        """Give it as it is stored."""
        return self.model_dump_json(exclude_defaults=True).encode()


class Told(Part):
    """What a run of a job was told of a value for good, so that it is told the same again.

    Attributes:
        v: of this form.
        taken_by: the job that had it then; None where the run has given it back.
    """

    v: int = _VERSION
    taken_by: str | None = None

    def written(self) -> bytes:
        """Give it as it is stored."""
        return self.model_dump_json(exclude_defaults=True).encode()


def read_holder(value: bytes) -> Holder:
    """Read what `Holder.written` gave.

    Raises:
        UnknownVersion: a newer program wrote it.
    """
    return read_stored(Holder, value, _VERSION, "the holder of a reserved value")


def read_told(value: bytes) -> Told:
    """Read what `Told.written` gave.

    Raises:
        UnknownVersion: a newer program wrote it.
    """
    return read_stored(Told, value, _VERSION, "what a job was told of a reserved value")


def holder_key(account: str) -> bytes:
    """Name the record of a value's holder."""
    return account.encode()


def told_key(account: str, job_id: str, claim: Claim) -> bytes:
    """Name the record of what a run of a job was told of a value."""
    return f"{account}\0{job_id}\0{claim.revision}\0{claim.run}".encode()
