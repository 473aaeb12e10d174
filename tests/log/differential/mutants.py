"""Ways to make the log in memory lie, each of which the comparison must notice within a run of the usual length."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from headchef.runtime.log.memory.coordinator import Identity, TransactionCoordinator
from headchef.runtime.log.memory.offsets import GroupOffsets, Written
from headchef.runtime.log.memory.partition import Entry, PartitionLog
from headchef.runtime.log.memory.sender import Sender
from headchef.runtime.log.memory.transaction import Transaction
from headchef.runtime.log.port import Commit, NewRecord, Partition, Record

Mutate = Callable[[pytest.MonkeyPatch], None]


def _aborted_visible(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Entry, "void", property(lambda entry: entry.record is None))


def _open_visible(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PartitionLog, "stable_end", property(lambda log: log.end))


def _no_fencing(patch: pytest.MonkeyPatch) -> None:
    def wrong(self: Any, identity: Identity) -> object:
        return self._owners[identity.transactional_id]

    patch.setattr(TransactionCoordinator, "_owner", wrong)


def _former_left_open(patch: pytest.MonkeyPatch) -> None:
    def wrong(self: Any, transactional_id: str, timeout_s: float) -> Identity:
        if transactional_id not in self._owners:
            return start(self, transactional_id, timeout_s)
        self._owners[transactional_id].epoch += 1
        return Identity(transactional_id, self._owners[transactional_id].epoch)

    start = TransactionCoordinator.start
    patch.setattr(TransactionCoordinator, "start", wrong)


def _marker_without_offset(patch: pytest.MonkeyPatch) -> None:
    def wrong(self: Any, transaction: Transaction) -> None:
        self._open.pop(transaction, None)

    patch.setattr(PartitionLog, "mark", wrong)


def _aborted_offsets_placed(patch: pytest.MonkeyPatch) -> None:
    def wrong(self: Any, transaction: Transaction) -> Iterator[None]:
        for group, offsets in transaction.offsets.items():
            self._place(group, offsets)
        return finish(self, transaction)

    finish = TransactionCoordinator._finish
    patch.setattr(TransactionCoordinator, "_finish", wrong)


def _metadata_lost(patch: pytest.MonkeyPatch) -> None:
    def wrong(self: GroupOffsets, offsets: Mapping[Partition, Commit]) -> dict[Partition, Written]:
        return write(self, {partition: Commit(commit.offset) for partition, commit in offsets.items()})

    write = GroupOffsets.write
    patch.setattr(GroupOffsets, "write", wrong)


def _stored(change: Callable[[NewRecord], NewRecord]) -> Mutate:
    def mutate(patch: pytest.MonkeyPatch) -> None:
        def wrong(self: PartitionLog, record: NewRecord, timestamp_ms: int, transaction: Transaction | None) -> int:
            return append(self, change(record), timestamp_ms, transaction)

        append = PartitionLog.append
        patch.setattr(PartitionLog, "append", wrong)

    return mutate


def _sequence_gap_forgiven(patch: pytest.MonkeyPatch) -> None:
    def wrong(self: Any, waiting: Sequence[Any]) -> list[object]:
        self._gaps.clear()
        return append_all(self, waiting)

    append_all = Sender._append_all
    patch.setattr(Sender, "_append_all", wrong)


def _lost_offsets_passed_over(patch: pytest.MonkeyPatch) -> None:
    def wrong(self: PartitionLog, position: int, max_records: int) -> tuple[list[Record], int]:
        return read(self, min(max(position, self.start), self.end), max_records)

    read = PartitionLog.read
    patch.setattr(PartitionLog, "read", wrong)


MUTANTS: Mapping[str, Mutate] = {
    "aborted records are visible": _aborted_visible,
    "records of open transactions are visible": _open_visible,
    "a former owner is not fenced": _no_fencing,
    "a former owner's transaction stays open": _former_left_open,
    "a marker takes no offset": _marker_without_offset,
    "offsets of an aborted transaction are placed": _aborted_offsets_placed,
    "the text beside an offset is lost": _metadata_lost,
    "a null value becomes an empty one": _stored(lambda record: record._replace(value=record.value or b"")),
    "an empty key becomes none": _stored(lambda record: record._replace(key=record.key or None)),
    "headers lose their order": _stored(lambda record: record._replace(headers=tuple(record.headers[::-1]))),
    "a gap in a producer's sequence is forgiven": _sequence_gap_forgiven,
    "an offset out of range is passed over": _lost_offsets_passed_over,
}
