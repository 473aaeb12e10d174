"""Reads a broadcast whole, for one process and without a group: to the end that it has, and from then on for ever."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime

from headchef_contracts import topics

from headchef.runtime.backoff import Backoff
from headchef.runtime.broadcast_input import Broadcast
from headchef.runtime.clock import Clock
from headchef.runtime.envelope import Envelope
from headchef.runtime.errors import InvalidEvent, LogRefused, LogUnavailable, OffsetLost, UnknownVersion
from headchef.runtime.freshness import LOOK_S, Freshness
from headchef.runtime.log.port import Log, Partition, Reader, Record
from headchef.runtime.processor import Input
from headchef.runtime.telemetry.metrics import Metrics

_log = logging.getLogger(__name__)

_POLL_S = 1.0
_POLL_RECORDS = 500
_STALL_S = 10.0
_FIRST_PAUSE_S = 0.2
_MISSING_S = 3.0


class Listener:
    """Hands the events of one broadcast to whoever takes them, in the order of each partition.

    What cannot be read, or is refused, is logged and counted and passed over: what was taken before it stays in force.

    Args:
        broadcast: what to read, and who takes it.
        log: where.
        name: client id.
        namespace: first part of the topic's name.
        envelope: opens records.
        clock: for pauses.
        metrics: counts what was refused.
    """

    def __init__(
        self,
        broadcast: Broadcast,
        *,
        log: Log,
        name: str,
        namespace: str,
        envelope: Envelope,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self.topic = broadcast.topic
        self._taker = broadcast.taker
        self._settle = broadcast.settle
        self._refused = broadcast.refused
        self._dated = broadcast.dated
        self._fresh = broadcast.fresh
        self._log = log
        self._name = name
        self._physical = topics.physical(namespace, broadcast.topic)
        self._envelope = envelope
        self._clock = clock
        self._metrics = metrics
        self._source = Input(broadcast.topic)
        self._places: dict[Partition, int] = {}
        self._caught_up = asyncio.Event()
        self._reader: Reader | None = None

    @property
    def caught_up(self) -> bool:
        """Whether all has been taken that was there at the start."""
        return self._caught_up.is_set()

    async def until_caught_up(self) -> None:
        """Wait for that."""
        await self._caught_up.wait()

    async def run(self) -> None:
        """Read for ever, whatever happens to the log.

        Raises:
            LogRefused: the topic is missing, or may not be read.
            BadSettings: this process cannot work with what was there at the start.
        """
        backoff = Backoff(_FIRST_PAUSE_S)
        while True:
            places = dict(self._places)
            try:
                await self._follow()
            except LogUnavailable as error:
                if self._places != places:
                    backoff.reset()
                pause_s = backoff.pause_s()
                _log.warning("%s: cannot be read, trying again in %.1f s: %s", self._name, pause_s, error)
                await self._clock.sleep(pause_s)
            except OffsetLost as loss:
                _log.warning("%s: read anew from its beginning: %s", self._name, loss)
                del self._places[loss.partition]
            finally:
                await self.close()

    async def close(self) -> None:
        """Stop reading."""
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.close()

    async def _follow(self) -> None:
        """Read on until the number of partitions changes, or a fault."""
        partitions = await self._partitions()
        reader = self._reader = await self._log.reader(self._name, steady=True)
        bounds = await reader.bounds(partitions)
        self._places = {each: self._places.get(each, bounds[each][0]) for each in partitions}
        await reader.assign(dict(self._places))
        ends = {each: end for each, (_, end) in bounds.items()}
        looked_s, before = self._clock.monotonic(), dict(self._places)
        freshness = None if self._fresh is None else Freshness(self._fresh, self._clock)
        poll_s = _POLL_S if freshness is None else LOOK_S
        while True:
            if not self.caught_up and all(self._places[each] >= end for each, end in ends.items()):
                if self._settle is not None:
                    await self._settle()
                self._caught_up.set()
            if freshness is not None:
                await freshness.look(reader, self._places)
            polled = await reader.poll(partitions, max_records=_POLL_RECORDS, timeout_s=poll_s)
            for records in polled.values():
                for record in records:
                    await self._take(record, len(partitions))
            self._places = {each: reader.position(each) for each in partitions}
            if freshness is not None:
                freshness.see(self._places)
            if self._clock.monotonic() - looked_s >= _STALL_S:
                if await self._partitions() != partitions:
                    return
                await self._look(reader, before)
                looked_s, before = self._clock.monotonic(), dict(self._places)

    async def _partitions(self) -> list[Partition]:
        missing_s, backoff = 0.0, Backoff(_FIRST_PAUSE_S)
        while not (count := (await self._log.partition_counts([self._physical])).get(self._physical, 0)):
            # A topic that was just made: the controller knows it a moment before the broker.
            if missing_s >= _MISSING_S:
                raise LogRefused(f"topics are missing: {self._physical}; run `headchef topics create`")
            pause_s = backoff.pause_s()
            missing_s += pause_s
            await self._clock.sleep(pause_s)
        return [Partition(self._physical, number) for number in range(count)]

    async def _look(self, reader: Reader, before: Mapping[Partition, int]) -> None:
        """Give a reader up that brings nothing although there is something."""
        for partition, (_, end) in (await reader.bounds(list(self._places))).items():
            if self._places[partition] < end and self._places[partition] == before[partition]:
                raise LogUnavailable(f"nothing comes for {_STALL_S:.0f} s, though there is more")

    async def _take(self, record: Record, partitions: int) -> None:
        where = f"{self._physical}[{record.partition}] offset {record.offset}"
        if self._dated is not None:
            self._dated(datetime.fromtimestamp(record.timestamp_ms / 1000, UTC))
        try:
            event = self._envelope.open(self._source, record, partitions).event
            if event is not None:
                await self._taker(event)
        except InvalidEvent as error:
            await self._refuse(record, error.reason, f"{where}: {error}")
        except UnknownVersion as error:
            await self._refuse(record, "unknown_version", str(error))

    async def _refuse(self, record: Record, reason: str, message: str) -> None:
        _log.error("%s: not taken, and what was in force stays so: %s", self._name, message)
        self._metrics.count("headchef.broadcasts.refused", 1, {"topic": self.topic, "reason": reason})
        if self._refused is not None:
            await self._refused(record.key, message)
