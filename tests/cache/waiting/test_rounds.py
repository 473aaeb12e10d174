"""How many go on together when those who were asked have failed: as many again, of those that could."""

from tests.cache.builders import make_planned, make_settled
from tests.cache.waiting.kept import KeptCache, dispatched


async def fail(cache: KeptCache, *names: str) -> list[str]:
    """Let some fail, and give who goes on then."""
    outputs = await cache.take(*(make_settled(verdict="failed", job_id=name) for name in names))
    return dispatched([each for output in outputs for each in output])


async def test_a_round_that_is_not_filled_is_not_doubled_as_if_it_had_been() -> None:
    cache = KeptCache()
    people, crowd = [f"person-{number}" for number in range(5)], [f"bulk-{number}" for number in range(12)]
    await cache.take(*(make_planned(job_id=name) for name in people))
    await cache.take(*(make_planned(job_id=name, job_class="bulk") for name in crowd))
    assert await fail(cache, people[0]) == people[1:2]
    assert await fail(cache, people[1]) == people[2:4]
    assert await fail(cache, *people[2:4]) == people[4:], "four might, and only one is left of their class"
    assert await fail(cache, people[4]) == crowd[:2]
    assert await fail(cache, *crowd[:2]) == crowd[2:6]
