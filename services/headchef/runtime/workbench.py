"""Takes one delivery through the handler of a task: open, handle, seal, change state, hand to the committer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from headchef.runtime.backoff import Backoff
from headchef.runtime.clock import Clock
from headchef.runtime.committer import Committer
from headchef.runtime.counts import Counts
from headchef.runtime.envelope import Envelope, OutputTooLarge, forwarded_id
from headchef.runtime.errors import InvalidEvent, InvariantBroken, TransientError
from headchef.runtime.expiry import Expired
from headchef.runtime.giving_up import unless
from headchef.runtime.log.port import NewRecord, Record
from headchef.runtime.outcomes import Finished
from headchef.runtime.processor import (
    TIMERS,
    BatchHandler,
    Change,
    DeadLetter,
    Delivery,
    Forward,
    Handler,
    Input,
    Outcome,
)
from headchef.runtime.state import TaskState
from headchef.runtime.telemetry.metrics import Metrics
from headchef.runtime.telemetry.tracing import Hop, Tracer
from headchef.runtime.timers import Alarm, clear_timer, event_id, gone_off, set_timer

_log = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.1
_AGAIN_AFTER = timedelta(seconds=1)


class Unfinished(Exception):
    """The task is given back while a delivery waits to be tried again: its next owner handles it."""


class Workbench:
    """Handles deliveries of one task.

    Args:
        handler: the service's.
        inputs: by full topic name.
        counts: how many partitions each input topic has just now.
        envelope: opens and seals.
        state: the task's stores.
        committer: takes what is finished.
        clock: for pauses and changelog times.
        metrics: for counters.
        tracer: for the hops' traces.
        draining: set when the task is given back.
        alarm: makes timers go off; None if the processor sets none.
    """

    def __init__(
        self,
        *,
        handler: Handler | BatchHandler,
        inputs: dict[str, Input],
        counts: Counts,
        envelope: Envelope,
        state: TaskState,
        committer: Committer,
        clock: Clock,
        metrics: Metrics,
        tracer: Tracer,
        draining: asyncio.Event,
        alarm: Alarm | None,
    ) -> None:
        self._single = None if isinstance(handler, BatchHandler) else handler
        self._batched = handler if isinstance(handler, BatchHandler) else None
        self._inputs = inputs
        self._counts = counts
        self._envelope = envelope
        self._state = state
        self._committer = committer
        self._clock = clock
        self._metrics = metrics
        self._tracer = tracer
        self._draining = draining
        self._alarm = alarm

    async def handle(self, record: Record) -> None:
        """Handle one record, however often it takes.

        Raises:
            Unfinished: if the task is drained before a fault outside has passed.
        """
        delivery = self._opened(record)
        if delivery is None:
            return
        hop = self._tracer.process(delivery)
        with hop:
            outcome = await self._settled(delivery)
        self._conclude(delivery, outcome, hop)

    async def settle(self, record: Record, decide: Callable[[Delivery], Awaitable[Outcome]]) -> None:
        """Conclude a record that is not to be handled.

        Args:
            record: as `handle`.
            decide: says what it leads to; must not fail.
        """
        delivery = self._opened(record)
        if delivery is None:
            return
        hop = self._tracer.process(delivery)
        with hop:
            outcome = await decide(delivery)
        self._conclude(delivery, outcome, hop)

    async def handle_batch(self, records: Sequence[Record]) -> None:
        """Handle several records of the task at once; after a fault, one by one.

        Raises:
            Unfinished: as `handle`.
        """
        deliveries = [delivery for record in records if (delivery := self._opened(record)) is not None]
        if not deliveries:
            return
        hops = [self._tracer.process(delivery) for delivery in deliveries]
        outcomes = await self._outcomes(deliveries)
        for place, (delivery, hop) in enumerate(zip(deliveries, hops, strict=True)):
            # One by one each sees what those before it have changed.
            outcome = await self._outcome(delivery) if outcomes is None else outcomes[place]
            hop.processed()
            self._conclude(delivery, outcome, hop)

    def _opened(self, record: Record) -> Delivery | None:
        """Decode a record; what is no event is finished here and now."""
        if self._alarm is not None and record.topic == self._alarm.topic:
            return self._gone_off(record)
        source = self._inputs[record.topic]
        if isinstance(record, Expired):
            self._lost(source.topic, record)
            return None
        if record.value is None and not source.raw:
            self._metrics.count("headchef.records.skipped", 1, {"topic": source.topic})
            self._committer.add(Finished(record, []))
            return None
        try:
            return self._envelope.open(source, record, self._counts.partitions[record.topic])
        except InvalidEvent as error:
            self._bury(source.topic, record, error, error.reason)
            return None

    def pass_over(self, record: Record) -> None:
        """Have a place written that has moved past a record which had finished before the task came here."""
        self._committer.add(Finished(record, []))

    def _lost(self, topic: str, record: Expired) -> None:
        """Write down which records have expired; from then on they are behind the task's place."""
        self._metrics.count("headchef.records.lost", record.offset + 1 - record.first, {"topic": topic})
        self._metrics.count("headchef.dead_letters", 1, {"topic": topic, "reason": record.letter.reason})
        self._committer.add(Finished(record, [self._envelope.dead_letter(topic, record, record.letter)]))

    def _conclude(self, delivery: Delivery, outcome: Outcome, hop: Hop) -> None:
        """Make an outcome's changes visible and hand its records over, or bury the input if they cannot be written."""
        for name in outcome.counted:
            self._metrics.count(name)
        try:
            records = self._envelope.seal(delivery, outcome, hop)
        except OutputTooLarge as error:
            hop.sent(error)
            self._bury(delivery.topic, delivery.record, error)
            return
        changes = self._changes(delivery, outcome, hop)
        if changes:
            records += self._changed(changes)
        dead: str | None = None
        for output in outcome.outputs:
            if isinstance(output, DeadLetter):
                dead = dead or output.reason
                self._metrics.count("headchef.dead_letters", 1, {"topic": delivery.topic, "reason": output.reason})
            elif isinstance(output, Forward):
                self._metrics.count("headchef.records.forwarded", 1, {"topic": delivery.topic})
        self._committer.add(Finished(delivery.record, records, hop, stateful=bool(changes), dead_reason=dead))

    def _changed(self, changes: tuple[Change, ...]) -> list[NewRecord]:
        """Make changes visible, and give what the changelogs are to be told."""
        now_ms = int(self._clock.now().timestamp() * 1000)
        self._state.apply(changes, now_ms)
        if self._alarm is not None:
            self._alarm.noted(changes)
        return self._state.records(changes, now_ms)

    def _gone_off(self, record: Record) -> Delivery:
        self._metrics.count("headchef.timers.fired")
        timer = gone_off(record)
        return Delivery(TIMERS, None, event_id(timer), record, 0, self._clock.now(), timer)

    def _changes(self, delivery: Delivery, outcome: Outcome, hop: Hop) -> tuple[Change, ...]:
        """Put what an outcome says of timers beside its other changes; a timer that has gone off is gone."""
        if self._alarm is None:
            if outcome.timers or outcome.cleared:
                raise InvariantBroken(f"{delivery.topic}: a processor without timers sets or clears one")
            return outcome.changes
        # Set again for when it went off: that is a part of a millisecond early, and the clock may have been set back.
        wanted = [
            replace(each, due=each.due + _AGAIN_AFTER) if event_id(each) == delivery.event_id else each
            for each in outcome.timers
        ]
        kept = {timer.id for timer in wanted}
        gone = set(outcome.cleared)
        if delivery.timer is not None and self._alarm.current(delivery.record):
            gone.add(delivery.timer.id)
        timers = (
            *(clear_timer(each) for each in sorted(gone - kept)),
            *(set_timer(each, hop.headers(TIMERS), self._clock.now()) for each in wanted),
        )
        return (*outcome.changes, *timers)

    def _bury(self, topic: str, record: Record, error: InvalidEvent, dead_reason: str | None = None) -> None:
        _log.warning("dead letter: %s[%d] offset %d: %s", record.topic, record.partition, record.offset, error)
        self._metrics.count("headchef.dead_letters", 1, {"topic": topic, "reason": error.reason})
        letter = DeadLetter(error.reason, error.field, error.message)
        records = [self._envelope.dead_letter(topic, record, letter)]
        if self._alarm is not None and record.key is not None and self._alarm.current(record):
            records += self._changed((clear_timer(record.key.decode()),))
        self._committer.add(Finished(record, records, stateful=len(records) > 1, dead_reason=dead_reason))

    async def _outcomes(self, deliveries: Sequence[Delivery]) -> Sequence[Outcome] | None:
        """Handle several deliveries at once; None where they are to be handled one by one."""
        if self._batched is not None:
            with suppress(InvalidEvent, TransientError):
                return await self._batched.handle_batch(deliveries, self._state)
        return None

    async def _settled(self, delivery: Delivery) -> Outcome:
        """Handle a delivery; one that is to be forwarded once more, by the newest count of its topic's partitions.

        Else two processes, one of which has not yet seen that a topic has grown, send it to and fro at full speed.
        """
        outcome = await self._outcome(delivery)
        forwards = any(isinstance(output, Forward) for output in outcome.outputs)
        if forwards and forwarded_id(delivery.record) is not None:
            await self._counts.again()
            partitions = self._counts.partitions[delivery.record.topic]
            if partitions != delivery.partitions:
                return await self._outcome(replace(delivery, partitions=partitions))
        return outcome

    async def _outcome(self, delivery: Delivery) -> Outcome:
        backoff = Backoff(_FIRST_PAUSE_S)
        while True:
            try:
                if self._single is not None:
                    return await self._single.handle(delivery, self._state)
                if self._batched is not None:
                    return (await self._batched.handle_batch([delivery], self._state))[0]
            except InvalidEvent as error:
                return Outcome((DeadLetter(error.reason, error.field, error.message),))
            except TransientError as error:
                pause_s = backoff.pause_s()
                _log.warning("%s: trying again in %.1f s: %s", delivery.topic, pause_s, error)
                self._metrics.count("headchef.deliveries.retried", 1, {"topic": delivery.topic})
                await unless(self._draining, self._clock.sleep(pause_s))
                if self._draining.is_set():
                    raise Unfinished from error
