"""The store of questions behind its circuit: what is seen while it is away, and how long a search may take."""

import asyncio
from collections.abc import Sequence

from headchef.cache.circuit import CircuitPolicy
from headchef.cache.guarded_meanings import GuardedMeanings
from headchef.cache.meaning_points import PointMeanings
from headchef.cache.selection import Selection
from headchef.qdrant.errors import StoreUnavailable
from headchef.qdrant.points import FoundPoint, SoughtPoint
from tests.cache.meanings_kinds import DIMENSIONS, make_question, make_sought_meaning
from tests.qdrant.memory_points import MemoryPoints
from tests.support.manual_clock import ManualClock
from tests.support.recorded_metrics import RecordedMetrics
from tests.support.virtual_time import LoopClock, run_virtually

AWAY = StoreUnavailable("unavailable", "connection refused")


class _Stuck(MemoryPoints):
    """Never answers a search."""

    async def nearest(self, sought: Sequence[SoughtPoint], top_k: int) -> Sequence[Sequence[FoundPoint]]:
        await asyncio.Event().wait()
        return []


async def test_a_working_store_is_asked() -> None:
    guarded = _guarded(MemoryPoints(DIMENSIONS), ManualClock(), RecordedMetrics())
    await guarded.open()
    question = make_question()
    assert await guarded.put([question])
    found = await guarded.nearest([make_sought_meaning()], 8)
    assert found is not None
    assert [[each.fingerprint for each in near] for near in found] == [[question.fingerprint]]
    assert await guarded.count() == 1
    assert await guarded.remove(Selection(tenant="default"))
    assert await guarded.nearest([make_sought_meaning()], 8) == [[]]
    await guarded.close()


async def test_a_store_that_is_away_is_no_error_and_is_tried_again_after_a_wait() -> None:
    points, clock, metrics = MemoryPoints(DIMENSIONS), ManualClock(), RecordedMetrics()
    guarded = _guarded(points, clock, metrics)
    await guarded.open()
    assert await guarded.put([make_question()])
    points.faults = [AWAY]
    assert await guarded.nearest([make_sought_meaning()], 8) is None
    assert not await guarded.put([make_question()])
    assert not await guarded.remove(Selection(tenant="default"))
    assert await guarded.count() is None
    assert metrics.total("headchef.cache.failures", operation="nearest", reason="unavailable") == 1
    clock.advance(1.0)
    assert await guarded.put([make_question()])


def test_a_search_takes_no_longer_than_it_may() -> None:
    async def search() -> None:
        clock, metrics = LoopClock(), RecordedMetrics()
        guarded = _guarded(_Stuck(DIMENSIONS), clock, metrics)
        await guarded.open()
        assert await guarded.put([make_question()])
        began_s = clock.monotonic()
        assert await guarded.nearest([make_sought_meaning()], 8) is None
        assert clock.monotonic() - began_s == 0.5
        assert metrics.total("headchef.cache.failures", operation="nearest", reason="timeout") == 1

    run_virtually(search())


def _guarded(points: MemoryPoints, clock: ManualClock | LoopClock, metrics: RecordedMetrics) -> GuardedMeanings:
    return GuardedMeanings(PointMeanings(points), CircuitPolicy(1.0, 4.0), 0.5, clock, metrics)
