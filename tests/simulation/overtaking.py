"""Watches the door of a lane: how many bulk steps begin while an interactive one stands there, beside its own kind."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from headchef_contracts.events.common import JobClass

from headchef.runtime.admission import Admission
from headchef.runtime.log.port import Record


@dataclass(slots=True)
class _Standing:
    record: Record
    bulk: int = 0
    interactive: int = 0


class WatchedDoor(Admission):
    """An admission that is looked at from outside: it sees who asks, and who is let in.

    Args:
        door: the admission.
        bulk_share: of the starts that bulk has while both wait.
        found: takes what must not be, in words.
    """

    def __init__(self, door: Admission, bulk_share: float, found: list[str]) -> None:
        self._door = door
        self._a_bulk_start_for = bulk_share / (1 - bulk_share)
        self._found = found
        self._standing: dict[asyncio.Event, _Standing] = {}

    def standstill(self) -> str | None:
        """Ask the door."""
        return self._door.standstill()

    def begun(self, task: int, of: Callable[[], int], *, clean: bool) -> None:
        """Tell the door."""
        self._door.begun(task, of, clean=clean)

    def leaving(self, task: int) -> None:
        """Tell the door."""
        self._door.leaving(task)

    async def vacated(self, task: int) -> bool:
        """Ask the door."""
        return await self._door.vacated(task)

    def ended(self, task: int) -> None:
        """Tell the door."""
        self._door.ended(task)

    def take(self, record: Record, job_class: JobClass, wake: asyncio.Event) -> bool:
        """Ask the door, and note who stood there meanwhile."""
        let_in = self._door.take(record, job_class, wake)
        if job_class == "interactive":
            standing = self._standing.get(wake)
            if let_in:
                self._standing.pop(wake, None)
            elif standing is None or standing.record is not record:
                self._standing[wake] = _Standing(record)
        if let_in:
            for each in self._standing.values():
                self._count(each, job_class)
        return let_in

    def forget(self, job_class: JobClass, wake: asyncio.Event) -> None:
        """Tell the door."""
        if job_class == "interactive":
            self._standing.pop(wake, None)
        self._door.forget(job_class, wake)

    def release(self, record: Record) -> None:
        """Tell the door."""
        self._door.release(record)

    def _count(self, standing: _Standing, job_class: JobClass) -> None:
        if job_class == "interactive":
            standing.interactive += 1
            return
        standing.bulk += 1
        if standing.bulk > 1 + standing.interactive * self._a_bulk_start_for:
            place = f"{standing.record.topic}[{standing.record.partition}] offset {standing.record.offset}"
            self._found.append(
                f"{place} saw {standing.bulk} bulk steps begin, and {standing.interactive} of its own kind"
            )
