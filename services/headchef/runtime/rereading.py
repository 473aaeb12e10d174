"""Reads records again that a task has only noted, when the turn of their flow comes near: a seek for some hundred."""

import asyncio
from collections.abc import Callable, Collection, Mapping

from headchef_contracts.events.common import JobClass

from headchef.runtime.clock import Clock
from headchef.runtime.errors import OffsetLost
from headchef.runtime.expiry import tolerate
from headchef.runtime.feed import Feed
from headchef.runtime.log.port import Log, Partition, Reader
from headchef.runtime.persisting import persist
from headchef.runtime.settings import AfterLoss

_POLL_S = 1.0
_POLL_RECORDS = 500


class Rereading:
    """The second reader of one class of inputs, which jumps to and fro; it is made when it is first needed.

    Args:
        log: where to read.
        name: client id.
        job_class: the class.
        feeds: gives those of the running tasks of this process.
        clock: for pauses.
        after_loss: what to do when noted records have expired.
    """

    def __init__(
        self,
        log: Log,
        *,
        name: str,
        job_class: JobClass,
        feeds: Callable[[], Mapping[Partition, Feed]],
        clock: Clock,
        after_loss: AfterLoss,
    ) -> None:
        self._log = log
        self._name = name
        self._class: JobClass = job_class
        self._feeds = feeds
        self._clock = clock
        self._after_loss: AfterLoss = after_loss
        self._changed = asyncio.Event()
        self._reader: Reader | None = None
        self._places: dict[Partition, int] = {}

    def changed(self, feeds: Collection[Feed]) -> None:
        """Note that tasks came, went, or have handed records over; mostly nothing is to be read again all the same.

        Args:
            feeds: those of the running tasks of this process.
        """
        if any(feed.notes_any(self._class) for feed in feeds):
            self._changed.set()

    async def run(self) -> None:
        """Read again for ever, whatever is wanted.

        Raises:
            OffsetLost: noted records have expired, and the setting says to halt.
        """
        await persist(self._look, self.close, name=self._name, clock=self._clock)

    async def close(self) -> None:
        """Stop reading."""
        reader, self._reader = self._reader, None
        self._places = {}
        if reader is not None:
            await reader.close()

    def _wanted(self) -> dict[Partition, tuple[Feed, int]]:
        feeds = self._feeds()
        return {
            partition: (feed, start)
            for partition, feed in feeds.items()
            if (start := feed.wanted(self._class).get(partition)) is not None
        }

    async def _look(self) -> None:
        """Read what is wanted, or wait until something may be."""
        self._changed.clear()
        if wanted := self._wanted():
            await self._read(wanted)
        else:
            await self._changed.wait()

    async def _read(self, wanted: Mapping[Partition, tuple[Feed, int]]) -> None:
        """Poll once: from where the last poll has ended, if that is what is wanted, or from elsewhere."""
        if self._reader is None:
            self._reader = await self._log.reader(self._name)
        starts = {partition: start for partition, (_, start) in wanted.items()}
        if starts.items() - self._places.items():
            await self._reader.assign(starts)
            self._places = starts
        try:
            polled = await self._reader.poll(list(wanted), max_records=_POLL_RECORDS, timeout_s=_POLL_S)
        except OffsetLost as loss:
            tolerate(loss, self._after_loss)
            self._places.pop(loss.partition)
            wanted[loss.partition][0].lose(loss, int(self._clock.now().timestamp() * 1000))
            return
        for partition, records in polled.items():
            if records:
                wanted[partition][0].refill(partition, starts[partition], records)
                self._places[partition] = records[-1].offset + 1
