"""Keeps jobs in memory between deliveries, no more of them than may be; those that are made anew push out few others.

What comes of jobs comes in turns: of each some, then of the next. If whoever moved last took the place of whoever has
not moved for the longest time, and one job more was under way than there is room for, each would be gone when its turn
comes. So one that comes in is the next to go, until it is asked for again; but each 16th stays as long as others, or
jobs that nobody asks for would never go.

Source: Qureshi and others, Adaptive Insertion Policies for High Performance Caching, 2007 (bimodal insertion).
"""

from collections import OrderedDict

from headchef.router.leading.led import Led

BYTES_A_UNIT = 4_096
"""Of records and of what they refer to: large outputs take the place of many small ones."""

_STAYS = 16


class Memory:
    """Jobs by their keys. What is dropped is made again from its records when it is needed.

    Args:
        most: units of all jobs together, ended or under way, that are kept; so many bytes of them count as one more.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[bytes, tuple[Led, int]] = OrderedDict()
        self._units = 0
        self._came_in = 0

    def get(self, key: bytes) -> Led | None:
        """Give a job, if it is kept."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def keep(self, led: Led) -> Led:
        """Keep a job as it is now, whatever else has to go."""
        is_new = led.key not in self._kept
        size = 1 + len(led.ended) + len(led.progress.under_way) + led.size_bytes // BYTES_A_UNIT
        self._units += size - (0 if is_new else self._kept[led.key][1])
        self._kept[led.key] = led, size
        if is_new:
            self._came_in += 1
            self._kept.move_to_end(led.key, last=self._came_in % _STAYS == 0)
        while self._units > self._most and len(self._kept) > 1:
            self.drop(next(key for key in self._kept if key != led.key))
        return led

    def drop(self, key: bytes) -> None:
        """Forget a job, if it is kept."""
        dropped = self._kept.pop(key, None)
        if dropped is not None:
            self._units -= dropped[1]
