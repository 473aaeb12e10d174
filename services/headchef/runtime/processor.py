"""What a service tells the runtime: its inputs, its stores and its handler; and what flows between the two.

A handler gets a delivery and gives an outcome. Outcomes are values: the runtime writes outputs, state changes and the
consumed offset together, or none of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from headchef_contracts import topics
from headchef_contracts.events.common import Cause, Event, JobClass

from headchef.runtime.admission import Admission, Sharing
from headchef.runtime.backlog import Backlog
from headchef.runtime.broadcast_input import Broadcast
from headchef.runtime.log.port import Headers, Record
from headchef.runtime.replay_input import Replay
from headchef.runtime.telemetry.measures import CounterName

TIMERS = "timers"
"""The topic of a delivery that is a timer gone off, and the store that keeps the timers of a task."""


@dataclass(frozen=True, slots=True)
class Timer:
    """A delivery that a handler makes to itself, later; it is state, and outlives crashes and moves.

    Attributes:
        id: within the task; setting one that is set replaces it.
        due: when it goes off, UTC by the wall clock; at once if that has passed. A clock that is set while it waits, or
            that was wrong, does not make it wait longer than it would have when it was set.
        payload: what to remember, in the handler's own form.
        job_class: of the work that it goes on with, before which it is handed over.
    """

    id: str
    due: datetime
    payload: bytes
    job_class: JobClass = "interactive"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One record, or one timer gone off, on its way through a handler.

    Attributes:
        topic: logical name, such as `steps.planned`; `TIMERS` for a timer.
        event: the decoded event; None where the input is declared raw, and for a timer.
        event_id: `ce_id`, or one derived from the record's place or the timer: the same at each redelivery.
        record: the record as it was read; for a timer, what its changelog says, at no offset.
        partitions: how many partitions the input topic has.
        received_at: when it reached this process, UTC.
        timer: the one that has gone off, or None.
    """

    topic: str
    event: Event | None
    event_id: str
    record: Record
    partitions: int
    received_at: datetime
    timer: Timer | None = None

    @property
    def cause(self) -> Cause:
        """Name the record, for `decided.causes`; what a timer does has the causes that its payload remembers."""
        return Cause(topic=self.topic, partition=self.record.partition, offset=self.record.offset)


@dataclass(frozen=True, slots=True)
class Emit:
    """An event to publish; its id is derived from the input's, the processor and its place in the outcome.

    Attributes:
        topic: logical name; the topic table gives the key.
        event: what to publish.
        partition: set only where the topic table's key does not decide, as for home partitions.
        identity: what the event is about, where that decides alone which event it is: there is one such event on
            whatever way it comes about (a result), or another each time (a call). Its id is then derived from this.
        among: where no partition is set, one of the topic's first so many is chosen; None for any.
    """

    topic: str
    event: Event
    partition: int | None = None
    identity: str | None = None
    among: int | None = None


@dataclass(frozen=True, slots=True)
class Forward:
    """The delivered record itself, untouched, to another partition of its topic, with headers added."""

    partition: int
    headers: Headers


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """The delivered record itself, untouched, to the dead letters of its topic, with the reason in headers."""

    reason: str
    field: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Change:
    """A new value in one of the task's stores; None deletes."""

    store: str
    key: bytes
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that one delivery leads to, written in one transaction with its offset.

    Attributes:
        outputs: in the order in which they are to be written.
        changes: visible to the next delivery in order, or the next batch; concurrent ones see them at completion.
        counted: counters to raise by one.
        timers: to be set. One that has gone off is gone, unless its outcome sets it again.
        cleared: ids of timers that shall not go off any more.
    """

    outputs: tuple[Emit | Forward | DeadLetter, ...] = ()
    changes: tuple[Change, ...] = ()
    counted: tuple[CounterName, ...] = ()
    timers: tuple[Timer, ...] = ()
    cleared: tuple[str, ...] = ()


class State(Protocol):
    """The task's stores, to read. Writing is done by outcomes."""

    @property
    def edition(self) -> object:
        """Another object after each restore: what a handler remembers beside the stores holds for one edition."""
        ...

    def get(self, store: str, key: bytes) -> bytes | None:
        """Give a key's value, or None."""
        ...


class Handler(Protocol):
    """Handles one delivery at a time: in order, or concurrently where the processor says so.

    May raise `InvalidEvent` (dead letter) and `TransientError` (the same delivery again); all else ends the process.
    """

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        """Decide what one delivery leads to."""
        ...


@runtime_checkable
class BatchHandler(Protocol):
    """Handles several deliveries of one task at once, for ports that are cheaper in batches.

    Raises as `Handler` does, but then for the batch: it is delivered again one by one. The state is as it was before
    the batch, so what one delivery changes the handler itself must let the next one see; and a timer of the batch may
    be cleared by a delivery before it.
    """

    async def handle_batch(self, deliveries: Sequence[Delivery], state: State) -> Sequence[Outcome]:
        """Decide what each delivery leads to: one outcome a delivery, in their order."""
        ...


