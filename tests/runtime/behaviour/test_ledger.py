"""Where a task goes on when its group's coordinator has forgotten its places, is behind, or was told otherwise."""

from collections import Counter

import pytest

from headchef.runtime import recovery
from headchef.runtime.errors import PlaceUnknown
from headchef.runtime.log.port import Commit, Partition
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.echo import Echo
from tests.runtime.behaviour.world import SECOND, SOURCE, World, six_handled
from tests.support.eventually import eventually_async


async def assert_goes_on_with(world: World, done: Counter[str], *values: str) -> None:
    """Start a process again, and check that it handles these and nothing else, beside what was done before."""
    handler = Echo()
    world.start("one", handler)
    await world.publish(values[-1])
    assert await world.until_done() == done + Counter(values)
    assert handler.calls == Counter(values)


async def test_places_that_expired_are_in_the_ledger(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1)
    done = await six_handled(world)
    await world.backend.delete_group_offsets(world.names.group)
    await assert_goes_on_with(world, done, "next")


async def test_a_group_is_told_its_places_again_before_a_record_comes(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1)
    await six_handled(world)
    place = await world.place(0)
    await world.backend.delete_group_offsets(world.names.group)
    assert await world.place(0) is None
    world.start("one", Echo())
    assert await eventually_async(lambda: world.place(0)) == place


async def test_a_coordinator_that_is_behind_takes_nobody_back(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1)
    done = await six_handled(world)
    old = {world.source(0): Commit(2), Partition(world.names.births, 0): Commit(1, "the first batch")}
    await world.backend.set_places(world.names.group, old)
    await assert_goes_on_with(world, done, "next")


async def test_one_old_place_beside_the_newest_signature_takes_nobody_back(make_world: MakeWorld) -> None:
    """As a coordinator has been seen to answer that is still reading its log."""
    world = await make_world(partitions=1)
    done = await six_handled(world)
    await world.backend.set_places(world.names.group, {world.source(0): Commit(2)})
    await assert_goes_on_with(world, done, "next")


async def test_a_place_that_was_set_by_hand_is_gone_on_from(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1)
    done = await six_handled(world)
    by_hand = {world.source(0): Commit(4), Partition(world.names.births, 0): Commit(0)}
    await world.backend.set_places(world.names.group, by_hand)
    await assert_goes_on_with(world, done, "4", "5", "next")


async def test_a_group_gets_the_places_of_idle_inputs_back_too(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, inputs=(SOURCE, SECOND))
    await world.publish("idle", topic=SECOND)
    done = await six_handled(world)
    await world.backend.delete_group_offsets(world.names.group)
    await assert_goes_on_with(world, done, "next")
    await world.instances[-1].stop()
    assert await world.place(0, SECOND) is not None
    await assert_goes_on_with(world, done + Counter(["next"]), "last")


async def test_at_least_once_places_that_expired_halt(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "_CATCH_UP_S", 1.0)
    world = await make_world(partitions=1)
    await six_handled(world, "at_least_once")
    await world.backend.delete_group_offsets(world.names.group)
    handler = Echo()
    failure = await world.start("one", handler, processing_guarantee="at_least_once").failure()
    assert isinstance(failure, PlaceUnknown)
    assert f"{world.topic(SOURCE)}[0]" in str(failure)
    assert "--reset-offsets" in str(failure), "it says what to do"
    assert not handler.calls
    assert await world.place(0) is None
