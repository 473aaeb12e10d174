"""An admission that lets in what a test says, and notes what it is told."""

import asyncio
from collections.abc import Callable

from headchef_contracts.events.common import JobClass

from headchef.runtime.log.port import Record


class Door:
    """Lets as many deliveries begin as a test says.

    Attributes:
        open_for: deliveries that may begin.
        inside: those that have begun and are not over.
        waiting: tasks at the door.
        tasks: those at work here.
        shared: how many tasks the group has, as each task was told.
        shut: why nobody may begin, if that is so.
        found_clean: how each task was found that has begun here.
        left: tasks that hand nothing more over here.
        room: whether what goes on here leaves the others' part alone.
        free: whether the next owner of a task may use its part at once.
    """

    def __init__(self, open_for: int = 0) -> None:
        self.open_for = open_for
        self.inside: list[Record] = []
        self.waiting: dict[asyncio.Event, int] = {}
        self.tasks: set[int] = set()
        self.shared: set[int] = set()
        self.shut: str | None = None
        self.found_clean: dict[int, bool] = {}
        self.left: set[int] = set()
        self.room = asyncio.Event()
        self.room.set()
        self.free = True

    def standstill(self) -> str | None:
        return self.shut

    def begun(self, task: int, of: Callable[[], int], *, clean: bool) -> None:
        self.tasks.add(task)
        self.shared.add(of())
        self.found_clean[task] = clean

    def leaving(self, task: int) -> None:
        self.left.add(task)

    async def vacated(self, task: int) -> bool:
        assert task in self.left
        assert not any(record.partition == task for record in self.inside), "what it has begun is over"
        await self.room.wait()
        return self.free

    def ended(self, task: int) -> None:
        self.tasks.remove(task)

    def take(self, record: Record, job_class: JobClass, wake: asyncio.Event) -> bool:
        assert record.partition in self.tasks
        if self.open_for == 0:
            self.waiting[wake] = record.partition
            return False
        self.waiting.pop(wake, None)
        self.open_for -= 1
        self.inside.append(record)
        return True

    def forget(self, job_class: JobClass, wake: asyncio.Event) -> None:
        if job_class == "interactive":
            self.waiting.pop(wake, None)

    def release(self, record: Record) -> None:
        self.inside.remove(record)

    def open(self, more: int) -> None:
        self.open_for += more
        for wake in list(self.waiting):
            wake.set()
