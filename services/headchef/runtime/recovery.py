"""Takes a task over: fences the former owner, then reads the places, the finished maps, the births and the state.

The order matters. Only after the former owner can write no more is anything read.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headchef.runtime import finished as finished_map
from headchef.runtime.catching_up import read_to
from headchef.runtime.clock import Clock
from headchef.runtime.errors import LogUnavailable, PlaceUnknown
from headchef.runtime.ledger import Ledger
from headchef.runtime.log.port import Commit, Log, Partition, Record
from headchef.runtime.settings import Guarantee
from headchef.runtime.state import TaskState
from headchef.runtime.watermark import Watermark
from headchef.runtime.writers import TakenOver, Writer

_log = logging.getLogger(__name__)

_CATCH_UP_S = 15.0
"""Of Kafka 4.1, with 40,000 places to read on a slow machine, 4 s were seen."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """How a task stands.

    Attributes:
        places: of each input, and of the timers.
        clean: whether its last owner left the clean mark in all of them; so does nobody that never had any.
    """

    places: dict[Partition, Watermark]
    clean: bool


class Recovery:
    """Recovers one task.

    Args:
        log: the log.
        name: client id for the restoring reader.
        task: number of the task.
        inputs: its input partitions.
        ledger: of the task, which words births.
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
        ledger: Ledger,
        changelogs: Mapping[str, str],
        timers: Partition | None,
        guarantee: Guarantee,
        clock: Clock,
    ) -> None:
        self._log = log
        self._name = name
        self._task = task
        self._inputs = inputs
        self._ledger = ledger
        self._changelogs = changelogs
        self._timers = timers
        self._guarantee = guarantee
        self._clock = clock
        self._lost_s: float | None = None

    async def run(self, writer: Writer, state: TaskState) -> Recovered:
        """Become the owner and restore.

        Raises:
            PlaceUnknown: offsets of an input that was begun have expired, or a finished map cannot be read.
            LogUnavailable: the log does not answer, or not yet with all that it should know.
        """
        found = await writer.start()
        self._refuse([each for each in self._inputs if each.topic in found.begun and each not in found.places])
        await self._restore(state)
        committed = {**found.places, **await self._begin(writer, found)}
        clean = all(self._is_clean(partition, commit) for partition, commit in committed.items())
        if self._timers is not None:
            committed.setdefault(self._timers, Commit(0))
        places = {partition: self._watermark(partition, commit) for partition, commit in committed.items()}
        return Recovered(places, clean)

    def _refuse(self, lost: Sequence[Partition]) -> None:
        """Refuse to begin inputs again that have lost their places.

        Not for good at first: a coordinator that was started just now may not have read all it has.
        """
        if not lost:
            self._lost_s = None
            return
        now_s = self._clock.monotonic()
        self._lost_s = now_s if self._lost_s is None else self._lost_s
        if now_s - self._lost_s < _CATCH_UP_S:
            raise LogUnavailable(f"the group's coordinator has no places for {_names(lost)}, where there were some")
        raise PlaceUnknown(
            f"the group's committed offsets of {_names(lost)} have expired, though the task had read there before; "
            "reading again from the start would answer jobs twice. Set the offsets by hand (kafka-consumer-groups "
            "--reset-offsets) and start again; offsets.retention.minutes says how long the broker keeps them"
        )

    async def _restore(self, state: TaskState) -> None:
        stores = {Partition(topic, self._task): store for store, topic in self._changelogs.items()}
        state.clear()
        for partition, records in (await self._read(list(stores))).items():
            state.restore(stores[partition], records)
        state.expire(int(self._clock.now().timestamp() * 1000))

    async def _read(self, partitions: Sequence[Partition]) -> dict[Partition, list[Record]]:
        """Read partitions from their earliest record to the end that they have now."""
        if not partitions:
            return {}
        reader = await self._log.reader(f"{self._name}.restore")
        try:
            bounds = await reader.bounds(partitions)
            await reader.assign({partition: bounds[partition][0] for partition in partitions})
            return await read_to(reader, {partition: bounds[partition][1] for partition in partitions})
        finally:
            await reader.close()

    async def _begin(self, writer: Writer, found: TakenOver) -> dict[Partition, Commit]:
        """Commit the start of each input that was never read, with its birth."""
        unborn = [partition for partition in self._inputs if partition.topic not in found.begun]
        new = [partition for partition in unborn if partition not in found.places]
        starts = {
            partition: Commit(start, finished_map.encode(start, 0, clean=True))
            for partition, start in (await self._earliest(new)).items()
        }
        if not unborn:
            return starts
        born_at = self._clock.now().isoformat()
        records = [self._ledger.birth(partition.topic, born_at) for partition in unborn]
        if self._guarantee == "at_least_once" and starts:
            # Offsets first: a birth without an offset would halt the task for ever.
            await writer.write([], starts)
        await writer.write(
            records, {partition: found.places.get(partition) or starts[partition] for partition in unborn}
        )
        return starts

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

    def _is_clean(self, partition: Partition, commit: Commit) -> bool:
        """Say whether a place carries the clean mark, or is of an input that is read no more."""
        try:
            is_read = partition in self._inputs or partition == self._timers
            return not is_read or finished_map.is_clean(commit.offset, commit.metadata)
        except PlaceUnknown:
            return False


def _names(partitions: Sequence[Partition]) -> str:
    return ", ".join(f"{partition.topic}[{partition.number}]" for partition in partitions)
