"""Points in memory, which can be told to be away."""

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any
from uuid import UUID

from headchef.embedding import Vector
from headchef.qdrant.errors import StoreRefused, StoreUnavailable
from headchef.qdrant.points import FoundPoint, PointStore, Ranked, SoughtPoint, StoredPoint, ranked
from headchef.qdrant.where import Equal, Where


class MemoryPoints(PointStore):
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

    async def nearest(self, sought: Sequence[SoughtPoint], top_k: int) -> Sequence[Sequence[FoundPoint]]:
        self.searches += len(sought)
        points = self._kept()
        return [self._nearest(each, list(points.values()), top_k) for each in sought]

    async def put(self, points: Sequence[StoredPoint]) -> None:
        kept = self._kept()
        kept.update({each.id: each for each in points})

    async def remove(self, where: Where) -> None:
        points = self._kept()
        self._points = {name: each for name, each in points.items() if not _meant(each, where)}

    async def least(self, name: str, most: int, also: str | None = None) -> Sequence[Ranked]:
        payloads = {each.id: each.payload for each in self._kept().values()}
        found = [ranked(point, each, name, also) for point, each in payloads.items() if each.get(name) is not None]
        return sorted(found, key=lambda each: each.number)[:most]

    async def vectors(self, ids: Sequence[UUID]) -> Mapping[UUID, Vector]:
        points = self._kept()
        return {each: points[each].vector for each in ids if each in points}

    async def count(self) -> int:
        return len(self._kept())

    async def close(self) -> None:
        self._open = False

    def _nearest(self, sought: SoughtPoint, points: Sequence[StoredPoint], top_k: int) -> Sequence[FoundPoint]:
        if len(sought.vector) != self._dimensions:
            raise StoreUnavailable("engine", "another number of dimensions")
        found = [
            FoundPoint(str(each.id), sum(a * b for a, b in zip(each.vector, sought.vector, strict=True)), each.payload)
            for each in points
            if _meant(each, Where(equal=sought.equal))
        ]
        return sorted(found, key=lambda each: -each.score)[:top_k]

    def _kept(self) -> dict[UUID, StoredPoint]:
        if self.faults:
            raise self.faults.pop(0)
        if not self._open or self._points is None:
            raise StoreUnavailable("closed", "the collection is not open")
        return self._points


def _meant(point: StoredPoint, where: Where) -> bool:
    """Compare as Qdrant does, where null and an empty list are not there."""
    payload = {name: value for name, value in point.payload.items() if value not in (None, [])}
    return (
        (where.ids is None or point.id in where.ids)
        and all(_is(payload.get(name), value) for name, value in where.equal.items())
        and all(any(_is(payload.get(name), value) for value in values) for name, values in where.among.items())
        and all(payload.get(name, inf) <= value for name, value in where.until.items())
        and all(payload.get(name, value) <= value for name, value in where.until_or_absent.items())
        and not any(name in payload for name in where.absent)
    )


def _is(found: Any, wanted: Equal) -> bool:
    """Compare as Qdrant does: of the same type, and a list if one of it is equal."""
    if isinstance(found, list):
        return any(_is(each, wanted) for each in found)
    return type(found) is type(wanted) and bool(found == wanted)
