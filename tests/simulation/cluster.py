"""The in-memory log of a world: it keeps what has expired for the evidence, and shows each commit to who watches."""

from collections.abc import Callable, Collection, Mapping

from headchef.runtime.clock import Clock
from headchef.runtime.log.memory import Cluster
from headchef.runtime.log.memory.group import Group
from headchef.runtime.log.memory.offsets import GroupOffsets, Written
from headchef.runtime.log.port import Commit, Partition, Record
from tests.simulation.kinds import Kind

Places = Mapping[Partition, Commit]
Placed = Callable[[str, Places], None]


class WatchedCluster(Cluster):
    """A log that a simulation can look into.

    Args:
        kind: of the world.
        clock: of the log.
        placed: told of each commit, group and places, just before it is made.
    """

    def __init__(self, kind: Kind, clock: Clock, placed: Placed) -> None:
        super().__init__(
            clock,
            transactional=kind.transactional,
            transaction_sweep_s=1.0,
            marker_delay_s=0.001,
            brokers=kind.brokers,
        )
        self._placed = placed
        self._expired: dict[Partition, list[Record]] = {}
        self._watched: dict[str, Group] = {}

    def group(self, name: str) -> Group:
        """Find a consumer group, or make an empty one, whose commits are watched."""
        if name not in self._watched:
            made = self._watched[name] = super().group(name)
            made.offsets = _WatchedOffsets(made.offsets, lambda places: self._placed(name, places))
        return self._watched[name]

    def delete_records(self, partition: Partition, before_offset: int) -> None:
        """Delete a partition's records before an offset, and remember them."""
        gone = [record for record in self.partition(partition).records(committed=True) if record.offset < before_offset]
        self._expired.setdefault(partition, []).extend(gone)
        super().delete_records(partition, before_offset)

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
        placed: told of each change.
    """

    def __init__(self, inner: GroupOffsets, placed: Callable[[Places], None]) -> None:
        self._inner = inner
        self._placed = placed

    def write(self, offsets: Places) -> dict[Partition, Written]:
        return self._inner.write(offsets)

    def place(self, offsets: Mapping[Partition, Written]) -> None:
        self._placed({partition: written.commit for partition, written in offsets.items()})
        self._inner.place(offsets)

    def of(self, partitions: Collection[Partition]) -> dict[Partition, Commit]:
        return self._inner.of(partitions)

    def delete(self) -> None:
        self._inner.delete()
