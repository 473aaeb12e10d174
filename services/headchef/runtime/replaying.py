"""Reads topics once more from their beginning, a little at a time, while the process goes on with its work."""

import asyncio
import logging
from collections.abc import Sequence

from headchef_contracts import topics

from headchef.runtime.backoff import Backoff
from headchef.runtime.errors import InvalidEvent, LogRefused, LogUnavailable, OffsetLost, UnknownVersion
from headchef.runtime.kitchen import Kitchen
from headchef.runtime.log.port import Partition, Reader, Record
from headchef.runtime.processor import Input
from headchef.runtime.replay_input import Replay, Replayed

_log = logging.getLogger(__name__)

_POLL_S = 1.0
_POLL_RECORDS = 64
"""A few milliseconds of decoding, in which nothing else goes on."""

_FIRST_PAUSE_S = 0.5


class Replays:
    """All that a processor may want to read once more.

    Args:
        kitchen: of the processor.
    """

    def __init__(self, kitchen: Kitchen) -> None:
        self._replayings = [_Replaying(each, kitchen) for each in kitchen.processor.replays]

    async def run(self) -> None:
        """Read whenever something is wanted, for ever."""
        await asyncio.gather(*(each.run() for each in self._replayings))

    async def close(self) -> None:
        """Stop reading."""
        for each in self._replayings:
            await each.close()


class _Replaying:
    """One of them.

    Args:
        replay: what, and who takes it.
        kitchen: of the processor: its log, its names, and what opens records.
    """

    def __init__(self, replay: Replay, kitchen: Kitchen) -> None:
        self._replay = replay
        self._log = kitchen.log
        self._name = f"{kitchen.names.group}.{replay.topic}.replay"
        self._physical = topics.physical(kitchen.settings.namespace, replay.topic)
        self._envelope = kitchen.envelope
        self._clock = kitchen.clock
        self._source = Input(replay.topic)
        self._reader: Reader | None = None
        self._places: dict[Partition, int] = {}
        self._ends: dict[Partition, int] = {}

    async def run(self) -> None:
        """Read when it is wanted, whatever happens to the log, and go on where it was after a fault."""
        while True:
            await self._replay.wanted()
            backoff = Backoff(_FIRST_PAUSE_S)
            while not await self._all():
                await self._clock.sleep(backoff.pause_s())

    async def close(self) -> None:
        """Stop reading."""
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.close()

    async def _all(self) -> bool:
        """Read on to the end. Says whether that was reached."""
        try:
            await self._read()
        except (LogUnavailable, LogRefused) as error:
            _log.warning("%s: cannot be read, trying again: %s", self._name, error)
            return False
        except OffsetLost as loss:
            self._places[loss.partition] = loss.earliest
            return False
        finally:
            await self.close()
        self._places, self._ends = {}, {}
        return await self._replay.done()

    async def _read(self) -> None:
        reader = self._reader = await self._log.reader(self._name)
        if not self._ends:
            count = (await self._log.partition_counts([self._physical])).get(self._physical, 0)
            bounds = await reader.bounds([Partition(self._physical, number) for number in range(count)])
            self._places = {each: begin for each, (begin, _) in bounds.items()}
            self._ends = {each: end for each, (_, end) in bounds.items()}
        await reader.assign(dict(self._places))
        while behind := [each for each, end in self._ends.items() if self._places[each] < end]:
            polled = await reader.poll(behind, max_records=_POLL_RECORDS, timeout_s=_POLL_S)
            began_s = self._clock.monotonic()
            for partition, records in polled.items():
                await self._take(records)
                self._places[partition] = records[-1].offset + 1 if records else self._places[partition]
            for each in behind:
                self._places[each] = max(self._places[each], reader.position(each))
            # As long as it took: at least half of the time is left to the work itself.
            await self._clock.sleep(self._clock.monotonic() - began_s)

    async def _take(self, records: Sequence[Record]) -> None:
        events = [event for record in records if (event := self._opened(record)) is not None]
        backoff = Backoff(_FIRST_PAUSE_S)
        while events and not await self._replay.taker(events):
            await self._clock.sleep(backoff.pause_s())

    def _opened(self, record: Record) -> Replayed | None:
        try:
            delivery = self._envelope.open(self._source, record, len(self._ends))
        except (InvalidEvent, UnknownVersion):
            # Whoever reads the topic for its work says so.
            return None
        return None if delivery.event is None else Replayed(delivery.event, delivery.cause)
