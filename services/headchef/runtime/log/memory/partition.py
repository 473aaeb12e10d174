"""One partition: offsets with gaps, transaction markers, last stable offset, deletion and compaction."""

import asyncio
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from headchef.runtime.errors import LogRefused, OffsetLost
from headchef.runtime.log.memory.transaction import Transaction
from headchef.runtime.log.port import NewRecord, Partition, Record


@dataclass(frozen=True, slots=True)
class Entry:
    """What lies at one offset: a record, or a marker if there is none."""

    offset: int
    record: Record | None
    transaction: Transaction | None

    @property
    def void(self) -> bool:
        """Whether no read_committed reader will ever see it, given that it lies below the last stable offset."""
        return self.record is None or (self.transaction is not None and not self.transaction.committed)


class PartitionLog:
    """The entries of one partition.

    Attributes:
        start: the first offset that has not been deleted.
        end: the offset that the next entry will get.
    """

    def __init__(self, partition: Partition) -> None:
        self.start = 0
        self.end = 0
        self._partition = partition
        self._entries: list[Entry] = []
        self._open: dict[Transaction, int] = {}
        self._watchers: dict[asyncio.Event, None] = {}

    @property
    def stable_end(self) -> int:
        """Give the last stable offset: the first that is still there of the oldest open transaction, or the end."""
        return max(self.start, next(iter(self._open.values()), self.end))

    def append(self, record: NewRecord, timestamp_ms: int, transaction: Transaction | None) -> int:
        """Write a record and give its offset; within a transaction readers see it after `mark`."""
        if transaction is not None:
            self._open.setdefault(transaction, self.end)
        topic, number = self._partition
        stored = Record(topic, number, self.end, timestamp_ms, record.key, record.value, record.headers)
        offset = self._put(stored, transaction)
        if not self._open:
            self._tell()
        return offset

    def mark(self, transaction: Transaction) -> None:
        """Write the marker of a decided transaction, which takes an offset like any record."""
        self._open.pop(transaction, None)
        self._put(None, transaction)
        self._tell()

    def read(self, position: int, max_records: int) -> tuple[list[Record], int]:
        """Give visible records from a position on, and the position after them.

        Raises:
            OffsetLost: the position lies before the start or past the end.
        """
        if not self.start <= position <= self.end:
            raise OffsetLost(self._partition, position, self.start)
        stable_end = self.stable_end
        found: list[Record] = []
        if position >= stable_end:
            return found, position
        for entry in self._from(position):
            if entry.offset >= stable_end:
                break
            if entry.record is None or entry.void:
                continue
            if len(found) == max_records:
                return found, entry.offset
            found.append(entry.record)
        return found, stable_end

    def records(self, *, committed: bool, since: int = 0) -> list[Record]:
        """Give what is still there, from an offset on: what a reader sees, or aborted and open records too."""
        stable_end = self.stable_end
        return [
            entry.record
            for entry in (self._from(since) if since > self.start else self._entries)
            if entry.record is not None and not (committed and (entry.void or entry.offset >= stable_end))
        ]

    def delete_before(self, offset: int) -> None:
        """Delete what lies before an offset, as retention does. Raises LogRefused for an offset past the end."""
        if offset > self.end:
            topic, number = self._partition
            raise LogRefused(f"{topic}[{number}] ends at {self.end}: nothing before {offset} can be deleted")
        self.start = max(self.start, offset)
        self._entries = list(self._from(self.start))

    def compact(self) -> None:
        """Keep the newest visible record of each key below the last stable offset; drop aborted ones and markers.

        Tombstones stay, as they do in Kafka for the topic's `delete.retention.ms`.
        """
        stable_end = self.stable_end
        newest = {record.key: record.offset for record in self.records(committed=True)}
        kept = set(newest.values())
        self._entries = [entry for entry in self._entries if entry.offset >= stable_end or entry.offset in kept]

    def watch(self, changed: asyncio.Event) -> None:
        """Set this event whenever a reader may see more: when the last stable offset moves, as a fetch waits for."""
        self._watchers[changed] = None

    def unwatch(self, changed: asyncio.Event) -> None:
        """Stop setting this event."""
        self._watchers.pop(changed, None)

    def _put(self, record: Record | None, transaction: Transaction | None) -> int:
        offset = self.end
        self._entries.append(Entry(offset, record, transaction))
        self.end += 1
        return offset

    def _tell(self) -> None:
        for changed in self._watchers:
            changed.set()

    def _from(self, offset: int) -> Iterator[Entry]:
        first = bisect_left(self._entries, offset, key=lambda entry: entry.offset)
        for index in range(first, len(self._entries)):
            yield self._entries[index]
