"""Runs one processor in this process: its place in the group, its tasks, its readers."""

import asyncio
import logging
from collections.abc import Collection, Coroutine
from typing import Any

from headchef_contracts.events.common import JOB_CLASSES

from headchef.runtime.admission import Slots
from headchef.runtime.backlog_watch import BacklogWatch
from headchef.runtime.backoff import Backoff
from headchef.runtime.clock import Clock
from headchef.runtime.counts import Counts
from headchef.runtime.envelope import Envelope
from headchef.runtime.errors import LogUnavailable
from headchef.runtime.freeze import FreezeGuard
from headchef.runtime.handover import HandOver
from headchef.runtime.intake import Intake
from headchef.runtime.kitchen import Kitchen
from headchef.runtime.listening import Listeners
from headchef.runtime.log.port import Log, MemberSettings
from headchef.runtime.names import names
from headchef.runtime.processor import Processor
from headchef.runtime.replaying import Replays
from headchef.runtime.settings import RuntimeSettings
from headchef.runtime.task import Phase, Task
from headchef.runtime.telemetry.metrics import Metrics
from headchef.runtime.telemetry.tracing import Tracer
from headchef.runtime.turns import Turns

_log = logging.getLogger(__name__)

_MEMBERSHIP_LOOK_S, _FIRST_PAUSE_S = 0.2, 0.5


