"""Reads one class of inputs for the tasks of this process: polls those that have room, and notices a stalled reader."""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Mapping
from typing import Any

from headchef_contracts.events.common import JobClass

from headchef.runtime.clock import Clock
from headchef.runtime.errors import LogUnavailable, OffsetLost
from headchef.runtime.expiry import expired, tolerate
from headchef.runtime.feed import Feed
from headchef.runtime.log.port import Log, Partition, Reader
from headchef.runtime.persisting import persist
from headchef.runtime.rereading import Rereading
from headchef.runtime.settings import AfterLoss
from headchef.runtime.task import Task

_log = logging.getLogger(__name__)

_POLL_S = 1.0
"""A poll ends with the first records, or when a task that it leaves out wants some. Only a reader that has died is
noticed no sooner than by the next poll."""

_POLL_RECORDS = 2_000
_STALL_S = 10.0


class Intake:
    """The reader of one class of inputs.

    Args:
        log: where to read.
        name: client id.
        job_class: the class.
        topics: full names of the inputs of the class.
        tasks: gives the tasks of this process, by number.
        clock: for pauses.
        after_loss: what to do when unread records have expired.
    """

    def __init__(
        self,
        log: Log,
        *,
        name: str,
        job_class: JobClass,
        topics: Collection[str],
        tasks: Callable[[], Mapping[int, Task]],
        clock: Clock,
        after_loss: AfterLoss,
    ) -> None:
        self._log = log
        self._name = name
        self._class: JobClass = job_class
        self._topics = topics
        self._tasks = tasks
        self._clock = clock
        self._after_loss: AfterLoss = after_loss
        self._rereading = Rereading(
            log, name=f"{name}.again", job_class=job_class, feeds=self._feeds, clock=clock, after_loss=after_loss
        )
        self._changed = asyncio.Event()
        self._reader: Reader | None = None
        self._following: dict[Partition, Feed] = {}
        self._before: dict[Partition, int] = {}
        self._partitions: dict[int, tuple[Partition, ...]] = {}
        self._polled: Mapping[Partition, Feed] | None = None
        self.lags: dict[Partition, int] = {}

    def changed(self) -> None:
        """Note that tasks came, went, or have room again."""
        self._changed.set()
        self._rereading.changed([feed for task in self._tasks().values() if (feed := task.feed) is not None])
        if self._polled is not None and self._reader is not None and self._leaves_out_any(self._polled):
            self._reader.wake()

    def parts(self) -> list[Coroutine[Any, Any, None]]:
        """Give what has to run side by side, for ever; each may raise `OffsetLost`, where the setting says to halt."""
        reading = persist(self._read, self._drop_reader, name=self._name, clock=self._clock)
        return [reading, self._rereading.run(), self._watch()]

    async def _watch(self) -> None:
        """Measure lag for ever, and drop a reader that brings nothing although there is something."""
        while True:
            await self._clock.sleep(_STALL_S)
            try:
                await self._look()
            except LogUnavailable as error:
                _log.warning("%s: cannot measure lag: %s", self._name, error)

    async def close(self) -> None:
        """Stop reading."""
        await self._drop_reader()
        await self._rereading.close()

    async def _read(self) -> None:
        self._changed.clear()
        reader = self._reader
        if reader is None:
            reader = self._reader = await self._log.reader(self._name)
            self._following = {}
        await self._follow(reader)
        if self._changed.is_set():
            return
        # Kept here: `watch` may drop the reader in the middle of the poll.
        following = self._following
        wanting = {partition: feed for partition, feed in following.items() if feed.wants_more(partition)}
        if not wanting:
            await self._changed.wait()
            return
        self._polled = wanting
        try:
            max_records = min(_POLL_RECORDS, max(feed.room(partition) for partition, feed in wanting.items()))
            polled = await reader.poll(list(wanting), max_records=max_records, timeout_s=_POLL_S)
        except OffsetLost as loss:
            tolerate(loss, self._after_loss)
            self._following = {}
            now_ms = int(self._clock.now().timestamp() * 1000)
            following[loss.partition].take(loss.partition, [expired(loss, now_ms)])
            return
        finally:
            self._polled = None
        for partition, records in polled.items():
            following[partition].take(partition, records)

    def _feeds(self) -> dict[Partition, Feed]:
        feeds: dict[Partition, Feed] = {}
        for number, task in self._tasks().items():
            if (feed := task.feed) is not None:
                feeds |= dict.fromkeys(self._of_task(number), feed)
        return feeds

    def _of_task(self, number: int) -> tuple[Partition, ...]:
        """Give the partitions that are a task's, made once: this is asked at each poll and each change."""
        known = self._partitions.get(number)
        if known is None:
            known = self._partitions[number] = tuple(Partition(topic, number) for topic in self._topics)
        return known

    def _leaves_out_any(self, polled: Mapping[Partition, Feed]) -> bool:
        """Say whether an input wants more that was not there, or wanted nothing, when the poll began."""
        for number, task in self._tasks().items():
            if (feed := task.feed) is not None:
                for partition in self._of_task(number):
                    if polled.get(partition) is not feed and feed.wants_more(partition):
                        return True
        return False

    async def _follow(self, reader: Reader) -> None:
        """Assign the partitions of the running tasks, from where each has come to."""
        running = self._feeds()
        if running != self._following:
            await reader.assign({partition: feed.position(partition) for partition, feed in running.items()})
            self._following = running

    async def _look(self) -> None:
        reader = self._reader
        if reader is None or not self._following:
            self.lags, self._before = {}, {}
            return
        bounds = await reader.bounds(list(self._following))
        if reader is not self._reader:
            return
        stalled = []
        places: dict[Partition, int] = {}
        lags: dict[Partition, int] = {}
        for partition, feed in self._following.items():
            if partition in bounds:
                end = bounds[partition][1]
                lags[partition] = max(0, end - feed.place(partition))
                places[partition] = reader.position(partition)
                stands = places[partition] < end and self._before.get(partition) == places[partition]
                if stands and feed.wants_more(partition):
                    stalled.append(partition)
        self.lags, self._before = lags, places
        if stalled:
            _log.error(
                "%s: no records for %.0f s although there are some in %s; reading anew", self._name, _STALL_S, stalled
            )
            await self._drop_reader()

    async def _drop_reader(self) -> None:
        reader, self._reader = self._reader, None
        self._following, self._before = {}, {}
        if reader is not None:
            await reader.close()
