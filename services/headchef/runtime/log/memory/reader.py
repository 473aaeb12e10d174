"""Reads chosen partitions of the in-memory log, read_committed and without a group."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

from headchef.runtime.log.memory.cluster import Cluster
from headchef.runtime.log.memory.process import Process
from headchef.runtime.log.memory.timers import bounded
from headchef.runtime.log.port import Partition, Record

Fetched = dict[Partition, tuple[list[Record], int]]
"""Records, and the position after them."""


class MemoryReader:
    """A reader of the in-memory log.

    Args:
        cluster: the log.
        process: whose reader it is.
    """

    def __init__(self, cluster: Cluster, process: Process) -> None:
        self._cluster = cluster
        self._process = process
        self._positions: dict[Partition, int] = {}
        self._changed = asyncio.Event()
        self._woken = False
        self._turn = 0

    async def assign(self, positions: Mapping[Partition, int]) -> None:
        """Read exactly these partitions, each from its offset. Raises LogRefused for one that does not exist."""
        logs = await self._process.request("metadata", lambda: [self._cluster.partition(each) for each in positions])
        self._unwatch()
        self._positions = dict(positions)
        for log in logs:
            log.watch(self._changed)
        self._changed.set()

    async def poll(
        self, partitions: Collection[Partition], *, max_records: int, timeout_s: float
    ) -> Mapping[Partition, Sequence[Record]]:
        """Give what has come for some of the assigned partitions, at once if there is something.

        Raises:
            OffsetLost: a position is no longer in the log.
            LogUnavailable: the log did not answer.
        """
        self._woken = False
        assigned = self._positions
        fetched = await self._process.exchange(
            "fetch", lambda: self._answered(assigned, partitions, max_records, timeout_s)
        )
        if self._positions is not assigned:
            return {}
        # Only now: records whose answer is lost on the way are read again.
        assigned.update((partition, position) for partition, (_, position) in fetched.items())
        return {partition: records for partition, (records, _) in fetched.items() if records}

    def wake(self) -> None:
        """Have a poll under way end at once with what there is, which may be nothing; nothing is lost by it."""
        self._woken = True
        self._changed.set()

    async def bounds(self, partitions: Collection[Partition]) -> Mapping[Partition, tuple[int, int]]:
        """Give each partition's earliest offset and its last stable one. Raises LogRefused for an unknown one."""
        return await self._process.request("bounds", lambda: {each: self._bounds(each) for each in partitions})

    def position(self, partition: Partition) -> int:
        """Give the next offset that `poll` would look at."""
        return self._positions[partition]

    async def close(self) -> None:
        """Stop reading."""
        self._unwatch()
        self._positions = {}
        self._changed.set()

    async def _answered(
        self, positions: Mapping[Partition, int], partitions: Collection[Partition], max_records: int, timeout_s: float
    ) -> Fetched:
        """Answer a fetch as a broker does: once there is something, or when its time is over."""
        fetched = self._fetch(positions, partitions, max_records)

        async def something() -> None:
            nonlocal fetched
            while not (self._woken or self._positions is not positions or _any(fetched)):
                self._changed.clear()
                await self._changed.wait()
                fetched = self._fetch(positions, partitions, max_records)

        if timeout_s > 0 and not _any(fetched):
            with suppress(TimeoutError):
                await bounded(something(), timeout_s, self._process.clock)
        return fetched

    def _fetch(
        self, positions: Mapping[Partition, int], partitions: Collection[Partition], max_records: int
    ) -> Fetched:
        wanted = [each for each in partitions if each in positions]
        # A full first partition must not starve the others.
        self._turn += 1
        first = self._turn % len(wanted) if wanted else 0
        fetched: Fetched = {}
        held_back = self._cluster.held_back
        for partition in wanted[first:] + wanted[:first]:
            if held_back and (self._process.name, partition.topic) in held_back:
                continue
            records, position = self._cluster.partition(partition).read(positions[partition], max_records)
            fetched[partition] = (records, position)
            max_records -= len(records)
        return fetched

    def _bounds(self, partition: Partition) -> tuple[int, int]:
        log = self._cluster.partition(partition)
        return log.start, log.stable_end

    def _unwatch(self) -> None:
        for partition in self._positions:
            self._cluster.partition(partition).unwatch(self._changed)


def _any(fetched: Fetched) -> bool:
    return any(records for records, _ in fetched.values())
