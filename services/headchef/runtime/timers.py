"""Timers of one task: what they look like in their changelog, and the clock that makes them go off.

A timer gone off is handed over as a record of its changelog would be, at no offset, so that it takes the same way as
any other delivery: through the dispatcher, the handler and a transaction, which also takes it out of the store.
"""

import asyncio
import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush

from headchef_contracts.events.common import JobClass

from headchef.runtime.clock import Clock
from headchef.runtime.errors import UnknownVersion
from headchef.runtime.giving_up import unless
from headchef.runtime.log.port import Headers, Record
from headchef.runtime.processor import TIMERS, Change, Timer
from headchef.runtime.state import TaskState
from headchef.runtime.telemetry.tracing import TraceHeaders

NO_OFFSET = -1
_CLASS_HEADER = "headchef-class"
_VERSION = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def event_id(timer: Timer) -> str:
    """Give the id of the event that a timer goes off: UUIDv5 of its id and when it was due (RFC 9562)."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{timer.id}/{due_ms(timer)}"))


def due_ms(timer: Timer) -> int:
    """Give when a timer is due in milliseconds of the epoch: no finer than records are dated."""
    return (timer.due - _EPOCH) // _MILLISECOND


def set_timer(timer: Timer, trace: TraceHeaders, now: datetime) -> Change:
    """Write a timer for the store, with the trace that it goes on with, whatever bytes somebody has put there.

    Args:
        timer: the timer.
        trace: of the delivery that sets it.
        now: by the clock that it was set by, which may be wrong: what counts is how long it is to wait.
    """
    head = {
        "v": _VERSION,
        "due_ms": due_ms(timer),
        "after_ms": max(0, (timer.due - now) // _MILLISECOND),
        "class": timer.job_class,
        "trace": {name: value.decode("latin-1") for name, value in trace},
    }
    return Change(TIMERS, timer.id.encode(), json.dumps(head).encode() + b"\n" + timer.payload)


def clear_timer(timer_id: str) -> Change:
    """Take a timer out of the store."""
    return Change(TIMERS, timer_id.encode(), None)


def read_timer(key: bytes, value: bytes) -> tuple[Timer, TraceHeaders, timedelta]:
    """Read what `set_timer` wrote.

    Returns:
        The timer, its trace, and how long it was to wait when it was set.

    Raises:
        UnknownVersion: a newer program wrote it.
    """
    line, _, payload = value.partition(b"\n")
    head = json.loads(line)
    if head["v"] != _VERSION:
        raise UnknownVersion(f"timer {key.decode()!r} has version {head['v']}; upgrade this processor first")
    trace = tuple((name, text.encode("latin-1")) for name, text in head["trace"].items())
    # Not there in what the release before wrote, which passes over it in what this one writes.
    timer = Timer(key.decode(), _at(head["due_ms"]), payload, head.get("class", "interactive"))
    return timer, trace, head["after_ms"] * _MILLISECOND


def fallen_due(topic: str, task: int, timer: Timer, trace: TraceHeaders) -> Record:
    """Give the record that a timer is handed over as."""
    headers: Headers = (*trace, (_CLASS_HEADER, timer.job_class.encode()))
    return Record(topic, task, NO_OFFSET, due_ms(timer), timer.id.encode(), timer.payload, headers)


def gone_off(record: Record) -> Timer:
    """Give the timer that was handed over as this record."""
    return Timer((record.key or b"").decode(), _at(record.timestamp_ms), record.value or b"", class_of(record))


def class_of(record: Record) -> JobClass:
    """Give the class of the timer that was handed over as this record."""
    return "bulk" if (_CLASS_HEADER, b"bulk") in record.headers else "interactive"


def _at(milliseconds: int) -> datetime:
    return _EPOCH + milliseconds * _MILLISECOND


class Alarm:
    """Hands a task's timers over when they are due.

    The wall clock is looked at once, when a timer is set or restored, and a wait is never longer than it was when the
    timer was set: a clock that is set, or was wrong where the timer was set, delays nothing.

    Args:
        topic: full name of the timers' changelog.
        task: the task's number.
        state: where the timers are kept.
        clock: both clocks, and for waiting.
        hand_over: takes what is due, oldest first.
    """

    def __init__(
        self, topic: str, task: int, *, state: TaskState, clock: Clock, hand_over: Callable[[list[Record]], None]
    ) -> None:
        self.topic = topic
        self._task = task
        self._state = state
        self._clock = clock
        self._hand_over = hand_over
        self._changed = asyncio.Event()
        self._waiting = [self._due(key, value) for key, value in state.items(TIMERS)]
        heapify(self._waiting)

    def __len__(self) -> int:
        """Count the timers that are set."""
        return self._state.count(TIMERS)

    def noted(self, changes: tuple[Change, ...]) -> None:
        """Take notice of timers that were set just now; one that was cleared is not found when it is due."""
        for change in changes:
            if change.store == TIMERS and change.value is not None:
                heappush(self._waiting, self._due(change.key, change.value))
                self._changed.set()

    def to_come(self) -> Iterator[Record]:
        """Give the timers that have not gone off yet, as they are going to be handed over."""
        for _, at, key in self._waiting:
            value = self._state.get(TIMERS, key)
            if value is not None:
                timer, trace, _ = read_timer(key, value)
                if timer.due == at:
                    yield fallen_due(self.topic, self._task, timer, trace)

    def again(self, keys: Iterable[bytes]) -> None:
        """Hand timers over now, as far as they are still set: once more, or before they are due."""
        now_s = self._clock.monotonic()
        for key in keys:
            if (value := self._state.get(TIMERS, key)) is not None:
                heappush(self._waiting, (now_s, read_timer(key, value)[0].due, key))
        self._changed.set()

    def current(self, record: Record) -> bool:
        """Say whether a timer that was handed over is still set, for the same time."""
        if record.topic != self.topic or record.key is None:
            return False
        value = self._state.get(TIMERS, record.key)
        if value is None:
            return False
        timer, trace, _ = read_timer(record.key, value)
        return fallen_due(self.topic, self._task, timer, trace) == record

    async def run(self) -> None:
        """Hand over for ever."""
        while True:
            self._changed.clear()
            self._ring()
            if not self._waiting:
                await self._changed.wait()
                continue
            wait_s = self._waiting[0][0] - self._clock.monotonic()
            await unless(self._changed, self._clock.sleep(max(0.0, wait_s)))

    def _ring(self) -> None:
        now_s = self._clock.monotonic()
        found: set[tuple[datetime, bytes]] = set()
        while self._waiting and self._waiting[0][0] <= now_s:
            # One that was set twice for the same time is one.
            found.add(heappop(self._waiting)[1:])
        due = []
        for at, key in sorted(found):
            value = self._state.get(TIMERS, key)
            if value is not None:
                timer, trace, _ = read_timer(key, value)
                if timer.due == at:
                    due.append(fallen_due(self.topic, self._task, timer, trace))
        if due:
            self._hand_over(due)

    def _due(self, key: bytes, value: bytes) -> tuple[float, datetime, bytes]:
        """Give when a timer goes off, by the monotonic clock, and which one."""
        timer, _, longest = read_timer(key, value)
        left = min(max(timer.due - self._clock.now(), timedelta(0)), longest)
        return self._clock.monotonic() + left.total_seconds(), timer.due, key
