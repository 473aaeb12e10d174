"""Who leaves a line before those in front of it leaves a gap, which is looked at once."""

from datetime import timedelta

from headchef.cache.waiting import WAITING
from headchef.cache.waiting.line import read_line
from headchef.cache.waiting.policy import PIECE
from tests.cache.builders import make_planned, make_settled
from tests.cache.waiting.kept import KeptCache, completed, dispatched
from tests.support.manual_clock import START


async def test_a_line_is_gone_through_once_although_somebody_in_it_could_not_wait() -> None:
    cache, soon = KeptCache(), START + timedelta(seconds=20)
    await cache.take(*(make_planned(job_id=name) for name in ("asked", "first")))
    await cache.take(make_planned(job_id="hurried", deadline=soon))
    await cache.take(*(make_planned(job_id=f"job-{number}") for number in range(2 * PIECE)))
    assert dispatched(await cache.after(10.0)) == ["hurried"]
    [came] = await cache.take(make_settled(job_id="asked"))
    assert len(completed(came)) == PIECE
    [(_, head)] = cache.state.items(WAITING)
    left = read_line(head).interactive
    assert (left.first, left.end, left.count) == (PIECE + 1, 2 * PIECE + 2, PIECE + 1)
    assert len(completed(await cache.after(1.0))) == PIECE + 1
    assert not any(cache.state.counts().values())