Stop = Literal["waits", "ends", "moves"]
"""What becomes of a record that is stopped: it is set aside until that changes; it ends at once, a timer also before it
is due; or it goes on elsewhere, a timer when it is due."""


class Hold(Protocol):
    """Stops records from outside, and lets them go on: those of processors that are `concurrent` and set timers.

    Of a processor that handles `in_order`, or in `batches`, it stops nothing: a timer that is to end goes off before it
    is due, and is handled as any other.
    """

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Have somebody told when other records may be stopped than before.

        Returns:
            Ends that.
        """
        ...

    def stops_any(self) -> bool:
        """Say whether any record may be stopped just now."""
        ...

    def stop_of(self, record: Record) -> Stop | None:
        """Say whether a record, or a timer gone off, is stopped: None if it may be handled. Answers at once."""
        ...

    async def settle(self, delivery: Delivery) -> Outcome:
        """Decide what a delivery that is stopped leads to: its end or its move, or where it waits a timer that is due.

        It has not been admitted. What stopped it may have changed since: then it waits too, for a moment.
        """
        ...


@dataclass(frozen=True, slots=True)
class Input:
    """A topic that a processor reads.

    Attributes:
        topic: logical name.
        job_class: inputs of one class share a reader and a queue; bulk, unread or waiting, cannot delay interactive.
        raw: deliver bytes as they came, for public topics where bad input is an answer and not an accident.
        flow: names what a record belongs to and takes turns with its like, a tenant. It is asked for each record that
            is read, so it must be quick, and may not raise. The records of a flow keep their order, those of two need
            not. None: all are one, in the order in which they were read.
    """

    topic: str
    job_class: JobClass = "interactive"
    raw: bool = False
    flow: Callable[[Record], str] | None = None


def pair(topic: str, *, raw: bool = False, flow: Callable[[Record], str] | None = None) -> tuple[Input, Input]:
    """Give the inputs that carry both classes of the same work: a topic and the one of bulk beside it."""
    return Input(topic, raw=raw, flow=flow), Input(topics.of_class(topic, "bulk"), "bulk", raw, flow)


@dataclass(frozen=True, slots=True)
class Store:
    """A dictionary in each task, with its changelog in the partition of the task's number.

    Attributes:
        name: the changelog is `<processor>.<name>.changelog`.
        window_s: entries older than this are forgotten, also by the changelog's retention; None keeps them.
    """

    name: str
    window_s: float | None = None


@dataclass(frozen=True, slots=True)
class Processor:
    """One service, as the runtime sees it.

    Attributes:
        name: consumer group and part of ids, such as `router` or `executor.default`.
        inputs: what it reads; partition number p of all of them is task p.
        handler: what it does.
        stores: its state. At least once they are written in this order, one after the other.
        timers: whether its handler sets timers, which are kept in a store of their own.
        waiting: timers that a task may have set before it is handed no more bulk records; at twice as many it is
            handed none at all. None for no bound.
        order: `in_order` one after the other; `batches` in order, several at once; `concurrent` in any order.
        concurrency: deliveries in flight in the whole process, for `concurrent`.
        admission: who says when a delivery may begin, in place of `concurrency`; None for nobody. It is told whether
            a task was left clean, which costs a commit when a task begins, and one when it ends.
        sharing: told which tasks are at work, in any order, where nobody is set for `admission`; None for nobody.
        hold: what stops records before they are admitted, or ends timers before they are due; None for nothing.
        most_held: timers of a task that may be set aside; beyond, a record that is stopped holds up those behind it.
        batch: largest batch for `batches`.
        backlog: the board that says how old unfinished records are, of its own inputs and those that it names.
        broadcasts: what each process of it must know before it has tasks.
        replays: what a process of it reads once more, beside its work, when it has lost something.
    """

    name: str
    inputs: tuple[Input, ...]
    handler: Handler | BatchHandler
    stores: tuple[Store, ...] = ()
    timers: bool = False
    waiting: int | None = None
    order: Literal["in_order", "batches", "concurrent"] = "in_order"
    concurrency: int = 1
    admission: Admission | None = None
    sharing: Sharing | None = None
    hold: Hold | None = None
    most_held: int = 10_000
    batch: int = 256
    backlog: Backlog = field(default_factory=Backlog)
    broadcasts: tuple[Broadcast, ...] = ()
    replays: tuple[Replay, ...] = ()

    @property
    def kept(self) -> tuple[Store, ...]:
        """All stores, that of the timers included."""
        return (*self.stores, Store(TIMERS)) if self.timers else self.stores
