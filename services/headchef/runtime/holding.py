"""What a task holds back: records that are stopped are out of the way of those behind them, as timers set aside."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from headchef.runtime.log.port import Record
from headchef.runtime.processor import Hold, Stop
from headchef.runtime.timers import Alarm


class Holding:
    """Asks a hold about what is to be handed over, and keeps the timers that it stops.

    A record that is stopped is settled at once: its place moves on, and it waits as a timer, in the changelog. A timer
    that is stopped is only set aside, and goes off again when the hold has changed. So what is held outlives crashes
    and moves, expires with no topic, and stands in nobody's way.

    Args:
        hold: says what is stopped.
        alarm: makes timers go off.
        most: timers that may be set aside before no more records are turned into such.
    """

    def __init__(self, hold: Hold, alarm: Alarm, most: int) -> None:
        self._hold = hold
        self._alarm = alarm
        self._most = most
        self._aside: dict[bytes, None] = {}
        self._asked: dict[int, tuple[Record, Stop | None]] = {}
        self.settle = hold.settle
        self.stops_any = hold.stops_any

    def __len__(self) -> int:
        """Count the timers that are set aside."""
        return len(self._aside)

    @contextmanager
    def watching(self, changed: Callable[[], None]) -> Iterator[None]:
        """Notice while the block runs that the hold changes.

        What is set aside goes off again, in its order; and so does what is to end, though it is not due.

        Args:
            changed: called then.
        """

        def anew() -> None:
            self._asked.clear()
            aside, self._aside = self._aside, {}
            ends = (timer.key for timer in self._alarm.to_come() if self._hold.stop_of(timer) == "ends")
            self._alarm.again([*aside, *filter(None, ends)])
            changed()

        end = self._hold.watch(anew)
        if self._hold.stops_any():
            # What was said while nobody had the task concerns the timers that it had then.
            anew()
        try:
            yield
        finally:
            end()

    def stop_of(self, record: Record) -> Stop | None:
        """Say whether a record that may be next is stopped; asked once, however often it is looked at."""
        if not self._hold.stops_any():
            return None
        asked = self._asked.get(id(record))
        if asked is None:
            # With the record, so that no other one takes its id.
            asked = self._asked[id(record)] = (record, self._hold.stop_of(record))
        return asked[1]

    def taken(self, record: Record) -> None:
        """Forget the answer about a record that is not next any more."""
        self._asked.pop(id(record), None)

    def is_timer(self, record: Record) -> bool:
        """Say whether a record is a timer gone off."""
        return record.topic == self._alarm.topic

    def blocks(self, record: Record) -> bool:
        """Say whether a record must stay where it is: it is stopped, and there is no room to set it aside."""
        if len(self._aside) < self._most or self.is_timer(record):
            return False
        return self.stop_of(record) == "waits"

    def set_aside(self, timer: Record) -> None:
        """Keep a timer that is stopped; by its id alone, since the store has the rest."""
        if timer.key is not None:
            self._aside[timer.key] = None
