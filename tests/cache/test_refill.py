"""Filling a lost store: what is put back, what is not, and what happens when the store or the process goes."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.common import Cause
from headchef_contracts.events.invalidations import InvalidatedScope
from headchef_contracts.events.semantic import Marks

from headchef.cache.circuit import CircuitPolicy
from headchef.cache.forgetting import Forgetting
from headchef.cache.guarded import GuardedStore
from headchef.cache.invalidated import Invalidated
from headchef.cache.policy import CachePolicy, worth_keeping
from headchef.cache.refill import Refill
from headchef.cache.store import StoredAnswer
from headchef.cache.taking_back import TakingBack
from headchef.cache.withdrawn import Withdrawn
from headchef.qdrant.errors import StoreUnavailable
from headchef.runtime.replay_input import Replayed
from tests.cache.builders import make_fingerprint, make_settled, make_sought
from tests.cache.corrected import make_corrected
from tests.cache.memory_store import MemoryAnswerStore
from tests.support.manual_clock import START, ManualClock
from tests.support.recorded_metrics import RecordedMetrics
from tests.support.virtual_time import LoopClock, run_virtually

AWAY = StoreUnavailable("timeout", "no answer within 0.5 s")


class Bench:
    """A refill and its store."""

    def __init__(self, ttl_s: float | None = None) -> None:
        self.clock = ManualClock()
        self.metrics = RecordedMetrics()
        self.store = MemoryAnswerStore()
        self.guarded = GuardedStore(self.store, CircuitPolicy(1.0, 4.0), self.clock, self.metrics)
        self.invalidated = Invalidated()
        self.withdrawn = Withdrawn()
        policy = CachePolicy(ttl_s)
        taking_back = TakingBack(self.invalidated, Forgetting(self.clock, self.guarded))
        self.refill = Refill(self.guarded, policy, taking_back, self.withdrawn, self.clock, self.metrics)

    async def there(self, *prompts: str) -> list[bool]:
        found = await self.guarded.lookup([make_sought(prompt) for prompt in prompts])
        assert found is not None
        return [each is not None for each in found]


@pytest.fixture
async def bench() -> Bench:
    made = Bench()
    await made.guarded.open()
    return made


async def test_what_was_accepted_is_put_back(bench: Bench) -> None:
    assert await bench.refill.take(
        _replayed(make_settled("a"), make_settled("b", verdict="rejected"), make_settled("c", finish_reason="length"))
    )
    assert await bench.there("a", "b", "c") == [True, False, False]
    assert bench.metrics.total("headchef.cache.refilled") == 1


@pytest.mark.parametrize("at_once", [True, False])
async def test_of_two_verdicts_the_later_one_counts(bench: Bench, *, at_once: bool) -> None:
    late = make_settled("a")
    verdicts = _replayed(late, late.model_copy(update={"settled_at": START - timedelta(seconds=2)}))
    for events in [verdicts] if at_once else [[each] for each in verdicts]:
        assert await bench.refill.take(events)
    [found] = await bench.store.lookup([make_sought("a")])
    assert found is not None
    assert found.settled_at == late.settled_at


async def test_what_has_expired_is_not() -> None:
    bench = Bench(ttl_s=60.0)
    await bench.guarded.open()
    old = make_settled("old").model_copy(update={"settled_at": START - timedelta(seconds=60)})
    assert await bench.refill.take(_replayed(old, make_settled("new")))
    assert await bench.there("old", "new") == [False, True]


async def test_what_was_invalidated_since_it_was_asked_is_not(bench: Bench) -> None:
    bench.invalidated.take(InvalidatedScope(tenant="default", tag="spring"), START)
    early = make_settled("a").model_copy(update={"planned_at": START, "marks": Marks(tags=("spring",))})
    late = early.model_copy(update={"fingerprint": make_fingerprint("b"), "planned_at": START + timedelta(minutes=1)})
    assert await bench.refill.take(_replayed(early, late))
    assert await bench.there("a", "b") == [False, True]


async def test_what_a_person_has_found_wrong_is_not(bench: Bench) -> None:
    bench.withdrawn.heed(make_corrected("a"))
    assert await bench.refill.take(_replayed(make_settled("a"), make_settled("b")))
    assert await bench.there("a", "b") == [False, True]


async def test_the_last_verdict_on_a_question_stands_and_what_is_later_than_that_stays(bench: Bench) -> None:
    verdicts = [
        make_settled("a").model_copy(update={"settled_at": START + timedelta(seconds=n), "source_job_id": f"job-{n}"})
        for n in range(3)
    ]
    assert await bench.refill.take(_replayed(*verdicts[:2]))
    assert await _source(bench, "a") == "job-1"
    await bench.guarded.put([_stored(verdicts[2])])
    assert await bench.refill.take(_replayed(*verdicts[:2]))
    assert await _source(bench, "a") == "job-2"


async def test_a_store_that_is_away_is_given_the_same_again(bench: Bench) -> None:
    bench.store.fault = AWAY
    assert not await bench.refill.take(_replayed(make_settled("a")))
    assert not await bench.refill.done()
    bench.store.fault = None
    bench.clock.advance(1.0)
    assert await bench.refill.take(_replayed(make_settled("a")))
    assert await bench.there("a") == [True]


async def test_it_is_wanted_until_it_is_done(bench: Bench) -> None:
    bench.store.empty = True
    await bench.refill.wanted()
    await bench.refill.wanted()
    assert await bench.refill.done()
    assert not bench.store.empty


def test_a_store_that_is_lost_later_is_noticed() -> None:
    async def lose() -> None:
        clock, store = LoopClock(), MemoryAnswerStore()
        guarded = GuardedStore(store, CircuitPolicy(1.0, 4.0), clock, RecordedMetrics())
        taking_back = TakingBack(Invalidated(), Forgetting(clock, guarded))
        refill = Refill(guarded, CachePolicy(), taking_back, Withdrawn(), clock, RecordedMetrics())

        def drop() -> None:
            store.empty = True

        clock.call_later(60.0, drop)
        await refill.wanted()
        assert 60.0 <= clock.monotonic() <= 70.0

    run_virtually(lose())


def _replayed(*events: CacheSettled) -> Sequence[Replayed]:
    return [Replayed(event, Cause(topic="cache.settled", partition=0, offset=n)) for n, event in enumerate(events)]


def _stored(settled: CacheSettled) -> StoredAnswer:
    stored = worth_keeping(settled, Cause(topic="cache.settled", partition=0, offset=9), CachePolicy())
    assert stored is not None
    return stored


async def _source(bench: Bench, prompt: str) -> str:
    found = await bench.guarded.lookup([make_sought(prompt)])
    assert found is not None
    assert found[0] is not None
    return found[0].source_job_id
