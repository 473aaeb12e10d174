"""Who waits to begin is not in flight: a task takes its turn, and is given back at once with all that waits."""

import asyncio
from collections import Counter

from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.door import Door
from tests.runtime.behaviour.echo import Echo
from tests.support.eventually import eventually

TASKS = 4


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
