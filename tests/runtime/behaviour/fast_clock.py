"""A machine whose wall clock is ahead: to it what is set for later is due already, though nobody has waited."""

from datetime import datetime, timedelta

from headchef.runtime.clock import Clock


class FastClock:
    """A machine's clocks, of which the one on the wall is ahead.

    Args:
        right: the clock of all others.
        ahead: by so much; Kafka takes no record of a clock that is an hour ahead.
    """

    def __init__(self, right: Clock, ahead: timedelta) -> None:
        self._ahead = ahead
        self._right = right
        self.monotonic = right.monotonic
        self.sleep = right.sleep
        self.call_later = right.call_later

    def now(self) -> datetime:
        """Give the wall clock's time."""
        return self._right.now() + self._ahead
