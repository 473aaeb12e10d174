"""A process whose wall clock is far ahead ends before it takes anything, and what it read is no dead letter."""

from datetime import timedelta

from headchef.runtime.errors import LogRefused
from headchef.runtime.finished import encode
from headchef.runtime.log.port import Commit
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.fast_clock import FastClock
from tests.runtime.behaviour.tally import STORE, Tally, assert_exact

VALUES = [f"a{number}" for number in range(8)]


async def test_a_clock_far_ahead_ends_the_process_and_makes_no_dead_letters(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, stores=[STORE])
    await world.publish(*VALUES)
    right = world.clock
    world.clock = FastClock(right, timedelta(hours=3))
    failure = await world.start("one", Tally()).failure()
    assert isinstance(failure, LogRefused)
    assert "clock" in str(failure)
    assert not await world.dead_letters()
    await world.until_placed(Commit(0, encode(0, 0, clean=True)))
    world.clock = right
    world.start("one", Tally())
    await world.until_done()
    await assert_exact(world, VALUES)
