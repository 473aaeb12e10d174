"""Hands a task's records to the handler: one after the other, in batches, or many at once in any order."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import partial
from typing import Literal

from headchef_contracts.events.common import JOB_CLASSES, JobClass

from headchef.runtime.admission import Admission
from headchef.runtime.expiry import Expired
from headchef.runtime.feed import ENOUGH_AT_HAND, Feed
from headchef.runtime.finished import MAX_SPAN
from headchef.runtime.holding import Holding
from headchef.runtime.log.port import Partition, Record
from headchef.runtime.processor import Input
from headchef.runtime.queues import Fit, Queues
from headchef.runtime.timers import Alarm, class_of
from headchef.runtime.turns import Turns
from headchef.runtime.watermark import Watermark
from headchef.runtime.workbench import Unfinished, Workbench

_RECORDS_BETWEEN_BREATHS = 64
"""Records handled in order before others on the event loop get a turn."""

_BULK_UNWRITTEN = 100
"""Finished and not written, so many records hold up bulk: what is interactive is written behind them. A task commits
every 20 ms or so, 5,000 records a second, and at least every tenth of a second where it waits for the log."""


class Dispatcher:
    """Takes records in, and sees each through the handler: those of each class in turn, whichever came first.

    Args:
        workbench: handles records.
        watermarks: the task's inputs; a record that had finished before the last recovery is passed over.
        inputs: by full topic name.
        turns: whose turn it is where both classes wait, for `in_order` and `batches`.
        order: as `Processor.order`.
        batch: largest batch for `batches`.
        admission: says when a delivery may begin, for `concurrent`.
        unwritten: counts what is finished and not yet written.
        capacity: records of a class that the task holds in all before it wants no more. Where an input names flows, it
            goes on to read ahead, and only notes where they are.
        hungry: called when the task may want more.
        alarm: knows which timers are still set; None if the processor sets none.
        waiting: timers that may be set before no more records are handed over, as `Processor.waiting`.
        holding: keeps what is stopped, for `concurrent`; None where nothing is.

    Attributes:
        feed: takes in what was read.
    """

    def __init__(
        self,
        *,
        workbench: Workbench,
        watermarks: Mapping[Partition, Watermark],
        inputs: Mapping[str, Input],
        turns: Turns,
        order: Literal["in_order", "batches", "concurrent"],
        batch: int,
        admission: Admission,
        unwritten: Callable[[], int],
        capacity: int,
        hungry: Callable[[], None],
        alarm: Alarm | None = None,
        waiting: int | None = None,
        holding: Holding | None = None,
    ) -> None:
        self._workbench = workbench
        self._watermarks = watermarks
        self._turns = turns
        self._order = order
        self._batch = batch
        self._admission = admission
        self._unwritten = unwritten
        self._capacity = capacity
        self._hungry = hungry
        self._alarm = alarm
        self._waiting = waiting
        self._holding = holding
        self._queues = Queues(inputs, capacity)
        self._fits = {job_class: partial(self._fit, job_class) for job_class in JOB_CLASSES}
        self._wake = asyncio.Event()
        self._draining = False
        self._calls: set[asyncio.Task[None]] = set()
        self._at_work: Counter[JobClass] = Counter()
        self._fault: BaseException | None = None
        self.feed = Feed(
            inputs=inputs,
            watermarks=watermarks,
            queues=self._queues,
            capacity=capacity,
            busy=lambda job_class: self._at_work[job_class] + unwritten(),
            pass_over=workbench.pass_over,
            fed=self._wake.set,
        )

    @property
    def in_flight(self) -> int:
        """Deliveries inside handlers, for `concurrent`."""
        return len(self._calls)

    @property
    def queued(self) -> int:
        """Records that have come and were not handed over."""
        return len(self._queues)

    @property
    def held(self) -> int:
        """Timers that are set aside until what stops them changes."""
        return 0 if self._holding is None else len(self._holding)

    def take_first(self, timers: list[Record]) -> None:
        """Queue timers that have gone off before all records of their class."""
        if not self._draining:
            for job_class in JOB_CLASSES:
                self._queues.add_first([timer for timer in timers if class_of(timer) == job_class], job_class)
            self._wake.set()

    def written(self) -> None:
        """Note that the watermarks have moved, which may let more be dispatched."""
        self._wake.set()

    def drain(self) -> None:
        """Hand nothing more over; `run` returns when what is in flight has finished."""
        self._draining = True
        self.feed.close()
        self._wake.set()

    def cancel(self) -> None:
        """Give up what is in flight."""
        for call in self._calls:
            call.cancel()

    async def run(self) -> None:
        """Dispatch until drained."""
        try:
            with nullcontext() if self._holding is None else self._holding.watching(self._wake.set):
                await self._dispatch()
        finally:
            self._leave_the_lines()
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
            if not any(map(self._ready, JOB_CLASSES)):
                self._leave_the_lines()
                self._wake.clear()
                await self._wake.wait()
                continue
            await step()
            if any(self._queues.length(job_class) < ENOUGH_AT_HAND for job_class in JOB_CLASSES):
                self._hungry()

    def _leave_the_lines(self) -> None:
        for job_class in JOB_CLASSES:
            self._admission.forget(job_class, self._wake)

    def _ready(self, job_class: JobClass) -> bool:
        """Say whether a record of a class waits that may be handed over as far as this task is concerned."""
        return self._head(job_class, self._fits[job_class]) is not None

    def _head(self, job_class: JobClass, fit: Fit) -> Record | None:
        most = 2 * self._capacity
        if self._unwritten() >= (min(most, _BULK_UNWRITTEN) if job_class == "bulk" else most):
            return None
        return self._queues.head(job_class, fit)

    def _fit(self, job_class: JobClass, record: Record) -> bool:
        """Say whether a record would not stretch the finished map, nor have too much wait for something."""
        if self._alarm is not None and record.topic == self._alarm.topic:
            return True
        if self._crowded(job_class) or (self._holding is not None and self._holding.blocks(record)):
            return False
        first = record.first if isinstance(record, Expired) else record.offset
        return first - self._watermarks[Partition(record.topic, record.partition)].next_commit < MAX_SPAN

    def _crowded(self, job_class: JobClass) -> bool:
        """Say whether too many timers are set for a record: bulk stops first, at half of what all may set."""
        if self._alarm is None or self._waiting is None:
            return False
        return len(self._alarm) - self.held >= (self._waiting if job_class == "bulk" else 2 * self._waiting)

    def _stopped(self, job_class: JobClass, record: Record) -> bool:
        """Say whether a record that is fit to be handed over is stopped."""
        return self._holding is not None and self._holding.stop_of(record) is not None and self._fit(job_class, record)

    def _next(self, job_class: JobClass, fit: Fit) -> Record | None:
        """Take the head of a queue, or None where it need not be handled."""
        record = self._queues.pop(job_class, fit)
        if self._holding is not None:
            self._holding.taken(record)
        if self._alarm is not None and record.topic == self._alarm.topic and not self._alarm.current(record):
            return None
        return record

    def _turn(self) -> JobClass | None:
        """Choose the class of the next delivery, or None where nothing may begin."""
        ready = {job_class: self._ready(job_class) for job_class in JOB_CLASSES}
        job_class = self._turns.whose(**ready)
        if job_class is not None:
            self._turns.began(job_class, contended=all(ready.values()))
        return job_class

    async def _in_order(self) -> None:
        for _ in range(_RECORDS_BETWEEN_BREATHS):
            if self._draining or (job_class := self._turn()) is None:
                break
            if (record := self._next(job_class, self._fits[job_class])) is not None:
                try:
                    await self._workbench.handle(record)
                except Unfinished:
                    return
        await asyncio.sleep(0)

    async def _in_batches(self) -> None:
        records: list[Record] = []
        while len(records) < self._batch and (job_class := self._turn()) is not None:
            if (record := self._next(job_class, self._fits[job_class])) is not None:
                records.append(record)
        try:
            await self._workbench.handle_batch(records)
        except Unfinished:
            return
        await asyncio.sleep(0)

    async def _concurrently(self) -> None:
        # Before it asks: what it waits for may come about while it does.
        self._wake.clear()
        for job_class in JOB_CLASSES:
            if await self._held_back(job_class):
                return
            if not self._ready(job_class):
                self._admission.forget(job_class, self._wake)
            elif self._begun(job_class):
                return
        await self._wake.wait()

    async def _held_back(self, job_class: JobClass) -> bool:
        """Take what is stopped from the heads of all flows, and say whether anything was."""
        holding, fit = self._holding, partial(self._stopped, job_class)
        for passed in range(_RECORDS_BETWEEN_BREATHS):
            if holding is None or not holding.stops_any() or (head := self._head(job_class, fit)) is None:
                return passed > 0
            stop = holding.stop_of(head)
            if (record := self._next(job_class, fit)) is None:
                continue
            if stop == "waits" and holding.is_timer(record):
                holding.set_aside(record)
            else:
                await self._workbench.settle(record, holding.settle)
        await asyncio.sleep(0)
        return True

    def _begun(self, job_class: JobClass) -> bool:
        """Begin the next delivery of a class, if it is let in."""
        head = self._head(job_class, self._fits[job_class])
        if head is None or not self._admission.take(head, job_class, self._wake):
            return False
        record = self._next(job_class, self._fits[job_class])
        if record is None:
            self._admission.release(head)
            return True
        call = asyncio.ensure_future(self._workbench.handle(record))
        self._calls.add(call)
        self._at_work[job_class] += 1
        call.add_done_callback(partial(self._ended, record, job_class))
        return True

    def _ended(self, record: Record, job_class: JobClass, call: "asyncio.Task[None]") -> None:
        self._calls.discard(call)
        self._at_work[job_class] -= 1
        self._admission.release(record)
        self._wake.set()
        if not call.cancelled():
            fault = call.exception()
            if fault is not None and not isinstance(fault, Unfinished):
                self._fault = self._fault or fault
