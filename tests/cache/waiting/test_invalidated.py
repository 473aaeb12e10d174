"""Who waits for an answer that is invalidated meanwhile gets another one, and nobody is forgotten for that."""

from datetime import timedelta

import pytest

from headchef_contracts.events.invalidations import InvalidatedScope

from headchef.cache.waiting.policy import PIECE
from tests.cache.builders import make_planned, make_settled
from tests.cache.waiting.kept import KeptCache, completed, dispatched
from tests.support.manual_clock import START

AFTER_S = 100.0


@pytest.fixture
def cache() -> KeptCache:
    return KeptCache()


def invalidate(cache: KeptCache) -> None:
    cache.invalidations.invalidated.take(InvalidatedScope(tenant="default"), START + timedelta(seconds=10))


async def ask(cache: KeptCache, *names: str) -> list[str]:
    outputs = await cache.take(*(make_planned(job_id=name) for name in names))
    return dispatched([each for output in outputs for each in output])


async def settle(cache: KeptCache, name: str, planned_s: float) -> tuple[list[str], list[str]]:
    [outputs] = await cache.take(make_settled(job_id=name, planned_s=planned_s))
    return completed(outputs), dispatched(outputs)


async def test_an_answer_that_was_asked_for_before_is_given_to_nobody(cache: KeptCache) -> None:
    assert await ask(cache, "a", "b", "c") == ["a"]
    invalidate(cache)
    assert await settle(cache, "a", 0.0) == ([], ["b"])
    assert await settle(cache, "b", AFTER_S) == (["c"], [])
    assert not any(cache.state.counts().values())


async def test_an_answer_that_is_being_shared_is_shared_no_more(cache: KeptCache) -> None:
    names = [f"job-{number}" for number in range(PIECE + 3)]
    await ask(cache, "a", *names)
    shared, _ = await settle(cache, "a", 0.0)
    assert shared == names[:PIECE]
    invalidate(cache)
    cache.crash()
    outputs = await cache.after(0.0)
    assert (completed(outputs), dispatched(outputs)) == ([], names[PIECE : PIECE + 1])
    assert await settle(cache, names[PIECE], AFTER_S) == (names[PIECE + 1 :], [])
    assert not any(cache.state.counts().values())


async def test_who_has_waited_too_long_takes_nothing_from_the_store_that_was_invalidated(cache: KeptCache) -> None:
    await cache.take(make_settled(job_id="old"))
    invalidate(cache)
    assert await ask(cache, "a", "b") == ["a"]
    outputs = await cache.after(3600.0)
    assert (completed(outputs), dispatched(outputs)) == ([], ["b"])
