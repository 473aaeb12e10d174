"""A job on its way through a workflow, in memory: made from its records, and made again from them whenever in doubt."""

from collections.abc import Sequence

from headchef.router.leading.records import (
    UNITS,
    JobRecord,
    UnitRecord,
    first_link,
    job_key,
    link_of,
    linked,
    read_unit,
    unit_key,
)
from headchef.runtime.processor import State
from headchef.workflow.progress import Progress, Work


class Led:
    """One job.

    Args:
        record: as it was taken on.
        written: the same, as it is stored.
        progress: of the job, not begun.

    Attributes:
        record: as it was taken on.
        key: names it in the stores.
        progress: how far it has come.
        units: what has come of its units, in order.
    """

    def __init__(self, record: JobRecord, written: bytes, progress: Progress) -> None:
        self.record = record
        self.key = job_key(record.head)
        self.progress = progress
        self.units: list[UnitRecord] = []
        self._first = self._link = first_link(written)

    def recall(self, values: Sequence[bytes]) -> None:
        """Go through all that is stored: what was to be done then was done then."""
        self.progress.begin()
        for value in values:
            record = read_unit(value)
            self._append(record, link_of(value))
            self.progress.ended(record.unit, record.outcome)

    def take(self, record: UnitRecord) -> tuple[bytes, list[Work]]:
        """Take in what came of a unit that is under way.

        Returns:
            Its record, to be stored under the number that the units had before; and what is to be done now.
        """
        value = linked(self._link, record)
        self._append(record, link_of(value))
        return value, self.progress.ended(record.unit, record.outcome)

    def agrees(self, written: bytes, state: State) -> bool:
        """Say whether this is what is stored of the job, no more and no less.

        Args:
            written: the job's own record.
            state: of its task.
        """
        if first_link(written) != self._first or state.get(UNITS, unit_key(self.key, len(self.units))) is not None:
            return False
        last = state.get(UNITS, unit_key(self.key, len(self.units) - 1)) if self.units else None
        return (self._first if last is None else link_of(last)) == self._link

    @property
    def over(self) -> bool:
        """Whether the job has ended, and nothing of it is under way that would still cost something."""
        return self.progress.ending is not None and not self.progress.under_way

    def _append(self, record: UnitRecord, link: bytes) -> None:
        self.units.append(record)
        self._link = link
