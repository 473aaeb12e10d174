"""The log itself: topics, transactions and groups, which outlive every client."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from zlib import crc32

from headchef.runtime.clock import Clock
from headchef.runtime.errors import LogRefused
from headchef.runtime.log.memory.coordinator import TransactionCoordinator
from headchef.runtime.log.memory.group import Group
from headchef.runtime.log.memory.offsets import Written
from headchef.runtime.log.memory.partition import PartitionLog
from headchef.runtime.log.memory.timers import Timers
from headchef.runtime.log.port import Partition, Record

MAX_MESSAGE_BYTES = 1_048_588
"""Kafka's default of `max.message.bytes`."""

OFFSETS_RETENTION_S = 7 * 24 * 3600.0
"""Kafka's default of `offsets.retention.minutes`, in seconds."""

TRANSACTION_SWEEP_S = 10.0
"""Kafka's default of `transaction.abort.timed.out.transaction.cleanup.interval.ms`, in seconds."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic.

    Attributes:
        partitions: their logs, by number.
        max_message_bytes: the largest batch that is taken.
        compacted: whether records without a key are refused, and `compact` may be called.
        retention_s: how long records are said to be kept; None for ever. Only `delete_records` deletes.
    """

    partitions: list[PartitionLog]
    max_message_bytes: int
    compacted: bool
    retention_s: float | None


class Cluster:
    """An in-memory log with Kafka's semantics. Clients reach it through `MemoryLog`.

    It runs in the asyncio context in which it is made: a simulation makes it outside of every simulated process.

    Args:
        clock: the only source of time.
        transactional: False for a log without transactions that drops commit metadata, as the embedded development
            broker does.
        transaction_sweep_s: how often timed-out transactions are looked for.
        marker_delay_s: time between a transaction's decision and each of its markers.
        offsets_retention_s: how long committed offsets outlive a group's last member.
        brokers: that lead the partitions; what goes to several of them goes in several requests.

    Attributes:
        held_back: clients that see nothing new of a topic for now, and the topic; its end they see.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        transactional: bool = True,
        transaction_sweep_s: float = TRANSACTION_SWEEP_S,
        marker_delay_s: float = 0.0,
        offsets_retention_s: float = OFFSETS_RETENTION_S,
        brokers: int = 1,
    ) -> None:
        self.clock = clock
        self._brokers = brokers
        self.transactional = transactional
        self._timers = Timers(clock)
        self._offsets_retention_s = offsets_retention_s
        self._topics: dict[str, Topic] = {}
        self._groups: dict[str, Group] = {}
        self.held_back: set[tuple[str, str]] = set()
        self.transactions = TransactionCoordinator(
            clock, self._timers, self.partition, self.place, transaction_sweep_s, marker_delay_s
        )

    def create_topic(
        self,
        name: str,
        partitions: int,
        *,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        compacted: bool = False,
        retention_s: float | None = None,
    ) -> None:
        """Make a topic. Raises LogRefused if there is one of that name."""
        if name in self._topics:
            raise LogRefused(f"topic {name!r} is there already")
        self._topics[name] = Topic([], max_message_bytes, compacted, retention_s)
        self.grow_topic(name, partitions)

    def grow_topic(self, name: str, partitions: int) -> None:
        """Give a topic more partitions; members learn of it at their next heartbeat."""
        logs = self.topic(name).partitions
        logs.extend(PartitionLog(Partition(name, number)) for number in range(len(logs), partitions))

    def topic(self, name: str) -> Topic:
        """Find a topic. Raises LogRefused if there is none."""
        if name not in self._topics:
            raise LogRefused(f"topic {name!r} does not exist; make it with `headchef topics create`")
        return self._topics[name]

    def partition(self, partition: Partition) -> PartitionLog:
        """Find a partition's log. Raises LogRefused if there is none."""
        logs = self.topic(partition.topic).partitions
        if not 0 <= partition.number < len(logs):
            raise LogRefused(f"topic {partition.topic!r} has no partition {partition.number}, only {len(logs)}")
        return logs[partition.number]

    def leader(self, partition: Partition) -> int:
        """Give the number of the broker that leads a partition."""
        return (crc32(partition.topic.encode()) + partition.number) % self._brokers if self._brokers > 1 else 0

    def partition_counts(self, topics: Collection[str]) -> dict[str, int]:
        """Give each topic's number of partitions; topics that do not exist are left out."""
        return {name: len(self._topics[name].partitions) for name in topics if name in self._topics}

    def retentions(self, topics: Collection[str]) -> dict[str, float]:
        """Give how long topics say that they keep records; those that keep for ever are left out."""
        said = {name: self.topic(name).retention_s for name in topics}
        return {name: retention_s for name, retention_s in said.items() if retention_s is not None}

    def group(self, name: str) -> Group:
        """Find a consumer group, or make an empty one."""
        if name not in self._groups:
            self._groups[name] = Group(self.clock, self._timers, self._offsets_retention_s, self.transactional)
        return self._groups[name]

    def place(self, group: str, offsets: Mapping[Partition, Written]) -> None:
        """Set a group's place in some partitions."""
        self.group(group).offsets.place(offsets)

    def delete_group_offsets(self, group: str) -> None:
        """Forget a group's places, those too that transactions would set."""
        self.group(group).offsets.delete()
        self.transactions.forget_offsets(group)

    def delete_records(self, partition: Partition, before_offset: int) -> None:
        """Delete a partition's records before an offset, as retention does.

        Raises:
            LogRefused: the topic is compacted, or the offset is past the end.
        """
        if self.topic(partition.topic).compacted:
            raise LogRefused(f"topic {partition.topic!r} is compacted: no record of it is deleted by its offset")
        self.partition(partition).delete_before(before_offset)

    def compact(self, topic: str) -> None:
        """Compact every partition of a topic, up to its last stable offset."""
        for log in self.topic(topic).partitions:
            log.compact()

    def read_committed(self, topic: str) -> list[Record]:
        """Give all records that a read_committed reader can see, partition by partition."""
        return [record for log in self.topic(topic).partitions for record in log.records(committed=True)]

    def read_all(self, topic: str) -> list[Record]:
        """Give all records, aborted ones and those of open transactions too, partition by partition."""
        return [record for log in self.topic(topic).partitions for record in log.records(committed=False)]

    def close(self) -> None:
        """Cancel what the log does by itself."""
        self._timers.close()
