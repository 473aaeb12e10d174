"""The lines of a task as they are within one batch: what one delivery changes, the next one sees."""

from typing import NamedTuple

from headchef_contracts.events.common import JobClass

from headchef.cache.waiting.line import WAITING, Line, read_line
from headchef.cache.waiting.parked import Parked, read_parked, timer_id
from headchef.runtime.processor import TIMERS, State
from headchef.runtime.timers import read_timer


class Taken(NamedTuple):
    """A step that waits no more, and the timer that kept it."""

    timer: str
    parked: Parked


class Lines:
    """Reads lines and the steps that wait in them, over what the batch has changed so far.

    Args:
        state: of the task, as it was before the batch.
    """

    def __init__(self, state: State) -> None:
        self.edition = state.edition
        self._state = state
        self._lines: dict[bytes, Line | None] = {}
        self._parked: dict[str, Parked | None] = {}

    def get(self, key: bytes) -> Line | None:
        """Give a line, or None where nobody waits."""
        if key not in self._lines:
            written = self._state.get(WAITING, key)
            self._lines[key] = None if written is None else read_line(written)
        return self._lines[key]

    def put(self, key: bytes, line: Line | None) -> None:
        """Keep a line as it is now; None: nobody waits any more."""
        self._lines[key] = line

    def park(self, timer: str, parked: Parked) -> None:
        """Keep a step that waits from now on."""
        self._parked[timer] = parked

    def take(self, timer: str) -> Parked | None:
        """Give a step that waits, which then does so no more; None where it did not."""
        if timer in self._parked:
            parked = self._parked[timer]
        else:
            written = self._state.get(TIMERS, timer.encode())
            parked = None if written is None else read_parked(read_timer(timer.encode(), written)[0].payload)
        self._parked[timer] = None
        return parked

    def take_next(self, key: bytes, line: Line, job_class: JobClass) -> tuple[Line, Taken | None]:
        """Take the step out of a line that waits longest of a class.

        Returns:
            The line without it, and the step; None where none is there, as at least once a crash may leave it.
        """
        queue = line.queue(job_class)
        for number in range(queue.first, queue.end):
            timer = timer_id(key, job_class, number)
            if (parked := self.take(timer)) is not None:
                return line.without_first(parked), Taken(timer, parked)
        return line.emptied(job_class), None
