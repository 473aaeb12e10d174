"""What a task holds and has not handed over: a queue for each class of work, so that none holds up the other."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping

from headchef_contracts.events.common import JOB_CLASSES, JobClass

from headchef.runtime.flows import Flows
from headchef.runtime.log.port import Partition, Record
from headchef.runtime.processor import Input

Fit = Callable[[Record], bool]


class Queues:
    """The queues of one task: of each class what comes first, then flows in turns.

    Args:
        inputs: of the task, by full topic name. Of those that name flows, records that are too many to be at hand are
            only noted, and have to be read again.
        at_hand: records of a class that may be at hand before that.
    """

    def __init__(self, inputs: Mapping[str, Input], at_hand: int) -> None:
        self._inputs = inputs
        self._first: Mapping[JobClass, deque[Record]] = {job_class: deque() for job_class in JOB_CLASSES}
        self._flows: Mapping[JobClass, Flows] = {job_class: Flows(self._name, at_hand) for job_class in JOB_CLASSES}

    def __len__(self) -> int:
        """Count the records at hand, of all classes."""
        return sum(map(self.length, JOB_CLASSES))

    def length(self, job_class: JobClass) -> int:
        """Count the records of a class that are at hand."""
        return len(self._first[job_class]) + len(self._flows[job_class])

    def head(self, job_class: JobClass, fit: Fit) -> Record | None:
        """Give the next record of a class that is fit to be handed over, and leave it."""
        for record in self._first[job_class]:
            if fit(record):
                return record
        return self._flows[job_class].head(fit)

    def pop(self, job_class: JobClass, fit: Fit) -> Record:
        """Take what `head` gives.

        Raises:
            IndexError: there is none.
        """
        first = self._first[job_class]
        for place, record in enumerate(first):
            if fit(record):
                del first[place]
                return record
        return self._flows[job_class].pop(fit)

    def add(self, record: Record) -> None:
        """Queue a record behind those of its flow; each partition's come in ascending order."""
        source = self._inputs[record.topic]
        flows = self._flows[source.job_class]
        if source.flow is None:
            flows.hold(record)
        else:
            flows.add(record)

    def add_first(self, records: Collection[Record], job_class: JobClass) -> None:
        """Queue records before all others of a class, in their order."""
        self._first[job_class].extendleft(reversed(list(records)))

    def notes_any(self, job_class: JobClass) -> bool:
        """Say whether anything of a class is noted that is not at hand."""
        return self._flows[job_class].notes_any()

    def wanted(self, job_class: JobClass) -> Mapping[Partition, int]:
        """Say what to read again, and from which offset on."""
        return self._flows[job_class].wanted()

    def refill(self, partition: Partition, start: int, end: int, records: Iterable[Record]) -> None:
        """Take in what was read again: as `Flows.refill`."""
        self._flows[self._inputs[partition.topic].job_class].refill(partition, start, end, records)

    def lose(self, partition: Partition, earliest: int) -> list[tuple[int, int]]:
        """Forget what cannot be read again: as `Flows.lose`."""
        return self._flows[self._inputs[partition.topic].job_class].lose(partition, earliest)

    def clear(self) -> None:
        """Forget all."""
        for job_class in JOB_CLASSES:
            self._first[job_class].clear()
            self._flows[job_class].clear()

    def _name(self, record: Record) -> str:
        naming = self._inputs[record.topic].flow
        return "" if naming is None else naming(record)
