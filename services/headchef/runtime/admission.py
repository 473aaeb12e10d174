"""Who says when a delivery may begin, in a whole process: by default so many may be in flight at once."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from headchef.runtime.log.port import Record


class Admission(Protocol):
    """Asked before each delivery of a processor whose order is `concurrent`.

    What waits here is not in flight: it is given back with its task at once, and its place stays where it was.
    """

    def standstill(self) -> str | None:
        """Say why nothing may begin until something outside has been mended, or None. Answers at once."""
        ...

    def begun(self, task: int, of: Callable[[], int]) -> None:
        """Note that a task is at work here.

        Args:
            task: its number.
            of: gives how many the group has shared out, which may change.
        """
        ...

    def ended(self, task: int) -> None:
        """Note that a task is not at work here any more; nothing of it is in flight."""
        ...

    def take(self, record: Record, wake: asyncio.Event) -> bool:
        """Let a delivery begin, or have `wake` set when it is worth asking again."""
        ...

    def forget(self, wake: asyncio.Event) -> None:
        """Stop waiting."""
        ...

    def release(self, record: Record) -> None:
        """Note that a delivery that was let in is over, or was none after all."""
        ...


class Slots:
    """Implements `Admission`: so many places; who finds none is woken when one is free.

    Args:
        limit: places, at least 1.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0
        self._waiting: dict[asyncio.Event, None] = {}

    def standstill(self) -> str | None:
        """Nothing keeps places back."""
        return None

    def begun(self, task: int, of: Callable[[], int]) -> None:
        """Nothing depends on it."""

    def ended(self, task: int) -> None:
        """Nothing depends on it."""

    def take(self, record: Record, wake: asyncio.Event) -> bool:
        """Take a place, or have `wake` set when one is free."""
        if self._taken < self._limit:
            self._taken += 1
            return True
        self._waiting[wake] = None
        return False

    def forget(self, wake: asyncio.Event) -> None:
        """Stop waiting."""
        self._waiting.pop(wake, None)

    def release(self, record: Record) -> None:
        """Give a place back."""
        self._taken -= 1
        waiting, self._waiting = self._waiting, {}
        for wake in waiting:
            wake.set()
