"""Who says when a delivery may begin, in a whole process: by default so many may be in flight at once."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from headchef_contracts.events.common import JOB_CLASSES, JobClass

from headchef.runtime.log.port import Record
from headchef.runtime.turns import Turns


class Admission(Protocol):
    """Asked before each delivery of a processor whose order is `concurrent`.

    What waits here is not in flight: it is given back with its task at once, and its place stays where it was.
    """

    def standstill(self) -> str | None:
        """Say why nothing may begin until something outside has been mended, or None. Answers at once."""
        ...

    def begun(self, task: int, of: Callable[[], int], *, clean: bool) -> None:
        """Note that a task is at work here.

        Args:
            task: its number.
            of: gives how many the group has shared out, which may change.
            clean: whether nothing that a former owner has begun can be under way; not where one was killed or cut off.
        """
        ...

    def leaving(self, task: int) -> None:
        """Note that a task hands nothing more over here; what has begun goes on."""
        ...

    async def vacated(self, task: int) -> bool:
        """Wait until what goes on here leaves alone what belongs to a task that has handed its last delivery over.

        Returns:
            Whether the next owner may use that at once; not while it is kept free because of a former owner.
        """
        ...

    def ended(self, task: int) -> None:
        """Note that a task is not at work here any more; nothing of it is in flight."""
        ...

    def take(self, record: Record, job_class: JobClass, wake: asyncio.Event) -> bool:
        """Let a delivery begin, or have `wake` set when it is worth asking again."""
        ...

    def forget(self, job_class: JobClass, wake: asyncio.Event) -> None:
        """Stop waiting with work of a class."""
        ...

    def release(self, record: Record) -> None:
        """Note that a delivery that was let in is over, or was none after all."""
        ...


class Sharing(Protocol):
    """Told which tasks are at work in this process, for whatever the group's tasks have equal parts of."""

    def begun(self, task: int, of: Callable[[], int]) -> None:
        """Note that a task is at work here.

        Args:
            task: its number, from 0.
            of: gives how many the group has shared out, which may change.
        """
        ...

    def ended(self, task: int) -> None:
        """Note that a task hands nothing more over here; may be said twice."""
        ...


class Slots:
    """Implements `Admission`: so many places; who finds none is woken when one is free.

    Args:
        limit: places, at least 1.
        turns: whose turn it is where both classes wait.
        sharing: told which tasks are at work; None for nobody.
    """

    def __init__(self, limit: int, turns: Turns, sharing: Sharing | None = None) -> None:
        self._limit = limit
        self._turns = turns
        self._sharing = sharing
        self._taken = 0
        self._waiting: dict[JobClass, dict[asyncio.Event, None]] = {job_class: {} for job_class in JOB_CLASSES}

    def standstill(self) -> str | None:
        """Nothing keeps places back."""
        return None

    def begun(self, task: int, of: Callable[[], int], *, clean: bool) -> None:
        """Pass it on; no place depends on it."""
        if self._sharing is not None:
            self._sharing.begun(task, of)

    def leaving(self, task: int) -> None:
        """Pass it on; no place depends on it."""
        if self._sharing is not None:
            self._sharing.ended(task)

    async def vacated(self, task: int) -> bool:
        """A place belongs to no task."""
        return True

    def ended(self, task: int) -> None:
        """Pass it on; no place depends on it."""
        self.leaving(task)

    def take(self, record: Record, job_class: JobClass, wake: asyncio.Event) -> bool:
        """Take a place, or have `wake` set when one is free."""
        waits = {each: each == job_class or bool(self._waiting[each]) for each in JOB_CLASSES}
        if self._taken < self._limit and self._turns.whose(**waits) == job_class:
            self._taken += 1
            self._turns.began(job_class, contended=all(waits.values()))
            self._waiting[job_class].pop(wake, None)
            self._wake_all()
            return True
        self._waiting[job_class][wake] = None
        return False

    def forget(self, job_class: JobClass, wake: asyncio.Event) -> None:
        """Stop waiting."""
        if self._waiting[job_class].pop(wake, wake) is None:
            self._wake_all()

    def release(self, record: Record) -> None:
        """Give a place back."""
        self._taken -= 1
        self._wake_all()

    def _wake_all(self) -> None:
        if self._taken < self._limit:
            for waiting in self._waiting.values():
                for wake in waiting:
                    wake.set()
