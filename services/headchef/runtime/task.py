"""One task: recovers, handles and writes its records, and ends when it is given back or lost."""

import asyncio
import logging
from collections.abc import Mapping
from enum import Enum

from headchef.runtime.backoff import Backoff
from headchef.runtime.clean_mark import CleanMark
from headchef.runtime.committer import Committer, StateOvertaken
from headchef.runtime.dispatch import Dispatcher
from headchef.runtime.errors import LogUnavailable, ProducerBroken, ProducerFenced
from headchef.runtime.feed import Feed
from headchef.runtime.giving_up import unless
from headchef.runtime.guarantee import writer_of
from headchef.runtime.halting import guard_for
from headchef.runtime.holding import Holding
from headchef.runtime.kitchen import Kitchen
from headchef.runtime.ledger import Ledger
from headchef.runtime.log.port import NewRecord, Partition, Record
from headchef.runtime.outcomes import Finished
from headchef.runtime.processor import TIMERS, DeadLetter
from headchef.runtime.recovery import Recovery
from headchef.runtime.state import TaskState
from headchef.runtime.timers import Alarm
from headchef.runtime.turns import Turns
from headchef.runtime.watermark import Watermark
from headchef.runtime.workbench import Workbench
from headchef.runtime.writers import Places, RecordsRefused, Writer

_log = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.2
_CLOSE_S = 15.0

Watermarks = dict[Partition, Watermark]


class Phase(Enum):
    """Where a task is in its life."""

    RECOVERING = "recovering"
    RUNNING = "running"
    DRAINING = "draining"
    ENDED = "ended"


