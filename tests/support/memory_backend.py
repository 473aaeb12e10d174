"""The in-memory log as the suites use it."""

import itertools
from collections.abc import Collection, Mapping, Sequence

from headchef.runtime.log.memory import Cluster, MemoryLog
from headchef.runtime.log.memory.cluster import MAX_MESSAGE_BYTES
from headchef.runtime.log.port import Commit, Log, Partition, Record
from tests.support.virtual_time import LoopClock


class MemoryBackend:
    """One in-memory cluster on the running loop's time.

    Attributes:
        cluster: the log itself, for tests that know it is in memory.
    """

    def __init__(self) -> None:
        self.cluster = Cluster(LoopClock(), transaction_sweep_s=0.2)
        self._numbers = itertools.count(1)
        self._made: dict[Log, MemoryLog] = {}

    def name(self, stem: str) -> str:
        return f"{stem}.{next(self._numbers)}"

    async def make_topic(
        self,
        partitions: int = 1,
        *,
        name: str | None = None,
        max_message_bytes: int | None = None,
        compacted: bool = False,
        retention_s: float | None = None,
    ) -> str:
        topic = name or self.name("topic")
        self.cluster.create_topic(
            topic,
            partitions,
            max_message_bytes=max_message_bytes or MAX_MESSAGE_BYTES,
            compacted=compacted,
            retention_s=retention_s,
        )
        return topic

    async def grow_topic(self, topic: str, partitions: int) -> None:
        self.cluster.grow_topic(topic, partitions)

    async def delete_records(self, partition: Partition, before_offset: int) -> None:
        self.cluster.delete_records(partition, before_offset)

    async def delete_group_offsets(self, group: str) -> None:
        self.cluster.delete_group_offsets(group)

    async def set_places(self, group: str, places: Mapping[Partition, Commit]) -> None:
        offsets = self.cluster.group(group).offsets
        offsets.place(offsets.write(places))

    async def read_committed(self, topic: str) -> Sequence[Record]:
        return self.cluster.read_committed(topic)

    async def read_all(self, topic: str) -> Sequence[Record]:
        return self.cluster.read_all(topic)

    async def ends(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        return {each: self.cluster.partition(each).end for each in partitions}

    async def stable_ends(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        return {each: self.cluster.partition(each).stable_end for each in partitions}

    def process(self, name: str, *, transaction_timeout_s: float = 15.0) -> MemoryLog:
        made = MemoryLog(self.cluster, name, transaction_timeout_s=transaction_timeout_s)
        self._made[made] = made
        return made

    async def kill(self, log: Log) -> None:
        self._made.pop(log).kill()

    async def close(self) -> None:
        for made in self._made.values():
            made.kill()
        self.cluster.close()
