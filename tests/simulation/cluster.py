"""The in-memory log of a world: it keeps what has expired for the evidence, and shows each commit to who watches."""

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from headchef.runtime.clock import Clock
from headchef.runtime.log.memory import Cluster
from headchef.runtime.log.memory.group import Group
from headchef.runtime.log.memory.offsets import GroupOffsets, Written
from headchef.runtime.log.port import Commit, Partition, Record
from tests.simulation.kinds import Kind

Places = Mapping[Partition, Commit]
Placed = Callable[[str, Places, Places], None]


class Gap(NamedTuple):
    """What a coordinator that is still reading its log leaves out.

    Attributes:
        part: of all commits, from 0 to 1: the last ones that it has not read.
        taken: how many it has taken itself meanwhile, and knows.
    """

    part: float
    taken: int


Behind = Callable[[], Gap | None]


class WatchedCluster(Cluster):
    """A log that a simulation can look into.

    Args:
        kind: of the world.
        clock: of the log.
        placed: told of each commit, group, places until now and new ones, just before it is made.
        behind: asked at each lookup of places what the coordinator does not know yet.
    """

    def __init__(self, kind: Kind, clock: Clock, placed: Placed, behind: Behind) -> None:
        super().__init__(
            clock,
            transactional=kind.transactional,
            transaction_sweep_s=1.0,
            marker_delay_s=0.001,
            brokers=kind.brokers,
        )
        self._placed = placed
        self._behind = behind
        self._expired: dict[Partition, list[Record]] = {}
        self._watched: dict[str, Group] = {}

    def group(self, name: str) -> Group:
        """Find a consumer group, or make an empty one, whose commits are watched."""
        if name not in self._watched:
            made = self._watched[name] = super().group(name)
            made.offsets = _WatchedOffsets(made.offsets, lambda *change: self._placed(name, *change), self._behind)
        return self._watched[name]

    def delete_records(self, partition: Partition, before_offset: int) -> None:
        """Delete a partition's records before an offset, and remember them."""
        gone = [record for record in self.partition(partition).records(committed=True) if record.offset < before_offset]
        self._expired.setdefault(partition, []).extend(gone)
        super().delete_records(partition, before_offset)

    def expired(self, partition: Partition) -> list[int]:
        """Give the offsets of the records that a partition has lost."""
        return [record.offset for record in self._expired.get(partition, ())]

    def read_committed(self, topic: str) -> list[Record]:
        """Give all records that a read_committed reader could ever see, expired ones too, partition by partition."""
        found: list[Record] = []
        for number, log in enumerate(self.topic(topic).partitions):
            found += self._expired.get(Partition(topic, number), ())
            found += log.records(committed=True)
        return found


class _WatchedOffsets(GroupOffsets):
    """A group's places, whose changes are told.

    Args:
        inner: the places.
        placed: told of each change, from what and to what.
        behind: see `WatchedCluster`.
    """

    def __init__(self, inner: GroupOffsets, placed: Callable[[Places, Places], None], behind: Behind) -> None:
        self._inner = inner
        self._placed = placed
        self._behind = behind
        self._changes: list[Places] = []

    def write(self, offsets: Places) -> dict[Partition, Written]:
        return self._inner.write(offsets)

    def place(self, offsets: Mapping[Partition, Written]) -> None:
        change = {partition: written.commit for partition, written in offsets.items()}
        self._placed(self._inner.of(offsets), change)
        self._changes.append(change)
        self._inner.place(offsets)

    def of(self, partitions: Collection[Partition]) -> dict[Partition, Commit]:
        gap = self._behind()
        if gap is None:
            return self._inner.of(partitions)
        count = len(self._changes)
        read = round(count * (1 - gap.part))
        known: dict[Partition, Commit] = {}
        for change in self._changes[:read] + self._changes[max(read, count - gap.taken) :]:
            known.update(change)
        return {each: known[each] for each in partitions if each in known}

    def delete(self) -> None:
        self._inner.delete()
        # Nobody is behind by the time after which places expire.
        self._changes.clear()
