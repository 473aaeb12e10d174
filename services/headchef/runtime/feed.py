"""Says what a task wants to be read, and takes it in: as far as it has room, or far ahead where inputs name flows."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from headchef_contracts.events.common import JobClass

from headchef.runtime.errors import OffsetLost
from headchef.runtime.expiry import Expired, expired
from headchef.runtime.finished import MAX_SPAN
from headchef.runtime.log.port import Partition, Record
from headchef.runtime.processor import Input
from headchef.runtime.queues import Queues
from headchef.runtime.watermark import Watermark

ENOUGH_AT_HAND = 100
"""With so many at hand a task need not be polled: what comes meanwhile comes in one fetch instead of many."""

_AHEAD_AT_ONCE = 500
"""Records read ahead in one poll: naming the flows of as many takes milliseconds, in which nothing else goes on."""

_FAR_AHEAD = MAX_SPAN - 10 * _AHEAD_AT_ONCE
"""So far ahead of what has not finished a task reads no further; what is in one poll may lie further apart."""


class Feed:
    """Feeds the queues of one task.

    Args:
        inputs: by full topic name.
        watermarks: of the inputs; a record that had finished before the last recovery is passed over.
        queues: what to feed.
        capacity: records of a class that the task holds in all before it wants no more of an input without flows.
        busy: counts those of a class that were handed over and are not written yet.
        pass_over: is given a record that had finished, where the place has moved past it or will.
        fed: called when something was taken in.
    """

    def __init__(
        self,
        *,
        inputs: Mapping[str, Input],
        watermarks: Mapping[Partition, Watermark],
        queues: Queues,
        capacity: int,
        busy: Callable[[JobClass], int],
        pass_over: Callable[[Record], None],
        fed: Callable[[], None],
    ) -> None:
        self._inputs = inputs
        self._watermarks = watermarks
        self._queues = queues
        self._capacity = capacity
        self._busy = busy
        self._pass_over = pass_over
        self._fed = fed
        self._full: set[JobClass] = set()
        self._far: set[Partition] = set()
        self._closed = False

    def close(self) -> None:
        """Want nothing more, and forget what was not handed over."""
        self._closed = True
        self._queues.clear()

    def position(self, partition: Partition) -> int:
        """Give the offset from which a partition is to be read on."""
        return self._watermarks[partition].received

    def place(self, partition: Partition) -> int:
        """Give the lowest offset of a partition that has not finished."""
        return self._watermarks[partition].next_commit

    def room(self, partition: Partition) -> int:
        """Give the records that may come from a partition before there are enough, at least 1."""
        source = self._inputs[partition.topic]
        return _AHEAD_AT_ONCE if source.flow is not None else max(1, self._room(source.job_class))

    def wants_more(self, partition: Partition) -> bool:
        """Say whether to poll a partition: once full, or far ahead, much must be done before it is polled again."""
        source = self._inputs[partition.topic]
        if self._closed:
            return False
        if source.flow is not None:
            return self._is_near(partition)
        job_class = source.job_class
        if self._room(job_class) < (self._capacity / 2 if job_class in self._full else 1):
            self._full.add(job_class)
            return False
        self._full.discard(job_class)
        return self._queues.length(job_class) < ENOUGH_AT_HAND

    def is_full(self, job_class: JobClass) -> bool:
        """Say whether no input of a class is to be polled."""
        return not any(
            self.wants_more(partition)
            for partition in self._watermarks
            if partition.topic in self._inputs and self._inputs[partition.topic].job_class == job_class
        )

    def take(self, partition: Partition, records: Iterable[Record]) -> None:
        """Queue records of a partition that were read, in ascending order, but for those that had finished before."""
        if self._closed:
            return
        watermark = self._watermarks[partition]
        place, last_over = watermark.next_commit, None
        for record in records:
            if isinstance(record, Expired):
                self._lost(partition, record)
            elif not watermark.receive(record.offset):
                last_over = record
            else:
                self._queues.add(record)
        if last_over is not None and (watermark.next_commit > place or watermark.next_commit <= last_over.offset):
            # The place has moved past it, or will; what is being written below it does not know of it yet.
            self._pass_over(last_over)
        self._fed()

    def notes_any(self, job_class: JobClass) -> bool:
        """Say whether anything of a class may have to be read again."""
        return self._queues.notes_any(job_class)

    def wanted(self, job_class: JobClass) -> Mapping[Partition, int]:
        """Say which partitions are to be read again, each from which offset on."""
        return self._queues.wanted(job_class)

    def refill(self, partition: Partition, start: int, records: Sequence[Record]) -> None:
        """Take in what was read again: all records of a partition from an offset on, ascending, at least one."""
        watermark = self._watermarks[partition]
        unfinished = (record for record in records if not watermark.has_finished(record.offset))
        self._queues.refill(partition, start, records[-1].offset + 1, unfinished)
        self._fed()

    def lose(self, loss: OffsetLost, now_ms: int) -> None:
        """Have what was only noted, and cannot be read again, written down by name.

        Args:
            loss: which offsets are there still.
            now_ms: when it was noticed, in milliseconds of the epoch.
        """
        for first, last in self._queues.lose(loss.partition, loss.earliest):
            self._lost(loss.partition, expired(OffsetLost(loss.partition, wanted=first, earliest=last + 1), now_ms))
        self._fed()

    def _lost(self, partition: Partition, record: Expired) -> None:
        """Have what stands for lost offsets written before all that waits; no place passes them until it is."""
        self._watermarks[partition].lose(record.first, record.offset)
        self._queues.add_first([record], self._inputs[partition.topic].job_class)

    def _room(self, job_class: JobClass) -> int:
        return self._capacity - self._queues.length(job_class) - self._busy(job_class)

    def _is_near(self, partition: Partition) -> bool:
        most = _FAR_AHEAD * 3 // 4 if partition in self._far else _FAR_AHEAD
        if self._watermarks[partition].span < most:
            self._far.discard(partition)
            return True
        self._far.add(partition)
        return False
