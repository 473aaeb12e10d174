"""Takes a task over: fences the former owner, then reads the places, the finished maps, the births and the state.

The order matters. Only after the former owner can write no more is anything read.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headchef.runtime import finished as finished_map
from headchef.runtime.clock import Clock
from headchef.runtime.errors import PlaceUnknown
from headchef.runtime.log.port import Commit, Log, NewRecord, Partition, Record
from headchef.runtime.settings import Guarantee
from headchef.runtime.state import TaskState
from headchef.runtime.watermark import Watermark
from headchef.runtime.writers import Places, Writer

_log = logging.getLogger(__name__)

_POLL_S = 0.5
_POLL_RECORDS = 5_000


@dataclass(frozen=True, slots=True)
class Births:
    """Which inputs a task has ever begun to read, as its `tasks` changelog tells: a birth is never forgotten.

    Attributes:
        topic: full name of the changelog.
        task: number of the task.
        known: full names of the inputs with a birth.
    """

    topic: str
    task: int
    known: frozenset[str]

    def record(self, partition: Partition, at: str) -> NewRecord:
        """Write the birth of an input."""
        return NewRecord(self.topic, json.dumps({"born_at": at}).encode(), partition.topic.encode(), self.task)


class Recovery:
    """Recovers one task.

    Args:
        log: the log.
        name: client id for the restoring reader.
        task: number of the task.
        inputs: its input partitions.
        births_topic: full name of the `tasks` changelog.
        changelogs: full topic name by store name.
        timers: the changelog's partition of the task's timers, whose place counts those gone off; None without timers.
        guarantee: decides what a damaged finished map means.
        clock: for birth times.
    """

    def __init__(
        self,
        log: Log,
        *,
        name: str,
        task: int,
        inputs: Sequence[Partition],
        births_topic: str,
        changelogs: Mapping[str, str],
        timers: Partition | None,
        guarantee: Guarantee,
        clock: Clock,
    ) -> None:
        self._log = log
        self._name = name
        self._task = task
        self._inputs = inputs
        self._births_topic = births_topic
        self._changelogs = changelogs
        self._timers = timers
        self._guarantee = guarantee
        self._clock = clock

    async def run(self, writer: Writer, state: TaskState) -> dict[Partition, Watermark]:
        """Become the owner and restore.

        Returns:
            The place of each input.

        Raises:
            PlaceUnknown: offsets of an input that was begun have expired, or a finished map cannot be read.
        """
        committed, births = dict(await writer.start()), await self._restore(state)
        if self._lost(births, committed):
            # Another owner may have begun the task since the places were read: look again, as the newest owner.
            committed, births = dict(await writer.start()), await self._restore(state)
        committed |= await self._begin(writer, births, committed)
        if self._timers is not None:
            committed.setdefault(self._timers, Commit(0))
        return {partition: self._watermark(partition, commit) for partition, commit in committed.items()}

    async def _restore(self, state: TaskState) -> Births:
        stores = {Partition(topic, self._task): store for store, topic in self._changelogs.items()}
        births = Partition(self._births_topic, self._task)
        known: set[str] = set()
        state.clear()
        for partition, records in (await self._read([*stores, births])).items():
            if partition == births:
                known = {record.key.decode() for record in records if record.key is not None}
            else:
                state.restore(stores[partition], records)
        state.expire(int(self._clock.now().timestamp() * 1000))
        return Births(self._births_topic, self._task, frozenset(known))

    async def _read(self, partitions: Sequence[Partition]) -> dict[Partition, list[Record]]:
        """Read partitions from their earliest record to the end that they have now."""
        reader = await self._log.reader(f"{self._name}.restore")
        try:
            bounds = await reader.bounds(partitions)
            await reader.assign({partition: bounds[partition][0] for partition in partitions})
            found: dict[Partition, list[Record]] = {partition: [] for partition in partitions}
            while behind := [
                partition for partition in partitions if reader.position(partition) < bounds[partition][1]
            ]:
                polled = await reader.poll(behind, max_records=_POLL_RECORDS, timeout_s=_POLL_S)
                for partition, records in polled.items():
                    found[partition].extend(records)
            return found
        finally:
            await reader.close()

    async def _begin(self, writer: Writer, births: Births, committed: Places) -> dict[Partition, Commit]:
        """Commit the start of each input that was never read, with its birth; refuse where a place has expired."""
        lost = self._lost(births, committed)
        if lost:
            names = ", ".join(f"{partition.topic}[{partition.number}]" for partition in lost)
            raise PlaceUnknown(
                f"the group's committed offsets of {names} have expired, though the task had read there before; "
                "reading again from the start would answer jobs twice. Set the offsets by hand (kafka-consumer-groups "
                "--reset-offsets) and start again; offsets.retention.minutes says how long the broker keeps them"
            )
        unborn = [partition for partition in self._inputs if partition.topic not in births.known]
        new = [partition for partition in unborn if partition not in committed]
        starts = {partition: Commit(start) for partition, start in (await self._earliest(new)).items()}
        if not unborn:
            return starts
        born_at = self._clock.now().isoformat()
        records = [births.record(partition, born_at) for partition in unborn]
        if self._guarantee == "at_least_once" and starts:
            # Offsets first: a birth without an offset would halt the task for ever.
            await writer.write([], starts)
        await writer.write(records, {partition: committed.get(partition) or starts[partition] for partition in unborn})
        return starts

    def _lost(self, births: Births, committed: Places) -> list[Partition]:
        """Give the inputs that were begun and have no place."""
        return [each for each in self._inputs if each.topic in births.known and each not in committed]

    async def _earliest(self, partitions: Sequence[Partition]) -> dict[Partition, int]:
        if not partitions:
            return {}
        reader = await self._log.reader(f"{self._name}.start")
        try:
            firsts = {partition: first for partition, (first, _) in (await reader.bounds(partitions)).items()}
        finally:
            await reader.close()
        for partition, first in firsts.items():
            if first > 0:
                # No halt: a processor that is new need not have read what was there before it.
                _log.error("%s[%d]: offsets 0 to %d expired before this group began to read", *partition, first - 1)
        return firsts

    def _watermark(self, partition: Partition, commit: Commit) -> Watermark:
        try:
            return Watermark(commit.offset, finished_map.decode(commit.offset, commit.metadata))
        except PlaceUnknown:
            if self._guarantee == "exactly_once":
                raise
            return Watermark(commit.offset)
