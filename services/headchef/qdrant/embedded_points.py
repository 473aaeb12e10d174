"""Points in a folder on this machine, owned by one process at a time."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from qdrant_edge import (
    Distance,
    EdgeConfig,
    EdgeVectorParams,
    HnswIndexConfig,
    PayloadSchemaType,
    Point,
    Query,
    QueryBatchRequest,
    QueryRequest,
    UpdateOperation,
)

from headchef.embedding import Vector
from headchef.qdrant.embedded import EmbeddedShard, filter_of
from headchef.qdrant.errors import StoreRefused
from headchef.qdrant.points import WRITE_AT_ONCE, FoundPoint, PointsForm, PointStore, Ranked, SoughtPoint, StoredPoint
from headchef.qdrant.where import Where


class EmbeddedPoints(PointStore):
    """Points in a folder of their own. Searches have a thread of theirs, and wait for no write.

    Args:
        folder: of this collection alone.
        form: how points lie in it.
    """

    def __init__(self, folder: Path, form: PointsForm) -> None:
        self._folder = folder
        self._form = form
        params = EdgeVectorParams(size=form.dimensions, distance=Distance.Cosine)
        # Never a graph of neighbours: building it took 45 s of processor time for 50,000 points, and a search among
        # 2,500 of them by their fields was no quicker than looking at all of these.
        graph = HnswIndexConfig(m=0, ef_construct=100, full_scan_threshold=10_000)
        config = EdgeConfig(vectors={form.vector: params}, hnsw_config=graph)
        needed = f"it must have a vector {form.vector!r} of {form.dimensions} numbers: {form.remedy}"
        cure = None if form.replaceable else needed
        self._embedded = EmbeddedShard(folder, "points", config, indexes=_indexes(form), vacuum=True, cure=cure)

    async def open(self, *, make: bool = False) -> None:
        """Take the folder, and load what it has."""
        if not make and not self._embedded.there:
            raise StoreRefused("no_collection", f"there is no collection in {self._folder}")
        await self._embedded.open()

    async def nearest(self, sought: Sequence[SoughtPoint], top_k: int) -> Sequence[Sequence[FoundPoint]]:
        """Search in one call."""
        if not sought:
            return []
        requests = [
            QueryRequest(
                limit=top_k,
                query=Query.Nearest(list(each.vector), using=self._form.vector),
                filter=filter_of(Where(equal=each.equal)),
                with_payload=True,
            )
            for each in sought
        ]
        shard = self._embedded.opened()
        found = await self._embedded.on_reader(partial(shard.query_batch, QueryBatchRequest(requests)))
        return [[FoundPoint(str(point.id), point.score, point.payload or {}) for point in points] for points in found]

    async def put(self, points: Sequence[StoredPoint]) -> None:
        """Write points, `WRITE_AT_ONCE` at once, and flush them."""
        shard = self._embedded.opened()
        for start in range(0, len(points), WRITE_AT_ONCE):
            chunk = [
                Point(each.id, {self._form.vector: list(each.vector)}, dict(each.payload))
                for each in points[start : start + WRITE_AT_ONCE]
            ]
            await self._embedded.on_writer(partial(shard.update, UpdateOperation.upsert_points(chunk)))
        await self._embedded.on_writer(shard.flush)

    async def remove(self, where: Where) -> None:
        """Remove points by a filter."""
        await self._embedded.remove(where)

    async def least(self, name: str, most: int, also: str | None = None) -> Sequence[Ranked]:
        """Read them in the order of the field's index."""
        return await self._embedded.least(name, most, also)

    async def vectors(self, ids: Sequence[UUID]) -> Mapping[UUID, Vector]:
        """Read points by their ids."""
        shard, name = self._embedded.opened(), self._form.vector
        found = await self._embedded.on_reader(partial(shard.retrieve, list(ids), with_payload=False, with_vector=True))
        return {UUID(str(point.id)): _vector(point.vector, name) for point in found}

    async def count(self) -> int:
        """Count points."""
        return await self._embedded.count()

    async def close(self) -> None:
        """Finish what is being written, and leave the folder to others."""
        await self._embedded.close()


def _indexes(form: PointsForm) -> Mapping[str, PayloadSchemaType]:
    texts = form.indexed if form.tenant_field is None else (form.tenant_field, *form.indexed)
    return dict.fromkeys(texts, PayloadSchemaType.Keyword) | dict.fromkeys(form.ordered, PayloadSchemaType.Float)


def _vector(given: Any, name: str) -> Vector:
    # The engine gives the unnamed one bare, or as the one without a name.
    return list(given[name] if isinstance(given, dict) else given)
