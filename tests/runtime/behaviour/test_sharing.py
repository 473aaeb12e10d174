"""Whoever is told of tasks knows which are at work in its process, and among how many, in each order of handling."""

from collections import Counter
from collections.abc import Callable

import pytest

from headchef.runtime.admission import Sharing
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.echo import Echo
from tests.runtime.behaviour.world import Order
from tests.support.eventually import eventually

TASKS = 4


class Shares(Sharing):
    """Remembers what it is told.

    Attributes:
        tasks: that are at work here.
        of: how many there were when the last one began.
    """

    def __init__(self) -> None:
        self.tasks: set[int] = set()
        self.of = 0

    def begun(self, task: int, of: Callable[[], int]) -> None:
        self.tasks.add(task)
        self.of = of()

    def ended(self, task: int) -> None:
        self.tasks.discard(task)


@pytest.mark.parametrize("order", ["in_order", "batches", "concurrent"])
async def test_each_task_has_one_process_that_is_told_of_it(make_world: MakeWorld, order: Order) -> None:
    world = await make_world(partitions=TASKS)
    values = list(map(str, range(20)))
    await world.publish(*values)
    one, two = Shares(), Shares()
    first = world.start("one", Echo(), order=order, sharing=one)
    await eventually(lambda: one.tasks == set(range(TASKS)))
    assert one.of == TASKS
    world.start("two", Echo(), order=order, sharing=two)
    await eventually(lambda: len(one.tasks) == len(two.tasks) == TASKS // 2)
    assert one.tasks | two.tasks == set(range(TASKS))
    await first.stop()
    assert one.tasks == set()
    await eventually(lambda: two.tasks == set(range(TASKS)))
    assert await world.until_done() == Counter(values)