class Engine:
    """One processor, as a member of its group.

    Args:
        processor: what to run.
        log: where it reads and writes.
        settings: how.
        instance: static member id.
        guard: withholds leave to pay after a freeze.
        clock: where time comes from.
        metrics: for gauges and counters.
        tracer: for traces.
    """

    def __init__(
        self,
        processor: Processor,
        *,
        log: Log,
        settings: RuntimeSettings,
        instance: str,
        guard: FreezeGuard,
        clock: Clock,
        metrics: Metrics,
        tracer: Tracer,
    ) -> None:
        self.processor = processor
        self._log = log
        self._settings, self._guard = settings, guard
        self._clock = clock
        self._metrics = metrics
        self._names = names(settings.namespace, processor)
        self._tasks: dict[int, Task] = {}
        self._runs: set[asyncio.Future[None]] = set()
        self._released = asyncio.Event()
        self._joined = self._ending = False
        self._fault: asyncio.Future[None] | None = None
        self._counts = Counts(processor.name, self._names, log, clock)
        self._hand_over = HandOver(self, self._rejoin, guard)
        self._membership = log.membership(
            MemberSettings(
                group=self._names.group,
                instance=instance,
                topics=tuple(self._names.inputs),
                session_timeout_s=settings.session_timeout_s,
                heartbeat_s=min(settings.heartbeat_s, settings.session_timeout_s / 3),
            ),
            self._hand_over,
        )
        self._kitchen = Kitchen(
            processor=processor,
            log=log,
            names=self._names,
            settings=settings,
            clock=clock,
            metrics=metrics,
            tracer=tracer,
            envelope=Envelope(namespace=settings.namespace, processor=processor, group=self._names.group, clock=clock),
            admission=processor.admission
            or Slots(processor.concurrency, Turns(settings.bulk_share), processor.sharing),
            counts=self._counts,
            shared=lambda: self._hand_over.shared,
            commit=self._membership.commit,
            changed=self._changed,
        )
        self._intakes = [
            Intake(
                log,
                name=f"{self._names.group}.{job_class}",
                job_class=job_class,
                topics=[topic for topic, source in self._names.inputs.items() if source.job_class == job_class],
                tasks=lambda: self._tasks,
                clock=clock,
                after_loss=settings.after_loss,
            )
            for job_class in JOB_CLASSES
            if any(source.job_class == job_class for source in processor.inputs)
        ]
        self._backlog = BacklogWatch(log, processor, settings, clock)
        self._listeners = Listeners(self._kitchen)
        self._replays = Replays(self._kitchen)

    @property
    def tasks(self) -> dict[int, Task]:
        """The tasks of this process, by number."""
        return self._tasks

    @property
    def intakes(self) -> list[Intake]:
        """One reader a class of inputs."""
        return self._intakes

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop, then drain and leave.

        Raises:
            HeadchefError: what ended the processor; nothing unfinished was committed.
            BadSettings: with what a broadcast says, this process cannot do its work.
        """
        self._fault = asyncio.get_running_loop().create_future()
        self._spawn(self._work())
        stopping = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait((stopping, self._fault), return_when=asyncio.FIRST_COMPLETED)
            if not self._fault.done():
                await self._leave(self._fault)
            if self._fault.done():
                self._fault.result()
        finally:
            stopping.cancel()
            await self._end()

    def live(self) -> str | None:
        """Say why this processor should be restarted, or None."""
        return "it has failed" if self._fault is not None and self._fault.done() else None

    def ready(self) -> str | None:
        """Say why this processor is not at work, or None."""
        if behind := self._listeners.behind:
            return f"it is reading {', '.join(behind)}"
        if not self._joined:
            return "it has not joined its group"
        if waiting := [number for number, task in self._tasks.items() if task.phase is Phase.RECOVERING]:
            return f"tasks {waiting} are recovering"
        return "it is leaving" if self._hand_over.leaving else self._kitchen.admission.standstill()

    def owned(self) -> Collection[int]:
        """Give the tasks that have started and not ended."""
        return self._tasks.keys()

    def start(self, task: int) -> None:
        """Begin to run a task, unless all is about to end."""
        if self._ending:
            return
        _log.info("%s: task %d starts here", self.processor.name, task)
        self._tasks[task] = Task(task, self._kitchen)
        self._spawn(self._live(self._tasks[task]))

    def drain(self, task: int) -> None:
        """Let a task end."""
        if self._tasks[task].phase is not Phase.DRAINING:
            _log.info("%s: task %d is to be given back", self.processor.name, task)
        self._tasks[task].drain()
        self._changed()

    def lose(self, task: int) -> None:
        """End a task that another member owns by now."""
        self._tasks[task].lose()
        self._changed()

    def was_absent(self) -> None:
        """End all tasks where no fencing would tell that another member has moved them on."""
        if self._settings.processing_guarantee == "at_least_once":
            for task in self._tasks:
                self.lose(task)

    def settled(self) -> None:
        """Note that a join has ended."""
        self._joined = True
        self._metrics.count("headchef.rebalances")
        if self._hand_over.released:
            self.released()
        self._spawn(self._counts.again())

    def released(self) -> None:
        """Go: nothing keeps this process in the group any more."""
        self._released.set()

    async def _live(self, task: Task) -> None:
        try:
            await task.run()
        finally:
            if self._tasks.get(task.number) is task:
                del self._tasks[task.number]
            self._changed()
            self._hand_over.ended()

    async def _work(self) -> None:
        await self._listeners.catch_up(self._spawn)
        await self._counts.agree()
        self._spawn(self._counts.watch(lambda: self._hand_over.shared, self._rejoin))
        for intake in self._intakes:
            for part in intake.parts():
                self._spawn(part)
        self._spawn(self._backlog.run())
        self._spawn(self._replays.run())
        self._spawn(self._guard.watch(self._rejoin))
        await self._join()
        while True:
            if (failure := self._membership.failure()) is not None:
                raise failure
            await self._clock.sleep(_MEMBERSHIP_LOOK_S)

    async def _join(self) -> None:
        backoff = Backoff(_FIRST_PAUSE_S)
        while True:
            try:
                return await self._membership.join()
            except LogUnavailable as error:
                pause_s = backoff.pause_s()
                _log.warning("%s; trying to join again in %.1f s", error, pause_s)
            await self._clock.sleep(pause_s)

    async def _leave(self, fault: "asyncio.Future[None]") -> None:
        """Give all tasks back, and go when the group knows."""
        if not self._joined:
            return
        self._hand_over.leave()
        known = asyncio.ensure_future(self._released.wait())
        overdue = asyncio.ensure_future(self._overdue())
        await asyncio.wait((known, overdue, fault), return_when=asyncio.FIRST_COMPLETED)
        known.cancel()
        overdue.cancel()

    async def _overdue(self) -> None:
        """Wait as long as a task may take to drain, and a round after it."""
        await self._clock.sleep(self._settings.drain_timeout_s + self._settings.session_timeout_s)
        _log.error("%s: leaving without the group's answer", self.processor.name)

    async def _end(self) -> None:
        # A round that ends meanwhile must not start a task again, which nobody would end.
        self._ending = True
        runs = list(self._runs)
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)
        for intake in self._intakes:
            await intake.close()
        await self._backlog.close()
        await self._listeners.close()
        await self._replays.close()
        if self._released.is_set():
            await self._membership.leave()
        else:
            await self._membership.close()

    def _rejoin(self) -> None:
        if not self._ending:
            self._membership.rejoin()

    def _changed(self) -> None:
        for intake in self._intakes:
            intake.changed()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        run = asyncio.ensure_future(work)
        self._runs.add(run)
        run.add_done_callback(self._ended)

    def _ended(self, run: "asyncio.Future[None]") -> None:
        self._runs.discard(run)
        if run.cancelled() or self._fault is None or self._fault.done():
            return
        if (error := run.exception()) is not None:
            self._fault.set_exception(error)
