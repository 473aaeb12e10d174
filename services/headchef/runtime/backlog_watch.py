"""Looks every few seconds at how old the oldest unfinished record of each input is, also where nobody reads.

The oldest unfinished record is the one at its group's committed place. When it was written is known from the look
before where the place has not moved; else it is read.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from headchef_contracts import topics

from headchef.runtime.backlog import Oldest
from headchef.runtime.clock import Clock
from headchef.runtime.errors import LogError, LogRefused, OffsetLost
from headchef.runtime.log.port import Log, Partition, Reader
from headchef.runtime.processor import Processor
from headchef.runtime.settings import RuntimeSettings

_log = logging.getLogger(__name__)

_READ_S = 5.0
_POLL_S = 0.2


class _Input(NamedTuple):
    processor: str
    partition: Partition


class _Seen(NamedTuple):
    """What a look has found of one input: the group's place, the end, and when the record at the place was written."""

    place: int
    end: int
    since_s: float | None


class BacklogWatch:
    """Keeps a board up to date.

    Args:
        log: where to look.
        processor: whose board it is; its own inputs are looked at, and those that the board names.
        settings: first part of all names, and how often to look.
        clock: for ages and pauses.
    """

    def __init__(self, log: Log, processor: Processor, settings: RuntimeSettings, clock: Clock) -> None:
        self._own = {processor.name: [source.topic for source in processor.inputs]}
        self._log = log
        self._backlog = processor.backlog
        self._namespace = settings.namespace
        self._name = f"{settings.namespace}.{processor.name}.backlog"
        self._interval_s = settings.backlog_look_s
        self._clock = clock
        self._seen: dict[_Input, _Seen] = {}
        self._looked_s = 0.0
        self._reader: Reader | None = None

    async def run(self) -> None:
        """Look for ever. A look that fails leaves the board as it is, where ages grow with the clock."""
        while True:
            await self._clock.sleep(self._interval_s)
            try:
                await self._look()
            except LogError as error:
                _log.warning("%s: cannot look how old the oldest unfinished records are: %s", self._name, error)
                await self.close()

    async def close(self) -> None:
        """Disconnect."""
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.close()

    async def _look(self) -> None:
        now_s = self._clock.now().timestamp()
        inputs = {**self._backlog.watched, **self._own}
        known = {topics.physical(self._namespace, topic) for read in inputs.values() for topic in read}
        counts = await self._log.partition_counts(sorted(known))
        retentions = await self._retentions(sorted(counts))
        seen = await self._places(inputs, counts)
        unread = {each.partition: found.place for each, found in seen.items() if found.place < found.end}
        for each in self._standing(seen):
            seen[each] = self._seen[each]._replace(end=seen[each].end)
            del unread[each.partition]
        stamps = await self._stamps(unread, {each.partition: found.end for each, found in seen.items()})
        for each in seen:
            if (stamp_s := stamps.get(each.partition)) is not None:
                seen[each] = seen[each]._replace(since_s=max(stamp_s, self._came_after(each, seen[each].place)))
        self._backlog.oldest = tuple(
            self._oldest(each, found.since_s, retentions, now_s)
            for each, found in seen.items()
            if found.since_s is not None
        )
        self._seen, self._looked_s = seen, now_s

    async def _places(self, inputs: Mapping[str, Sequence[str]], counts: Mapping[str, int]) -> dict[_Input, _Seen]:
        reader = await self._connected()
        seen: dict[_Input, _Seen] = {}
        for processor, read in inputs.items():
            names = (topics.physical(self._namespace, topic) for topic in read)
            partitions = [Partition(name, number) for name in names for number in range(counts.get(name, 0))]
            # In this order: a place that was asked for first would make what came meanwhile look unfinished.
            bounds = await reader.bounds(partitions)
            places = await self._log.committed(f"{self._namespace}.{processor}", partitions)
            for partition, (first, end) in bounds.items():
                # A group that never began has all before it. What has expired below the first is reported by its task.
                place = max(first, places[partition].offset) if partition in places else first
                seen[_Input(processor, partition)] = _Seen(place, end, None)
        return seen

    def _standing(self, seen: Mapping[_Input, _Seen]) -> list[_Input]:
        """Choose what need not be read again: the same place, with the same record, or with none since."""
        return [
            each
            for each, found in seen.items()
            if found.place < found.end
            and (before := self._seen.get(each)) is not None
            and before.place == found.place
            and (before.since_s is not None or before.end == found.end)
        ]

    def _came_after(self, each: _Input, place: int) -> float:
        """Give a time before which a record cannot have come, whatever stamp its sender gave it: that of a look."""
        before = self._seen.get(each)
        return self._looked_s if before is not None and place >= before.end else 0.0

    async def _stamps(self, places: Mapping[Partition, int], ends: Mapping[Partition, int]) -> dict[Partition, float]:
        """Read when the first record from each place on was written; behind some are only markers of transactions."""
        stamps: dict[Partition, float] = {}
        wanted = dict(places)
        reader = await self._connected()
        await reader.assign(wanted)
        give_up_s = self._clock.monotonic() + _READ_S
        while wanted and self._clock.monotonic() < give_up_s:
            try:
                polled = await reader.poll(list(wanted), max_records=1, timeout_s=_POLL_S)
            except OffsetLost as loss:
                # It expired just now: the next look finds another place, and its task reports it.
                del wanted[loss.partition]
                continue
            stamps |= {each: records[0].timestamp_ms / 1000 for each, records in polled.items()}
            wanted = {each: place for each, place in wanted.items() if each not in stamps}
            wanted = {each: place for each, place in wanted.items() if reader.position(each) < ends[each]}
        await reader.assign({})
        return stamps

    async def _retentions(self, names: Collection[str]) -> Mapping[str, float]:
        """Ask how long the topics keep records; a broker that does not tell is taken to do as the topic table says."""
        try:
            return await self._log.retentions(names)
        except LogRefused:
            rows = {name: topics.topic(topics.logical(self._namespace, name) or name) for name in names}
            return {name: row.retention_ms / 1000 for name, row in rows.items() if row.retention_ms > 0}

    def _oldest(self, each: _Input, since_s: float, retentions: Mapping[str, float], now_s: float) -> Oldest:
        before = self._seen.get(each)
        came_s = None if before is None else before.since_s
        return Oldest(
            processor=each.processor,
            topic=topics.logical(self._namespace, each.partition.topic) or each.partition.topic,
            partition=each.partition.number,
            since_s=since_s,
            retention_s=retentions.get(each.partition.topic),
            falling_behind=came_s is not None and since_s - came_s < now_s - self._looked_s,
        )

    async def _connected(self) -> Reader:
        if self._reader is None:
            self._reader = await self._log.reader(self._name)
        return self._reader
