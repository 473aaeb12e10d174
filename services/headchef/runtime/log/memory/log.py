"""One process's view of the in-memory log, and what a test can do to that process."""

from collections.abc import Collection, Mapping

from headchef.runtime.log.memory.cluster import Cluster
from headchef.runtime.log.memory.membership import MemoryMembership
from headchef.runtime.log.memory.process import Faults, Process
from headchef.runtime.log.memory.producer import MemoryProducer
from headchef.runtime.log.memory.reader import MemoryReader
from headchef.runtime.log.port import Commit, GroupMember, MemberSettings, Partition


class MemoryLog:
    """The log as one process uses it.

    Args:
        cluster: the log itself, which several processes share.
        process: a name for faults to know the process by.
        faults: what goes wrong for this process.
        request_timeout_s: after this long on the way a request fails with `LogUnavailable`.
        transaction_timeout_s: after this long the log aborts an open transaction and fences its producer.
        rebalance_timeout_s: a round waits this long for members that do not join; None for the session time-out.
        retry_backoff_s: pause before a failed join is tried again.
    """

    def __init__(
        self,
        cluster: Cluster,
        process: str = "process",
        *,
        faults: Faults | None = None,
        request_timeout_s: float = 40.0,
        transaction_timeout_s: float = 15.0,
        rebalance_timeout_s: float | None = None,
        retry_backoff_s: float = 0.1,
    ) -> None:
        self._cluster = cluster
        self._process = Process(process, cluster.clock, faults, request_timeout_s)
        self._transaction_timeout_s = transaction_timeout_s
        self._rebalance_timeout_s = rebalance_timeout_s
        self._retry_backoff_s = retry_backoff_s
        self._alone: dict[str, None] = {}
        self._made: list[MemoryMembership | MemoryReader | MemoryProducer] = []

    @property
    def transactional(self) -> bool:
        """Whether the log keeps transactions."""
        return self._cluster.transactional

    def membership(self, settings: MemberSettings, member: GroupMember) -> MemoryMembership:
        """Make a place in a group; nothing happens before `join`."""
        rebalance_timeout_s = self._rebalance_timeout_s
        if rebalance_timeout_s is None:
            rebalance_timeout_s = settings.session_timeout_s
        made = MemoryMembership(
            self._cluster, self._process, settings, member, rebalance_timeout_s, self._retry_backoff_s
        )
        self._made.append(made)
        return made

    async def reader(self, name: str, *, steady: bool = False) -> MemoryReader:
        """Make a reader, steady or not: no fetch is held here. Raises LogUnavailable if the log does not answer."""
        await self._process.request("metadata", lambda: None)
        made = MemoryReader(self._cluster, self._process)
        self._made.append(made)
        return made

    def producer(self, name: str, transactional_id: str | None) -> MemoryProducer:
        """Make a producer; nothing happens before `start`."""
        made = MemoryProducer(self._cluster, self._process, transactional_id, self._transaction_timeout_s, self._alone)
        self._made.append(made)
        return made

    async def committed(self, group: str, partitions: Collection[Partition]) -> Mapping[Partition, Commit]:
        """Give a group's committed places. Raises LogUnavailable if the log does not answer."""
        return await self._process.request("committed", lambda: self._cluster.group(group).offsets.of(partitions))

    async def partition_counts(self, topics: Collection[str]) -> Mapping[str, int]:
        """Give each topic's number of partitions. Raises LogUnavailable if the log does not answer."""
        return await self._process.request("metadata", lambda: self._cluster.partition_counts(topics))

    async def retentions(self, topics: Collection[str]) -> Mapping[str, float]:
        """Give how long topics keep records, in seconds. Raises LogUnavailable if the log does not answer."""
        return await self._process.request("metadata", lambda: self._cluster.retentions(topics))

    async def close(self) -> None:
        """Close all that this object made."""
        for each in self._made:
            await each.close()

    def kill(self) -> None:
        """End the process as SIGKILL does: nothing of it acts any more, and none of its requests returns."""
        self._process.kill()

    def freeze(self) -> None:
        """Stop the process as SIGSTOP does: its heartbeats stop, and its requests wait for `thaw`."""
        self._process.freeze()

    def thaw(self) -> None:
        """Let a frozen process go on."""
        self._process.thaw()
