"""How it is written what is left of a job: a list of units that succeeded, with what each was asked. Pure."""

from dataclasses import asdict
from hashlib import sha256

from headchef_contracts.events.common import JobHead, Part

from headchef.canonical import canonical
from headchef.router.leading.records import JOBS, unit_key
from headchef.runtime.processor import State
from headchef.workflow.progress import Ask, Unit, Work


class LeftUnit(Part):
    """A unit that succeeded.

    Attributes:
        step_id: the step.
        item: the item's key; None for the whole step.
        run: of the job, under which its record lies.
        work: the hash of what was done.
    """

    step_id: str
    item: str | None = None
    run: int
    work: str

    @property
    def unit(self) -> Unit:
        """What it is of."""
        return Unit(self.step_id, self.item)


class Left(Part):
    """What is left of a job's runs.

    Attributes:
        content: the hash of the workflow and the input that it is of.
        units: that succeeded.
        place: of all that are kept in the task.
    """

    content: str
    units: tuple[LeftUnit, ...]
    place: int


def left_key(head: JobHead) -> bytes:
    """Name what is left of a job's runs: unlike any job, as no tenant's name begins so."""
    return f"\0{head.tenant}\0{head.job_id}\0{head.revision}".encode()


def left_of(head: JobHead, state: State) -> Left | None:
    """Give what is left of a job's earlier runs, if anything is."""
    value = state.get(JOBS, left_key(head))
    return None if value is None else Left.model_validate_json(value)


def is_left(key: bytes) -> bool:
    """Say whether something is named by `left_key`."""
    return key.startswith(b"\0")


def name_of(key: bytes, left: LeftUnit) -> bytes:
    """Name the record of a unit of a run, as that run did."""
    _, tenant, job_id, revision = key.split(b"\0")
    return unit_key(b"\0".join((tenant, job_id, str(left.run).encode(), revision)), left.unit)


def hash_of(work: Work) -> str:
    """Tell a unit's work from other work: it is taken over only for the very same."""
    asked = work.fields() if isinstance(work, Ask) else asdict(work)
    return sha256(canonical([type(work).__name__, asked])).hexdigest()[:32]
