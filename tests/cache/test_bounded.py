"""The bound on answers: which go when there are too many, what a hit changes, and what it does not."""

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from headchef.cache.bounded import Bound, BoundedAnswerStore
from headchef.cache.selection import Selection
from headchef.cache.store import AnswerStore
from headchef.qdrant.errors import StoreUnavailable
from tests.cache.builders import make_fingerprint, make_sought, make_stored
from tests.cache.memory_store import MemoryAnswerStore
from tests.support.manual_clock import START, ManualClock
from tests.support.recorded_metrics import RecordedMetrics

BOUND = Bound(50)


class Removals:
    """A dependent that notes what it was told."""

    def __init__(self) -> None:
        self.selections: list[Selection] = []

    async def remove(self, selection: Selection) -> object:
        self.selections.append(selection)
        return None


@pytest.fixture
def inner(store: AnswerStore) -> AnswerStore:
    """A store of each kind, to be bounded."""
    return store


@pytest.fixture
async def memory() -> MemoryAnswerStore:
    made = MemoryAnswerStore()
    await made.open()
    return made


async def test_there_are_never_more_than_the_bound_and_a_fiftieth(inner: AnswerStore) -> None:
    store, metrics = _bounded(inner)
    for start in range(0, 100, 4):
        await store.put([make_stored(f"prompt {start + number}") for number in range(4)])
        assert await store.count() <= BOUND.most
    assert await store.count() >= BOUND.most - BOUND.slack
    assert metrics.total("headchef.cache.evicted", reason="room") == 100 - await store.count()
    assert await _there(store, "prompt", 100) >= {96, 97, 98, 99}


async def test_what_has_expired_goes_first(inner: AnswerStore) -> None:
    store, metrics = _bounded(inner)
    await store.put([make_stored(f"old {number}", expires_at=START, cost_usd=Decimal(9)) for number in range(20)])
    await store.put([make_stored(f"new {number}") for number in range(40)])
    assert await _there(store, "old", 20) == set()
    assert await _there(store, "new", 40) == set(range(40))
    assert metrics.total("headchef.cache.evicted", reason="expired") == 20


async def test_what_cost_most_stays_longest(memory: MemoryAnswerStore) -> None:
    store, _ = _bounded(memory)
    for number in range(40):
        await store.put([make_stored(f"dear {number}", cost_usd=Decimal("0.02"))])
        await store.put([make_stored(f"cheap {number}", cost_usd=Decimal("0.0001"))])
    assert await _there(store, "dear", 40) == set(range(40))


async def test_what_is_never_used_goes_in_the_end_however_dear_it_was(memory: MemoryAnswerStore) -> None:
    store, _ = _bounded(memory)
    await store.put([make_stored("dear", cost_usd=Decimal("0.02"))])
    for number in range(1_500):
        await store.put([make_stored(f"cheap {number}", cost_usd=Decimal("0.001"))])
    assert await store.lookup([make_sought("dear")]) == [None]


async def test_what_is_used_stays_among_those_that_cost_the_same(memory: MemoryAnswerStore) -> None:
    store, _ = _bounded(memory)
    for number in range(300):
        await store.put([make_stored(f"prompt {number}", cost_usd=None)])
        if number >= 10:
            found = await store.lookup([make_sought(f"prompt {used}") for used in range(10)])
            assert None not in found, number


async def test_a_hit_writes_nothing(memory: MemoryAnswerStore) -> None:
    store, _ = _bounded(memory)
    for number in range(60):
        await store.put([make_stored(f"prompt {number}")])
    calls = memory.calls
    await store.lookup([make_sought("prompt 59")])
    assert memory.calls == calls + 1


async def test_what_depends_on_an_answer_leaves_before_it(memory: MemoryAnswerStore) -> None:
    removals = Removals()
    store = BoundedAnswerStore(memory, BOUND, ManualClock(), RecordedMetrics())
    store.take_along(removals)
    await store.put([make_stored(f"prompt {number}", cost_usd=Decimal(number)) for number in range(60)])
    gone = {make_fingerprint(f"prompt {number}") for number in range(60)} - {
        make_fingerprint(f"prompt {number}") for number in await _there(store, "prompt", 60)
    }
    told = {each for selection in removals.selections for each in selection.fingerprints or ()}
    assert told == gone
    assert len(gone) >= 10


async def test_the_level_outlives_the_process(memory: MemoryAnswerStore) -> None:
    """Else all that is put after a restart would be worth less than what was put long before it."""
    store, _ = _bounded(memory)
    for number in range(400):
        await store.put([make_stored(f"before {number}", cost_usd=Decimal("0.01"))])
    again, _ = _bounded(memory)
    for number in range(60):
        await again.put([make_stored(f"after {number}", cost_usd=Decimal("0.01"))])
    assert len(await _there(again, "after", 60)) > 40


async def test_what_was_used_loses_nothing_where_another_process_has_put_it_anew(memory: MemoryAnswerStore) -> None:
    store, _ = _bounded(memory)
    await store.put([make_stored("x")])
    await store.lookup([make_sought("x")])
    anew = replace(make_stored("x"), worth=5.0)
    await memory.put([anew])
    for number in range(60):
        await store.put([make_stored(f"new {number}")])
    assert list(await memory.lookup([make_sought("x")])) == [anew]


async def test_a_store_that_fails_in_between_goes_on_where_it_was(memory: MemoryAnswerStore) -> None:
    store, _ = _bounded(memory)
    await store.put([make_stored(f"prompt {number}") for number in range(50)])
    memory.fault = StoreUnavailable("timeout", "no answer within 0.5 s")
    with pytest.raises(StoreUnavailable):
        await store.put([make_stored("lost")])
    memory.fault = None
    for number in range(50, 60):
        await store.put([make_stored(f"prompt {number}")])
    assert await store.count() <= BOUND.most + BOUND.slack


async def test_used_answers_of_a_skewed_stream_are_hit_more_than_if_chance_chose() -> None:
    """Dear answers and often used ones are what a cache is for: less is paid again than with another one thrown out."""
    chance = random.Random(7)
    costs = {number: Decimal(chance.choice([1, 10, 100])) / 10_000 for number in range(400)}
    stream = [min(int(chance.paretovariate(0.6)), 399) for _ in range(3_000)]
    paid = {}
    for name in ("bounded", "chance"):
        memory = MemoryAnswerStore()
        await memory.open()
        store: AnswerStore = _bounded(memory)[0] if name == "bounded" else memory
        paid[name] = Decimal(0)
        for number in stream:
            [found] = await store.lookup([make_sought(f"prompt {number}")])
            if found is None:
                paid[name] += costs[number]
                await store.put([make_stored(f"prompt {number}", cost_usd=costs[number])])
                if name == "chance" and await memory.count() > BOUND.most:
                    least = await memory.least(1_000)
                    await memory.remove(Selection(fingerprints=(chance.choice(least).fingerprint,)))
    assert paid["bounded"] < paid["chance"] * Decimal("0.8")


def _bounded(inner: AnswerStore) -> tuple[BoundedAnswerStore, RecordedMetrics]:
    clock, metrics = ManualClock(), RecordedMetrics()
    clock.advance(timedelta(hours=1).total_seconds())
    return BoundedAnswerStore(inner, BOUND, clock, metrics), metrics


async def _there(store: AnswerStore, name: str, count: int) -> set[int]:
    found = await store.lookup([make_sought(f"{name} {number}") for number in range(count)])
    return {number for number, each in enumerate(found) if each is not None}
