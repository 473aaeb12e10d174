"""Whoever takes a task over is told whether all that was begun of it is over, however its last owner has ended."""

import asyncio

import pytest

from headchef.runtime.finished import decode, is_clean
from headchef.runtime.log.port import Commit, Partition
from headchef.runtime.settings import Guarantee
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.door import Door
from tests.runtime.behaviour.echo import Echo, Noting
from tests.runtime.behaviour.instance import Instance
from tests.runtime.behaviour.world import SECOND, SOURCE, World, six_handled
from tests.support.eventually import eventually, eventually_async

GUARANTEES: tuple[Guarantee, ...] = ("exactly_once", "at_least_once")


class Owner:
    """A process with a door of its own, which all may pass.

    Args:
        world: in which it starts.
        name: of the process.
        guarantee: under which it works.
        handler: what it does.
    """

    def __init__(self, world: World, name: str, guarantee: Guarantee, handler: Echo | None = None) -> None:
        self.door, self.handler = Door(1_000), handler or Echo()
        self.process: Instance = world.start(
            name, self.handler, order="concurrent", admission=self.door, processing_guarantee=guarantee
        )

    async def finds_clean(self) -> bool:
        """Wait until it has the task, and say how it has found it."""
        await eventually(lambda: 0 in self.door.found_clean)
        return self.door.found_clean[0]


async def is_marked(world: World, topic: str = SOURCE) -> bool:
    """Say whether the group's place in an input carries the mark."""
    place = await world.place(0, topic)
    return place is not None and is_clean(*place)


async def until_marked(world: World, topic: str = SOURCE) -> None:
    """Wait until it does: a transaction's places are there only when its marker has come to the coordinator."""
    await eventually_async(lambda: is_marked(world, topic))


@pytest.mark.parametrize("guarantee", GUARANTEES)
async def test_a_task_that_was_drained_is_clean(make_world: MakeWorld, guarantee: Guarantee) -> None:
    world = await make_world(partitions=1, inputs=(SOURCE, SECOND))
    one = Owner(world, "one", guarantee)
    assert await one.finds_clean(), "nobody has had it before"
    await world.publish("a", "b")
    await world.until_done()
    assert not await is_marked(world)
    await one.process.stop()
    await until_marked(world)
    await until_marked(world, SECOND)  # of which nothing has come
    two = Owner(world, "two", guarantee)
    assert await two.finds_clean()
    await two.process.stop()
    assert await Owner(world, "three", guarantee).finds_clean(), "which was at work and had nothing to do"


@pytest.mark.parametrize("guarantee", GUARANTEES)
async def test_a_task_whose_owner_was_killed_is_not(make_world: MakeWorld, guarantee: Guarantee) -> None:
    world = await make_world(partitions=1)
    one = Owner(world, "one", guarantee)
    await world.publish("a", "b")
    await world.until_done()
    await one.process.kill()
    two = Owner(world, "one", guarantee)
    assert not await two.finds_clean()
    await two.process.stop()
    assert await Owner(world, "three", guarantee).finds_clean(), "it has been drained since"


@pytest.mark.parametrize("guarantee", GUARANTEES)
async def test_nor_is_one_whose_owner_was_killed_in_its_first_delivery(
    make_world: MakeWorld, guarantee: Guarantee
) -> None:
    world = await make_world(partitions=1)
    first = Owner(world, "one", guarantee)
    assert await first.finds_clean()
    await first.process.stop()
    busy = Noting()
    one = Owner(world, "one", guarantee, busy)
    await world.publish("a")
    await eventually(lambda: busy.order == ["a"])
    await one.process.kill()
    assert not await Owner(world, "one", guarantee).finds_clean()


@pytest.mark.parametrize("guarantee", GUARANTEES)
async def test_the_mark_is_gone_before_the_first_delivery(make_world: MakeWorld, guarantee: Guarantee) -> None:
    world = await make_world(partitions=1)
    looked: list[str] = []

    async def look(value: str) -> None:
        async def gone() -> bool:
            return not await is_marked(world)

        # Nothing else is committed before this delivery is over.
        await eventually_async(gone)
        looked.append(value)

    first = Owner(world, "one", guarantee)
    assert await first.finds_clean()
    await first.process.stop()
    await until_marked(world)
    await world.publish("a")
    Owner(world, "one", guarantee, Echo(look))
    await world.until_done()
    assert looked == ["a"]


async def test_what_is_drained_above_a_gap_keeps_its_finished_map(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1)

    async def wait(value: str) -> None:
        if value == "slow":
            await asyncio.Event().wait()

    async def two_are_finished() -> bool:
        place = await world.place(0)
        return place is not None and decode(*place) == 0b11

    one = Owner(world, "one", "exactly_once", Echo(wait))
    await world.publish("slow", "quick", "quick too")
    await eventually_async(two_are_finished)
    await one.process.kill()
    two = Owner(world, "one", "exactly_once")
    two.door.open_for = 0
    assert not await two.finds_clean()
    await two.process.stop()
    await eventually_async(two_are_finished)
    await until_marked(world)
    last = Owner(world, "two", "exactly_once")
    assert await last.finds_clean()
    await world.until_done()
    assert last.handler.calls == {"slow": 1}


@pytest.mark.parametrize("guarantee", GUARANTEES)
async def test_a_task_is_given_back_only_when_its_door_can_spare_it(
    make_world: MakeWorld, guarantee: Guarantee
) -> None:
    world = await make_world(partitions=1)
    one = Owner(world, "one", guarantee)
    await one.finds_clean()
    one.door.room.clear()
    stopping = asyncio.ensure_future(one.process.stop())
    await eventually(lambda: one.door.left == {0})
    await world.until_later(0.5)
    assert one.process.tasks == {0}
    one.door.room.set()
    await stopping
    assert await Owner(world, "two", guarantee).finds_clean()


async def test_no_mark_is_left_where_the_door_says_that_a_former_owner_may_be_at_it(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1)
    one = Owner(world, "one", "exactly_once")
    await one.finds_clean()
    one.door.free = False
    await one.process.stop()
    assert not await Owner(world, "two", "exactly_once").finds_clean()


async def test_a_place_that_was_set_by_hand_is_not_clean(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1)
    one = Owner(world, "one", "exactly_once")
    await one.finds_clean()
    await one.process.stop()
    by_hand = {world.source(0): Commit(0), Partition(world.names.births, 0): Commit(0)}
    await world.backend.set_places(world.names.group, by_hand)
    assert not await Owner(world, "two", "exactly_once").finds_clean()


async def test_a_processor_whose_door_asks_for_nothing_marks_nothing(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1)
    await six_handled(world)
    assert not await is_marked(world)
