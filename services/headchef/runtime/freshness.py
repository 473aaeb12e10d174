"""Knows up to when a topic has been read: to an end that it had then."""

from collections.abc import Callable, Mapping

from headchef.runtime.clock import Clock
from headchef.runtime.log.port import Partition, Reader

LOOK_S = 0.5
"""Between two looks for a topic's end, in seconds."""


class Freshness:
    """Looks for the end now and then, and tells once all has been read that was there.

    What is told is when the end was looked for, and not when it was reached: what came in between may be unread.

    Args:
        told: called with that time, in seconds on the monotonic clock.
        clock: for the time.
    """

    def __init__(self, told: Callable[[float], None], clock: Clock) -> None:
        self._told = told
        self._clock = clock
        self._looked_s: float | None = None
        self._ends: Mapping[Partition, int] | None = None

    async def look(self, reader: Reader, places: Mapping[Partition, int]) -> None:
        """Look for the end if it is time to, and see whether it has been reached.

        Args:
            reader: of the topic.
            places: up to which offset each of its partitions has been taken.
        """
        now_s = self._clock.monotonic()
        if self._ends is None and (self._looked_s is None or now_s - self._looked_s >= LOOK_S):
            # Before the log is asked: its answer may be under way for long.
            self._looked_s = now_s
            self._ends = {each: end for each, (_, end) in (await reader.bounds(list(places))).items()}
        self.see(places)

    def see(self, places: Mapping[Partition, int]) -> None:
        """Tell, if the end that was looked for last has been reached."""
        if self._ends is None or self._looked_s is None:
            return
        if all(places[each] >= end for each, end in self._ends.items()):
            self._ends = None
            self._told(self._looked_s)
