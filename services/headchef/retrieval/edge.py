"""A collection in a folder on this machine, owned by one process at a time."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from qdrant_edge import (
    CountRequest,
    Distance,
    EdgeConfig,
    EdgeVectorParams,
    FieldCondition,
    Filter,
    MatchValue,
    Point,
    Query,
    QueryRequest,
    UpdateOperation,
)

from headchef.embedding import Vector
from headchef.qdrant.embedded import EmbeddedShard
from headchef.qdrant.errors import StoreRefused
from headchef.retrieval.store import WRITE_AT_ONCE, CollectionStore, Equal, FoundPoint, StoredPoint


class EdgeCollectionStore(CollectionStore):
    """Points in a folder of their own. Searches run on the writer's thread, after the writes before them.

    Args:
        folder: of this collection alone.
        vector: the vector's name.
        dimensions: that vectors have.
    """

    def __init__(self, folder: Path, vector: str, dimensions: int) -> None:
        self._folder = folder
        self._vector = vector
        self._dimensions = dimensions
        params = EdgeVectorParams(size=dimensions, distance=Distance.Cosine)
        cure = (
            f"it must have a vector {vector!r} of {dimensions} numbers: mend the file of collections, or load it anew"
        )
        self._embedded = EmbeddedShard(folder, "points", EdgeConfig(vectors={vector: params}), cure=cure)

    async def open(self, *, make: bool = False) -> None:
        """Take the folder, and load what it has."""
        if not make and not self._embedded.there:
            raise StoreRefused("no_collection", f"there is no collection in {self._folder}")
        await self._embedded.open()

    async def nearest(self, vector: Vector, equal: Mapping[str, Equal], top_k: int) -> Sequence[FoundPoint]:
        """Search on the writer's thread."""
        conditions = [FieldCondition(key=name, match=_match(value)) for name, value in equal.items()]
        request = QueryRequest(
            limit=top_k,
            query=Query.Nearest(list(vector), using=self._vector),
            filter=Filter(must=list(conditions)),
            with_payload=True,
        )
        points = await self._embedded.on_writer(partial(self._embedded.opened().query, request))
        return [FoundPoint(str(point.id), point.score, point.payload or {}) for point in points]

    async def put(self, points: Sequence[StoredPoint]) -> None:
        """Write points, `WRITE_AT_ONCE` at once, and flush them."""
        shard = self._embedded.opened()
        for start in range(0, len(points), WRITE_AT_ONCE):
            chunk = [
                Point(each.id, {self._vector: list(each.vector)}, dict(each.payload))
                for each in points[start : start + WRITE_AT_ONCE]
            ]
            await self._embedded.on_writer(partial(shard.update, UpdateOperation.upsert_points(chunk)))
        await self._embedded.on_writer(shard.flush)

    async def count(self) -> int:
        """Count points."""
        return await self._embedded.on_writer(partial(self._embedded.opened().count, CountRequest(exact=True)))

    async def close(self) -> None:
        """Finish what is being written, and leave the folder to others."""
        await self._embedded.close()


def _match(value: Equal) -> MatchValue:
    # The engine takes Python's True for the number 1, which no truth value equals; numpy's it knows.
    known: Any = np.bool_(value) if isinstance(value, bool) else value
    return MatchValue(known)
