"""A process whose wall clock is far ahead ends before it takes anything, and what it read is no dead letter."""

from datetime import datetime, timedelta

from headchef.runtime.clock import Clock
from headchef.runtime.errors import LogRefused
from headchef.runtime.finished import encode
from headchef.runtime.log.port import Commit
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.tally import STORE, Tally, assert_exact

VALUES = [f"a{number}" for number in range(8)]


class FastClock:
    """A machine's clocks, of which the one on the wall is ahead."""

    def __init__(self, right: Clock, ahead: timedelta) -> None:
        self._ahead = ahead
        self._right = right
        self.monotonic = right.monotonic
        self.sleep = right.sleep
        self.call_later = right.call_later

    def now(self) -> datetime:
        return self._right.now() + self._ahead


async def test_a_clock_far_ahead_ends_the_process_and_makes_no_dead_letters(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, stores=[STORE])
    await world.publish(*VALUES)
    right = world.clock
    world.clock = FastClock(right, timedelta(hours=3))
    failure = await world.start("one", Tally()).failure()
    assert isinstance(failure, LogRefused)
    assert "clock" in str(failure)
    assert not await world.dead_letters()
    assert await world.place(0) == Commit(0, encode(0, 0, clean=True))
    world.clock = right
    world.start("one", Tally())
    await world.until_done()
    await assert_exact(world, VALUES)
