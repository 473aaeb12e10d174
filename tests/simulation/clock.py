"""The clock of one simulated process: its wall clock may be wrong, its monotonic clock is the loop's."""

from datetime import datetime, timedelta

from tests.support.virtual_time import LoopClock


class ShiftedClock(LoopClock):
    """The loop's time, with a wall clock that can be moved.

    Attributes:
        shift_s: seconds by which the wall clock is ahead.
    """

    def __init__(self) -> None:
        self.shift_s = 0.0

    def now(self) -> datetime:
        """Give the process's own idea of the time."""
        return super().now() + timedelta(seconds=self.shift_s)
