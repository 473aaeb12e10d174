"""A step that waits for the answer to the same question, as its timer keeps it. Pure."""

from datetime import datetime

from headchef_contracts import registry
from headchef_contracts.events.common import Cause, JobClass, Part
from headchef_contracts.events.steps import Step, StepPlanned

from headchef.runtime.errors import InvariantBroken
from headchef.runtime.stored import read_stored

_PREFIX = "wait/"
_VERSION = 1


class _Head(Part):
    v: int = _VERSION
    version: int
    number: int
    at: datetime
    cause: Cause
    size_bytes: int


class Parked(Part):
    """A step that waits.

    Attributes:
        planned: as it was planned.
        number: its own, in the queue of its class.
        at: since when it waits.
        cause: the record that planned it.
        size_bytes: of that record.
    """

    planned: StepPlanned
    number: int
    at: datetime
    cause: Cause
    size_bytes: int

    @property
    def step(self) -> Step:
        """The step."""
        return self.planned.step

    def written(self) -> bytes:
        """Give it as its timer keeps it: a line about it, and the event as it goes through topics."""
        written = registry.write(self.planned)
        head = _Head(
            version=written.version, number=self.number, at=self.at, cause=self.cause, size_bytes=self.size_bytes
        )
        return head.model_dump_json().encode() + b"\n" + written.data


def read_parked(value: bytes) -> Parked:
    """Read what `Parked.written` gave.

    Raises:
        UnknownVersion: a newer program wrote it.
    """
    line, _, data = value.partition(b"\n")
    head = read_stored(_Head, line, _VERSION, "a step that waits")
    planned = registry.decode(StepPlanned.event_type, head.version, data)
    if not isinstance(planned, StepPlanned):
        raise InvariantBroken(f"a step that waits is kept as {type(planned).__name__}")
    return Parked(planned=planned, number=head.number, at=head.at, cause=head.cause, size_bytes=head.size_bytes)


def timer_id(key: bytes, job_class: JobClass, number: int) -> str:
    """Name the timer that keeps a step.

    Args:
        key: of its line.
        job_class: of its queue there.
        number: its own in that.
    """
    return f"{_PREFIX}{key.decode()}/{job_class}/{number}"


def keeps_a_step(timer: str) -> bool:
    """Say whether a timer, by its id, keeps a step that waits."""
    return timer.startswith(_PREFIX)
