"""What a task holds and has not handed over: a queue for each class of work, so that none holds up the other."""

from collections import deque
from collections.abc import Iterable, Mapping

from headchef_contracts.events.common import JOB_CLASSES, JobClass

from headchef.runtime.log.port import Record


class Queues:
    """The queues of one task.

    Args:
        classes: of the task's inputs, by full topic name.
    """

    def __init__(self, classes: Mapping[str, JobClass]) -> None:
        self._classes = classes
        self._waiting: Mapping[JobClass, deque[Record]] = {job_class: deque() for job_class in JOB_CLASSES}

    def __len__(self) -> int:
        """Count the records of all classes."""
        return sum(map(len, self._waiting.values()))

    def length(self, job_class: JobClass) -> int:
        """Count the records of a class."""
        return len(self._waiting[job_class])

    def head(self, job_class: JobClass) -> Record | None:
        """Give the next record of a class, and leave it."""
        waiting = self._waiting[job_class]
        return waiting[0] if waiting else None

    def pop(self, job_class: JobClass) -> Record:
        """Take the next record of a class.

        Raises:
            IndexError: there is none.
        """
        return self._waiting[job_class].popleft()

    def add(self, records: Iterable[Record]) -> None:
        """Queue records behind those of their class, each partition's in ascending order."""
        for record in records:
            self._waiting[self._classes[record.topic]].append(record)

    def add_first(self, records: Iterable[Record], job_class: JobClass) -> None:
        """Queue records before those of a class, in their order."""
        self._waiting[job_class].extendleft(reversed(list(records)))

    def clear(self) -> None:
        """Forget all."""
        for waiting in self._waiting.values():
            waiting.clear()
