"""A bound on what is in flight in a whole process, shared by its tasks."""

import asyncio


class Slots:
    """So many places; who finds none is woken when one is free, and looks again.

    Args:
        limit: places, at least 1.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0
        self._waiting: list[asyncio.Event] = []

    @property
    def taken(self) -> int:
        """Places in use."""
        return self._taken

    def take(self, wake: asyncio.Event) -> bool:
        """Take a place, or have `wake` set when one is free. It must be cleared, and `take` called again, by then."""
        if self._taken < self._limit:
            self._taken += 1
            return True
        if wake not in self._waiting:
            self._waiting.append(wake)
        return False

    def release(self) -> None:
        """Give a place back."""
        self._taken -= 1
        waiting, self._waiting = self._waiting, []
        for wake in waiting:
            wake.set()
