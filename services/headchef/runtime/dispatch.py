"""Hands a task's records to the handler: one after the other, in batches, or many at once in any order."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal

from headchef.runtime.admission import Admission
from headchef.runtime.expiry import Expired
from headchef.runtime.finished import MAX_SPAN
from headchef.runtime.log.port import Partition, Record
from headchef.runtime.timers import Alarm
from headchef.runtime.watermark import Watermark
from headchef.runtime.workbench import Unfinished, Workbench

_RECORDS_BETWEEN_BREATHS = 64
"""Records handled in order before others on the event loop get a turn."""

_ENOUGH_QUEUED = 100
"""With so many at hand a task need not be polled: what comes meanwhile comes in one fetch instead of many."""


class Dispatcher:
    """Takes records in, and sees each through the handler.

    Args:
        workbench: handles records.
        watermarks: the task's inputs; a record that had finished before the last recovery is passed over.
        order: as `Processor.order`.
        batch: largest batch for `batches`.
        admission: says when a delivery may begin, for `concurrent`.
        unwritten: counts what is finished and not yet written.
        capacity: records that the task holds in all before it wants no more.
        hungry: called when the task may want more.
        alarm: knows which timers are still set; None if the processor sets none.
        waiting: timers that may be set before no more records are handed over; None for no bound.
    """

    def __init__(
        self,
        *,
        workbench: Workbench,
        watermarks: Mapping[Partition, Watermark],
        order: Literal["in_order", "batches", "concurrent"],
        batch: int,
        admission: Admission,
        unwritten: Callable[[], int],
        capacity: int,
        hungry: Callable[[], None],
        alarm: Alarm | None = None,
        waiting: int | None = None,
    ) -> None:
        self._workbench = workbench
        self._watermarks = watermarks
        self._order = order
        self._batch = batch
        self._admission = admission
        self._unwritten = unwritten
        self._capacity = capacity
        self._hungry = hungry
        self._alarm = alarm
        self._waiting = waiting
        self._queue: deque[Record] = deque()
        self._wake = asyncio.Event()
        self._draining = False
        self._full = False
        self._calls: set[asyncio.Task[None]] = set()
        self._fault: BaseException | None = None

    @property
    def in_flight(self) -> int:
        """Deliveries inside handlers, for `concurrent`."""
        return len(self._calls)

    @property
    def queued(self) -> int:
        """Records that have come and were not handed over."""
        return len(self._queue)

    def wants_more(self) -> bool:
        """Say whether the task should be polled: from full it must fall to half before it is polled again."""
        held = len(self._queue) + len(self._calls) + self._unwritten()
        self._full = held > self._capacity / 2 if self._full else held >= self._capacity
        return not self._full and not self._draining and len(self._queue) < _ENOUGH_QUEUED

    def take(self, records: list[Record]) -> None:
        """Queue records, each partition's in ascending order."""
        if not self._draining:
            self._queue.extend(records)
            self._wake.set()

    def take_first(self, timers: list[Record]) -> None:
        """Queue timers that have gone off before all records."""
        if not self._draining:
            self._queue.extendleft(reversed(timers))
            self._wake.set()

    def written(self) -> None:
        """Note that the watermarks have moved, which may let more be dispatched."""
        self._wake.set()

    def drain(self) -> None:
        """Hand nothing more over; `run` returns when what is in flight has finished."""
        self._draining = True
        self._queue.clear()
        self._wake.set()

    def cancel(self) -> None:
        """Give up what is in flight."""
        for call in self._calls:
            call.cancel()

    async def run(self) -> None:
        """Dispatch until drained."""
        try:
            await self._dispatch()
        finally:
            self._admission.forget(self._wake)
        while self._calls:
            self._wake.clear()
            await self._wake.wait()
        if self._fault is not None:
            raise self._fault

    async def _dispatch(self) -> None:
        step = {"in_order": self._in_order, "batches": self._in_batches, "concurrent": self._concurrently}[self._order]
        while not self._draining:
            if self._fault is not None:
                raise self._fault
            if not self._queue or self._blocked():
                self._admission.forget(self._wake)
                self._wake.clear()
                await self._wake.wait()
                continue
            await step()
            if len(self._queue) < _ENOUGH_QUEUED:
                self._hungry()

    def _blocked(self) -> bool:
        """Say whether the head of the queue would stretch the finished map, or too much waits for something."""
        head = self._queue[0]
        if self._crowded(head):
            return True
        if self._unwritten() >= 2 * self._capacity:
            return True
        watermark = self._watermarks[Partition(head.topic, head.partition)]
        # With nothing in flight before it the place moves to the head itself, however wide the gap.
        return watermark.oldest_in_flight is not None and head.offset - watermark.next_commit >= MAX_SPAN

    def _crowded(self, head: Record) -> bool:
        """Say whether too many timers are set for a record; a timer itself is always let through."""
        if self._alarm is None or self._waiting is None or head.topic == self._alarm.topic:
            return False
        return len(self._alarm) >= self._waiting

    def _next(self) -> Record | None:
        record = self._queue.popleft()
        if self._alarm is not None and record.topic == self._alarm.topic:
            return record if self._alarm.current(record) else None
        watermark = self._watermarks[Partition(record.topic, record.partition)]
        if isinstance(record, Expired):
            watermark.forget(record.offset)
        place = watermark.next_commit
        if watermark.deliver(record.offset):
            return record
        if watermark.next_commit > place:
            self._workbench.pass_over(record)
        return None

    async def _in_order(self) -> None:
        for _ in range(_RECORDS_BETWEEN_BREATHS):
            if not self._queue or self._blocked() or self._draining:
                break
            if (record := self._next()) is not None:
                try:
                    await self._workbench.handle(record)
                except Unfinished:
                    return
        await asyncio.sleep(0)

    async def _in_batches(self) -> None:
        records: list[Record] = []
        while self._queue and not self._blocked() and len(records) < self._batch:
            if (record := self._next()) is not None:
                records.append(record)
        try:
            await self._workbench.handle_batch(records)
        except Unfinished:
            return
        await asyncio.sleep(0)

    async def _concurrently(self) -> None:
        head = self._queue[0]
        # Before it asks: what it waits for may come about while it does.
        self._wake.clear()
        if not self._admission.take(head, self._wake):
            await self._wake.wait()
            return
        record = self._next()
        if record is None:
            self._admission.release(head)
            return
        call = asyncio.ensure_future(self._workbench.handle(record))
        self._calls.add(call)
        call.add_done_callback(partial(self._ended, record))

    def _ended(self, record: Record, call: "asyncio.Task[None]") -> None:
        self._calls.discard(call)
        self._admission.release(record)
        self._wake.set()
        if not call.cancelled():
            fault = call.exception()
            if fault is not None and not isinstance(fault, Unfinished):
                self._fault = self._fault or fault
