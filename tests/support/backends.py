"""What the seam suite and the behaviour suite ask of a log, whichever it is."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from headchef.runtime.log.port import Commit, Log, Partition, Record


class Backend(Protocol):
    """A log under test, and what a test may do to it from outside."""

    def name(self, stem: str) -> str:
        """Make a name for a group, an instance or a transactional id that no other test uses."""
        ...

    async def make_topic(
        self,
        partitions: int = 1,
        *,
        name: str | None = None,
        max_message_bytes: int | None = None,
        compacted: bool = False,
        retention_s: float | None = None,
    ) -> str:
        """Make a topic of the test's own, under a name if one is given, and give its name."""
        ...

    async def grow_topic(self, topic: str, partitions: int) -> None:
        """Give a topic more partitions."""
        ...

    async def delete_records(self, partition: Partition, before_offset: int) -> None:
        """Delete a partition's records before an offset. Raises LogRefused for an offset past the end."""
        ...

    async def delete_group_offsets(self, group: str) -> None:
        """Forget the places of a group without members, as their expiry does."""
        ...

    async def set_places(self, group: str, places: Mapping[Partition, Commit]) -> None:
        """Set places of a group without members by hand."""
        ...

    async def read_committed(self, topic: str) -> Sequence[Record]:
        """Give all that a read_committed reader sees of a topic, partition by partition."""
        ...

    async def read_all(self, topic: str) -> Sequence[Record]:
        """Give all of a topic's records, aborted ones and those of open transactions too."""
        ...

    async def ends(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        """Give the offset that each partition's next entry will get, be it a record or a marker."""
        ...

    async def stable_ends(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        """Give the same, or where the oldest open transaction begins: nothing behind that is read_committed yet."""
        ...

    def process(self, name: str, *, transaction_timeout_s: float = 15.0) -> Log:
        """Make the log as a process of this name uses it."""
        ...

    async def kill(self, log: Log) -> None:
        """End that process without a word to the log."""
        ...

    async def close(self) -> None:
        """Close every process that was made."""
        ...
