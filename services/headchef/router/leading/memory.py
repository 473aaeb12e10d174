"""Keeps jobs in memory between deliveries, those that moved last, and no more of them than may be."""

from collections import OrderedDict

from headchef.router.leading.led import Led

BYTES_A_UNIT = 65_536
"""Of records and of what they refer to: a few large outputs take the place of many small ones."""


class Memory:
    """Jobs by their keys. What is dropped is made again from its records when it is needed.

    Args:
        most: units of all jobs together, ended or under way, that are kept; so many bytes of them count as one more.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[bytes, tuple[Led, int]] = OrderedDict()
        self._units = 0

    def get(self, key: bytes) -> Led | None:
        """Give a job, if it is kept."""
        kept = self._kept.get(key)
        return None if kept is None else kept[0]

    def keep(self, led: Led) -> Led:
        """Keep a job as the last one that moved."""
        self.drop(led.key)
        size = 1 + len(led.units) + len(led.progress.under_way) + led.size_bytes // BYTES_A_UNIT
        self._kept[led.key] = led, size
        self._units += size
        while self._units > self._most and len(self._kept) > 1:
            self.drop(next(iter(self._kept)))
        return led

    def drop(self, key: bytes) -> None:
        """Forget a job, if it is kept."""
        dropped = self._kept.pop(key, None)
        if dropped is not None:
            self._units -= dropped[1]
