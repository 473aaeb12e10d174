"""A collection in memory, which can be told to be away."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from headchef.embedding import Vector
from headchef.qdrant.errors import StoreRefused, StoreUnavailable
from headchef.retrieval.store import CollectionStore, Equal, FoundPoint, StoredPoint


class MemoryCollectionStore(CollectionStore):
    """Passes the same behaviour suite as the real ones.

    Args:
        dimensions: that vectors have.

    Attributes:
        faults: raised one by one, by the calls to come.
        searches: how many came, also those that met a fault.
    """

    def __init__(self, dimensions: int) -> None:
        self.faults: list[StoreUnavailable] = []
        self.searches = 0
        self._dimensions = dimensions
        self._points: dict[UUID, StoredPoint] | None = None
        self._open = False

    async def open(self, *, make: bool = False) -> None:
        if self._points is None:
            if not make:
                raise StoreRefused("no_collection", "there is no collection in memory")
            self._points = {}
        self._open = True

    async def nearest(self, vector: Vector, equal: Mapping[str, Equal], top_k: int) -> Sequence[FoundPoint]:
        self.searches += 1
        points = self._kept()
        if len(vector) != self._dimensions:
            raise StoreUnavailable("engine", "another number of dimensions")
        found = [
            FoundPoint(str(each.id), sum(a * b for a, b in zip(each.vector, vector, strict=True)), each.payload)
            for each in points.values()
            if all(_is(each.payload.get(name), value) for name, value in equal.items())
        ]
        return sorted(found, key=lambda each: -each.score)[:top_k]

    async def put(self, points: Sequence[StoredPoint]) -> None:
        kept = self._kept()
        kept.update({each.id: each for each in points})

    async def count(self) -> int:
        return len(self._kept())

    async def close(self) -> None:
        self._open = False

    def _kept(self) -> dict[UUID, StoredPoint]:
        if self.faults:
            raise self.faults.pop(0)
        if not self._open or self._points is None:
            raise StoreUnavailable("closed", "the collection is not open")
        return self._points


def _is(found: Any, wanted: Equal) -> bool:
    """Compare as Qdrant does: of the same type, and a list if one of it is equal."""
    if isinstance(found, list):
        return any(_is(each, wanted) for each in found)
    return type(found) is type(wanted) and bool(found == wanted)
