"""A group's committed places, which expire when the group has had no members for too long."""

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from headchef.runtime.clock import Clock
from headchef.runtime.log.port import Commit, Partition


class Written(NamedTuple):
    """A place as it was written down, and the number of that writing."""

    commit: Commit
    number: int


class GroupOffsets:
    """Committed offsets with metadata.

    Args:
        clock: what retention is measured with.
        retention_s: how long a place is kept after its commit and after the group lost its last member.
        keeps_metadata: whether the text beside an offset is kept.
        unused_since: when the group lost its last member, or None while it has some.
    """

    def __init__(
        self, clock: Clock, retention_s: float, keeps_metadata: bool, unused_since: Callable[[], float | None]
    ) -> None:
        self._clock = clock
        self._retention_s = retention_s
        self._keeps_metadata = keeps_metadata
        self._unused_since = unused_since
        self._writings = 0
        self._places: dict[Partition, tuple[Written, float]] = {}

    def write(self, offsets: Mapping[Partition, Commit]) -> dict[Partition, Written]:
        """Write places down; they are the group's with `place`, at once or when their transaction is committed."""
        self._writings += 1
        return {
            partition: Written(commit if self._keeps_metadata else Commit(commit.offset), self._writings)
            for partition, commit in offsets.items()
        }

    def place(self, offsets: Mapping[Partition, Written]) -> None:
        """Set the group's place in some partitions, unless a place that was written down later is set already."""
        now_s = self._clock.monotonic()
        for partition, written in offsets.items():
            if partition not in self._places or self._places[partition][0].number < written.number:
                self._places[partition] = (written, now_s)

    def of(self, partitions: Collection[Partition]) -> dict[Partition, Commit]:
        """Give the places in some partitions; those without one are left out."""
        self._expire()
        return {each: self._places[each][0].commit for each in partitions if each in self._places}

    def delete(self) -> None:
        """Forget every place."""
        self._places.clear()

    def _expire(self) -> None:
        unused_since_s = self._unused_since()
        if unused_since_s is None:
            return
        oldest_s = self._clock.monotonic() - self._retention_s
        self._places = {
            partition: (written, placed_s)
            for partition, (written, placed_s) in self._places.items()
            if max(placed_s, unused_since_s) > oldest_s
        }