class Task:
    """Partition number p of all inputs, its state, its producer.

    Args:
        number: p.
        kitchen: what it shares with the other tasks here.
    """

    def __init__(self, number: int, kitchen: Kitchen) -> None:
        self.number = number
        self.phase = Phase.RECOVERING
        self._kitchen = kitchen
        self._inputs = [Partition(topic, number) for topic in kitchen.names.inputs]
        self._changelogs = dict(kitchen.names.changelogs)
        self._timers = Partition(self._changelogs[TIMERS], number) if kitchen.processor.timers else None
        self._ledger = Ledger(
            kitchen.log, kitchen.names.transactional_id(number), Partition(kitchen.names.births, number)
        )
        self._state = TaskState(kitchen.processor.kept, number, self._changelogs)
        self._watermarks: Watermarks = {}
        self._draining = asyncio.Event()
        self._lost = asyncio.Event()
        self._dispatcher: Dispatcher | None = None
        self._committer: Committer | None = None
        self._left_clean = False
        self._closed = False

    @property
    def watermarks(self) -> Mapping[Partition, Watermark]:
        """The place of each input; empty while recovering."""
        return self._watermarks

    @property
    def in_flight(self) -> int:
        """Deliveries handed to handlers or waiting to be written."""
        if self._dispatcher is None or self._committer is None:
            return 0
        return self._dispatcher.in_flight + len(self._committer)

    @property
    def queued(self) -> int:
        """Records that have come and were not handed over."""
        return 0 if self._dispatcher is None else self._dispatcher.queued

    @property
    def held(self) -> int:
        """Timers that are set aside until what stops them changes."""
        return 0 if self._dispatcher is None else self._dispatcher.held

    @property
    def entries(self) -> Mapping[str, int]:
        """Entries in each of the task's stores."""
        return self._state.counts()

    @property
    def feed(self) -> Feed | None:
        """Takes in what is read for the task; None while it is not at work."""
        return None if self._dispatcher is None or self.phase is not Phase.RUNNING else self._dispatcher.feed

    def drain(self) -> None:
        """Finish what has begun, commit, end."""
        if self.phase is not Phase.ENDED:
            self.phase = Phase.DRAINING
        self._draining.set()
        if self._dispatcher is not None:
            self._kitchen.admission.leaving(self.number)
            self._dispatcher.drain()

    def lose(self) -> None:
        """End without a further commit: another member owns the task."""
        self.drain()
        self._lost.set()

    async def run(self) -> None:
        """Live: recover, work until drained or lost. Faults that only cost this task end it; all others are raised."""
        placed = self._inputs if self._timers is None else [*self._inputs, self._timers]
        writer = writer_of(self.number, self._kitchen, placed, self._ledger, self._commit)
        try:
            if await self._recovered(writer):
                await self._work(writer)
                await asyncio.wait_for(writer.close(), _CLOSE_S)
                self._closed = True
        except (LogUnavailable, ProducerFenced, ProducerBroken, StateOvertaken, TimeoutError) as error:
            _log.warning("task %s-%d is lost here: %s", self._kitchen.processor.name, self.number, error)
            self._kitchen.metrics.count("headchef.tasks.given_up", 1, {"reason": type(error).__name__})
        finally:
            self.phase = Phase.ENDED
            if self._dispatcher is not None:
                self._dispatcher.cancel()
            if not self._closed:
                writer.abandon()

    async def _commit(self, places: Places) -> None:
        """Commit as the process's member; between two tries the group may have confirmed that without this task."""
        if self._lost.is_set():
            raise ProducerFenced(f"the group has given task {self.number} to another member")
        await self._kitchen.commit(places)

    async def _recovered(self, writer: Writer) -> bool:
        """Recover, as often as the log is away or refuses a birth. Returns False if the task was given back first."""
        kitchen = self._kitchen
        backoff = Backoff(_FIRST_PAUSE_S)
        began_s = kitchen.clock.monotonic()
        recovery = Recovery(
            kitchen.log,
            name=kitchen.names.transactional_id(self.number),
            task=self.number,
            inputs=self._inputs,
            ledger=self._ledger,
            changelogs=self._changelogs,
            timers=self._timers,
            guarantee=kitchen.settings.processing_guarantee,
            clock=kitchen.clock,
        )
        while not self._draining.is_set():
            try:
                found = await unless(self._draining, recovery.run(writer, self._state))
            except (LogUnavailable, RecordsRefused) as error:
                pause_s = backoff.pause_s()
                _log.warning("task %d cannot recover, trying again in %.1f s: %s", self.number, pause_s, error)
                await kitchen.clock.sleep(pause_s)
            else:
                if found is None:
                    return False
                self._watermarks, self._left_clean = found.places, found.clean
                goes_on = {f"{each.topic}[{each.number}]": place.next_commit for each, place in found.places.items()}
                _log.info("task %s-%d goes on from %s", kitchen.processor.name, self.number, goes_on)
                kitchen.metrics.count("headchef.tasks.restored")
                kitchen.metrics.record("headchef.restore.duration", kitchen.clock.monotonic() - began_s)
                return True
        return False

    async def _work(self, writer: Writer) -> None:
        kitchen, settings, processor = self._kitchen, self._kitchen.settings, self._kitchen.processor
        self._committer = Committer(
            writer=writer,
            watermarks=self._watermarks,
            dead_letter=self._too_much,
            guard=guard_for(processor.name, kitchen.names.inputs, settings),
            clock=kitchen.clock,
            interval_s=settings.commit_interval_s,
            gather_s=settings.commit_gather_s,
            max_records=settings.commit_max_records,
            max_bytes=settings.commit_max_bytes,
            written=self._written,
        )
        alarm, holding = None, None
        if self._timers is not None:
            alarm = Alarm(*self._timers, state=self._state, clock=kitchen.clock, hand_over=self._ring)
            holding = None if processor.hold is None else Holding(processor.hold, alarm, processor.most_held)
        workbench = Workbench(
            handler=processor.handler,
            inputs=kitchen.names.inputs,
            counts=kitchen.counts,
            envelope=kitchen.envelope,
            state=self._state,
            committer=self._committer,
            clock=kitchen.clock,
            metrics=kitchen.metrics,
            tracer=kitchen.tracer,
            draining=self._draining,
            alarm=alarm,
        )
        self._dispatcher = Dispatcher(
            workbench=workbench,
            watermarks=self._watermarks,
            inputs=kitchen.names.inputs,
            turns=Turns(settings.bulk_share),
            order=processor.order,
            batch=processor.batch,
            admission=kitchen.admission,
            unwritten=self._committer.__len__,
            capacity=settings.buffer_records,
            hungry=kitchen.changed,
            alarm=alarm,
            waiting=processor.waiting,
            holding=holding,
        )
        if self._draining.is_set():
            self._dispatcher.drain()
        else:
            self.phase = Phase.RUNNING
            kitchen.changed()
        mark = None
        if processor.admission is not None:
            mark = CleanMark(writer, self._watermarks, kitchen.clock, found=self._left_clean)
        await self._until_drained(self._dispatcher, self._committer, alarm, mark)

    def _ring(self, timers: list[Record]) -> None:
        if self._dispatcher is not None:
            self._dispatcher.take_first(timers)

    async def _until_drained(
        self, dispatcher: Dispatcher, committer: Committer, alarm: Alarm | None, mark: CleanMark | None
    ) -> None:
        opened = asyncio.Event()
        dispatching = asyncio.ensure_future(self._dispatch(dispatcher, opened))
        committing = asyncio.ensure_future(self._commit_all(committer, mark, opened))
        overdue = asyncio.ensure_future(self._overdue())
        parts = [dispatching, committing, overdue]
        if alarm is not None:
            parts.append(asyncio.ensure_future(alarm.run()))
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            if dispatching.done():
                dispatching.result()
                committer.close()
                await asyncio.wait((committing, overdue), return_when=asyncio.FIRST_COMPLETED)
            if committing.done():
                return committing.result()
            for part in parts:
                if part.done():
                    part.result()
        finally:
            for part in parts:
                part.cancel()
            self._kitchen.admission.ended(self.number)

    async def _dispatch(self, dispatcher: Dispatcher, opened: asyncio.Event) -> None:
        await opened.wait()
        self._kitchen.admission.begun(self.number, self._kitchen.shared, clean=self._left_clean)
        if self._draining.is_set():
            self._kitchen.admission.leaving(self.number)
        await dispatcher.run()

    async def _commit_all(self, committer: Committer, mark: CleanMark | None, opened: asyncio.Event) -> None:
        """Write what the task finishes, between its first commit, which says that it has begun, and its last."""
        if mark is not None:
            await mark.withdraw()
        opened.set()
        await committer.run()
        if mark is not None and await self._kitchen.admission.vacated(self.number):
            await mark.leave()

    async def _overdue(self) -> None:
        await self._draining.wait()
        await unless(self._lost, self._kitchen.clock.sleep(self._kitchen.settings.drain_timeout_s))
        if self._lost.is_set():
            raise ProducerFenced("the group has given it to another member")
        raise TimeoutError(f"not drained within {self._kitchen.settings.drain_timeout_s} s")

    def _written(self) -> None:
        self._kitchen.metrics.count("headchef.commits")
        if self._dispatcher is not None:
            self._dispatcher.written()
        self._kitchen.changed()

    def _too_much(self, finished: Finished, error: Exception) -> NewRecord:
        source = self._kitchen.names.inputs.get(finished.source.topic)
        topic = TIMERS if source is None else source.topic
        letter = DeadLetter("output_refused", None, f"the log does not take an output of this record: {error}")
        return self._kitchen.envelope.dead_letter(topic, finished.source, letter)
