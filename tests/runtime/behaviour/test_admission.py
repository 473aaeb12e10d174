"""Who waits to begin is not in flight: a task takes its turn, and is given back at once with all that waits."""

import asyncio
from collections import Counter
from collections.abc import Callable

from headchef_contracts.events.common import JobClass

from headchef.runtime.log.port import Record
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.echo import Echo
from tests.support.eventually import eventually

TASKS = 4


class Door:
    """Lets as many deliveries begin as a test says.

    Attributes:
        open_for: deliveries that may begin.
        inside: those that have begun and are not over.
        waiting: tasks at the door.
        tasks: those at work here.
        shared: how many tasks the group has, as each task was told.
        shut: why nobody may begin, if that is so.
    """

    def __init__(self, open_for: int = 0) -> None:
        self.open_for = open_for
        self.inside: list[Record] = []
        self.waiting: dict[asyncio.Event, int] = {}
        self.tasks: set[int] = set()
        self.shared: set[int] = set()
        self.shut: str | None = None

    def standstill(self) -> str | None:
        return self.shut

    def begun(self, task: int, of: Callable[[], int]) -> None:
        self.tasks.add(task)
        self.shared.add(of())

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


async def test_what_waits_at_the_door_is_given_back_at_once(make_world: MakeWorld) -> None:
    world = await make_world(partitions=TASKS)
    values = list(map(str, range(20)))
    await world.publish(*values)
    door, handler = Door(), Echo()
    one = world.start("one", handler, order="concurrent", admission=door)
    await eventually(lambda: set(door.waiting.values()) == set(range(TASKS)))
    assert door.shared == {TASKS}
    assert one.engine.ready() is None, "it waits for its turn"
    door.shut = "no valid key"
    assert one.engine.ready() == "no valid key"
    await one.stop()
    assert handler.calls == Counter()
    assert (door.waiting, door.tasks, door.inside) == ({}, set(), [])
    another = Echo()
    world.start("two", another, order="concurrent")
    assert await world.until_done() == Counter(values)
    assert another.calls == Counter(values)


async def test_as_many_begin_as_the_door_lets_in(make_world: MakeWorld) -> None:
    world = await make_world(partitions=TASKS)
    values = list(map(str, range(20)))
    await world.publish(*values)
    door, gate = Door(5), asyncio.Event()

    async def wait(_: str) -> None:
        await gate.wait()

    handler = Echo(wait)
    world.start("one", handler, order="concurrent", admission=door)
    await eventually(lambda: handler.calls.total() == 5 and len(door.waiting) >= TASKS - 1)
    assert len(door.inside) == 5
    gate.set()
    await eventually(lambda: door.inside == [])
    assert handler.calls.total() == 5
    door.open(100)
    assert await world.until_done() == Counter(values)
    assert handler.calls == Counter(values)
    assert door.inside == []
