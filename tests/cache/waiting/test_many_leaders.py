"""However many ask the same question at once, what is kept of it stays small."""

import pytest

from headchef.cache.waiting import WAITING
from headchef.cache.waiting.line import read_line
from headchef.cache.waiting.policy import MOST_LEADERS
from tests.cache.builders import make_planned, make_settled
from tests.cache.waiting.kept import KeptCache, completed
from tests.support.braking import make_brake
from tests.support.manual_clock import START

CROWD = 2 * MOST_LEADERS


@pytest.fixture
async def cache() -> KeptCache:
    """A crowd waits for one."""
    cache = KeptCache()
    await cache.take(*(make_planned(job_id=f"job-{number}", job_class="bulk") for number in range(CROWD)))
    return cache


def leaders(cache: KeptCache) -> list[str]:
    [(_, head)] = cache.state.items(WAITING)
    return [each.job_id for each in read_line(head).leaders]


async def test_of_a_crowd_whose_waits_end_together_the_last_ones_are_known(cache: KeptCache) -> None:
    timers = [delivery for _, delivery in cache.timers()]
    outputs = await cache.handle(timers[:-1])
    assert sum(map(len, outputs)) == CROWD - 2
    assert len(leaders(cache)) == MOST_LEADERS
    [came] = await cache.take(make_settled(job_id="job-0"))
    assert len(completed(came)) == 1, "the answer of one who is forgotten is for all"


async def test_of_a_cancelled_crowd_nobody_is_waited_for(cache: KeptCache) -> None:
    await cache.brakes.take(make_brake("cancel", tenant="default", set_at=START))
    timers = [delivery for _, delivery in cache.timers()]
    outputs = await cache.handle(timers[:-1])
    assert sum(map(len, outputs)) == CROWD - 2
    await cache.take(*(make_planned(job_id=f"late-{number}", job_class="bulk") for number in range(10)))
    assert leaders(cache) == ["job-0"]
