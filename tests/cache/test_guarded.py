"""The store behind its circuit: what is seen, counted and logged while it is away."""

import logging

import pytest

from headchef.cache.circuit import CircuitPolicy
from headchef.cache.guarded import GuardedStore
from headchef.qdrant.errors import StoreRefused, StoreUnavailable
from tests.cache.builders import make_sought, make_stored
from tests.cache.memory_store import MemoryAnswerStore
from tests.support.manual_clock import ManualClock
from tests.support.recorded_metrics import RecordedMetrics

AWAY = StoreUnavailable("timeout", "no answer within 0.5 s")


class Bench:
    """A guarded store, with all that stands around it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.metrics = RecordedMetrics()
        self.store = MemoryAnswerStore()
        self.guarded = GuardedStore(self.store, CircuitPolicy(1.0, 4.0), self.clock, self.metrics)


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_a_working_store_is_asked_and_timed(bench: Bench) -> None:
    await bench.guarded.open()
    assert await bench.guarded.put([make_stored()])
    assert await bench.guarded.lookup([make_sought()]) == [make_stored()]
    assert len(bench.metrics.recorded("headchef.cache.duration")) == 3
    assert bench.metrics.total("headchef.cache.failures") == 0


async def test_a_store_that_is_away_is_not_asked_before_the_wait_is_over(bench: Bench) -> None:
    await bench.guarded.open()
    bench.store.fault = AWAY
    assert await bench.guarded.lookup([make_sought()]) is None
    calls = bench.store.calls
    for _ in range(100):
        assert await bench.guarded.lookup([make_sought()]) is None
        assert not await bench.guarded.put([make_stored()])
    assert bench.store.calls == calls
    assert bench.metrics.total("headchef.cache.failures", operation="lookup", reason="timeout") == 1


async def test_it_is_tried_again_and_used_again(bench: Bench) -> None:
    await bench.guarded.open()
    await bench.guarded.put([make_stored()])
    bench.store.fault = AWAY
    await bench.guarded.lookup([make_sought()])
    bench.store.fault = None
    bench.clock.advance(1.0)
    assert await bench.guarded.lookup([make_sought()]) == [make_stored()]


async def test_it_is_opened_again_after_a_failure(bench: Bench) -> None:
    await bench.guarded.open()
    bench.store.fault = AWAY
    await bench.guarded.lookup([make_sought()])
    await bench.store.close()
    bench.store.fault = None
    bench.clock.advance(1.0)
    assert await bench.guarded.lookup([make_sought()]) == [None]


async def test_a_store_that_is_away_at_the_start_is_no_error(bench: Bench) -> None:
    bench.store.fault = AWAY
    await bench.guarded.open()
    assert await bench.guarded.lookup([make_sought()]) is None
    bench.store.fault = None
    bench.clock.advance(1.0)
    assert await bench.guarded.put([make_stored()])


async def test_a_refusal_at_the_start_is_an_error(bench: Bench) -> None:
    bench.store.fault = StoreRefused("unauthenticated", "wrong key")
    with pytest.raises(StoreRefused, match="wrong key"):
        await bench.guarded.open()


async def test_a_refusal_later_is_a_store_that_is_away(bench: Bench) -> None:
    await bench.guarded.open()
    bench.store.fault = StoreRefused("unauthenticated", "the key was changed")
    assert await bench.guarded.lookup([make_sought()]) is None


async def test_what_is_no_fault_of_the_store_ends_the_process(bench: Bench) -> None:
    await bench.guarded.open()
    with pytest.raises(TypeError):
        await bench.guarded.put(None)  # type: ignore[arg-type]  # a fault in the program, not in the store


async def test_a_change_is_logged_once_and_says_why(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "headchef.cache")
    await bench.guarded.open()
    bench.store.fault = AWAY
    for _ in range(20):
        await bench.guarded.lookup([make_sought()])
        bench.clock.advance(0.5)
    bench.store.fault = None
    bench.clock.advance(4.0)
    for _ in range(20):
        await bench.guarded.lookup([make_sought()])
    away, back = caplog.messages
    assert "away (timeout: no answer within 0.5 s)" in away
    assert "back" in back
