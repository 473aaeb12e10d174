"""An embedder that takes too long: one elsewhere is left alone for a while, one that works here is only busy."""

import asyncio
from collections.abc import Sequence

import pytest

from headchef.cache.circuit import CircuitPolicy
from headchef.cache.guarded_meanings import GuardedMeanings
from headchef.cache.invalidated import Invalidated
from headchef.cache.meaning_points import PointMeanings
from headchef.cache.semantic.near import NearQuestions
from headchef.embedding import Vector
from tests.cache.semantic.bench import DIMENSIONS, ByFirstWord, make_question
from tests.qdrant.memory_points import MemoryPoints
from tests.support.recorded_metrics import RecordedMetrics
from tests.support.virtual_time import LoopClock, run_virtually


class Busy(ByFirstWord):
    """Never comes to an end with long texts."""

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        if any(len(text) > 100 for text in texts):
            await asyncio.Event().wait()
        return await super().embed(texts)


@pytest.mark.parametrize("is_local", [True, False], ids=["here", "elsewhere"])
def test_one_long_text_leaves_nobody_else_out_where_the_embedder_works_here(is_local: bool) -> None:
    async def ask() -> None:
        clock, metrics, circuit = LoopClock(), RecordedMetrics(), CircuitPolicy(1.0, 30.0)
        meanings = GuardedMeanings(PointMeanings(MemoryPoints(DIMENSIONS)), circuit, 0.5, clock, metrics)
        near = NearQuestions(Busy(), meanings, Invalidated(), circuit, 0.5, clock, metrics, is_local=is_local)
        texts = ("pay how", "pay " + "x" * 100)
        short, long = ([("default", semantic)] for text in texts if (semantic := make_question(text).semantic))
        assert await near.of(long, 1) is None
        assert clock.monotonic() == pytest.approx(0.5)
        assert (await near.of(short, 1) is not None) is is_local
        assert metrics.total("headchef.cache.failures") == 1

    run_virtually(ask())
