"""The store of vectors beside the answers: found by hashes in both kinds of stores, bounded, and never an error."""

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest

from headchef.cache.circuit import CircuitPolicy
from headchef.cache.shelf import PointShelf, shelf_form
from headchef.embedding import HashedEmbedder
from headchef.qdrant.embedded_points import EmbeddedPoints
from headchef.qdrant.errors import StoreUnavailable
from headchef.qdrant.points import PointStore
from headchef.qdrant.server_points import ServerPoints
from tests.qdrant.memory_points import MemoryPoints
from tests.support.eventually import PATIENCE_S
from tests.support.manual_clock import ManualClock
from tests.support.recorded_metrics import RecordedMetrics

EMBEDDER = HashedEmbedder(8)
MOST = 50


@pytest.fixture(params=["memory", "edge", "server"])
async def points(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PointStore]:
    made: PointStore
    match request.param:
        case "memory":
            made = MemoryPoints(8)
        case "edge":
            made = EmbeddedPoints(tmp_path / "vectors", shelf_form(EMBEDDER))
        case _:
            made = ServerPoints(request.getfixturevalue("server"), shelf_form(EMBEDDER))
    yield made
    await made.close()


def _shelf(points: PointStore, clock: ManualClock) -> PointShelf:
    return PointShelf(points, MOST, CircuitPolicy(1.0, 4.0), PATIENCE_S, clock, RecordedMetrics())


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


async def test_vectors_come_back_by_their_hashes_also_in_another_process(points: PointStore) -> None:
    vectors = dict(zip(map(_hash, "ab"), await EMBEDDER.embed(["a", "b"]), strict=True))
    first = _shelf(points, ManualClock())
    await first.write(vectors)
    await first.close()
    found = await _shelf(points, ManualClock()).read([_hash("a"), _hash("unknown"), _hash("b")])
    assert set(found) == set(vectors)
    for name, vector in found.items():
        assert list(vector) == pytest.approx(list(vectors[name]), abs=1e-6)


async def test_the_oldest_go_when_there_are_too_many(points: PointStore) -> None:
    clock = ManualClock()
    shelf = _shelf(points, clock)
    for start in range(0, 100, 5):
        clock.advance(1.0)
        names = [_hash(str(start + number)) for number in range(5)]
        await shelf.write(dict(zip(names, await EMBEDDER.embed(names), strict=True)))
        assert await points.count() <= MOST
    found = await shelf.read([_hash(str(number)) for number in range(100)])
    assert {_hash(str(number)) for number in range(55, 100)} <= set(found)


async def test_a_store_that_is_away_gives_nothing_and_is_no_error() -> None:
    points = MemoryPoints(8)
    shelf = _shelf(points, ManualClock())
    await shelf.open()
    points.faults = [StoreUnavailable("timeout", "no answer within 0.5 s")]
    assert await shelf.read([_hash("a")]) == {}
    await shelf.write({_hash("a"): [1.0, *[0.0] * 7]})
    assert await shelf.read([_hash("a")]) == {}
