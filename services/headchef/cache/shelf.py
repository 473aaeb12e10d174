"""The cache's store of vectors by their texts' hashes, beside its answers: bounded, and never an error."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from headchef.cache.circuit import CircuitPolicy
from headchef.cache.guard import Guard, Guarded
from headchef.embedding import Embedder, Vector
from headchef.embedding.kept import VectorShelf
from headchef.qdrant.points import PointsForm, PointStore, StoredPoint
from headchef.qdrant.where import Where
from headchef.runtime.clock import Clock
from headchef.runtime.telemetry.metrics import Metrics

_KEPT_AT = "kept_at_s"


def shelf_form(embedder: Embedder) -> PointsForm:
    """Say how vectors lie in a store that nobody searches in: they are read by their ids."""
    return PointsForm(
        vector="",
        dimensions=embedder.dimensions,
        ordered=(_KEPT_AT,),
        graph=False,
        remedy="delete it: vectors can be made again",
        replaceable=True,
    )


class PointShelf(VectorShelf):
    """Vectors as points; their ids are the first half of the hash, and nobody can find two texts that share it.

    Args:
        points: keeps them; of one embedder alone.
        most: vectors that are kept, from 1; beyond, the oldest go.
        policy: when a store that failed is tried again.
        limit_s: seconds that reading may take; steps wait for it.
        clock: dates vectors.
        metrics: for failures and durations.
    """

    def __init__(
        self,
        points: PointStore,
        most: int,
        policy: CircuitPolicy,
        limit_s: float,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._points = points
        self._most = most
        self._slack = max(1, most // 50)
        self._limit_s = limit_s
        self._clock = clock
        self._written_since_counted = self._slack

        async def open_points() -> None:
            await points.open(make=True)

        guarded = Guarded("store of vectors", "texts are embedded again", open_points)
        self._guard = Guard(guarded, policy, clock, metrics)

    async def open(self) -> None:
        """Open the store, or go on without it for now. Raises StoreRefused."""
        await self._guard.open()

    async def read(self, hashes: Sequence[str]) -> Mapping[str, Vector]:
        """Read by ids, in one request."""
        by_id = {_point_id(each): each for each in hashes}

        async def read() -> Mapping[UUID, Vector]:
            return await self._points.vectors(list(by_id))

        found = await self._guard.attempt("read_vectors", read, limit_s=self._limit_s)
        return {by_id[point]: vector for point, vector in (found or {}).items()}

    async def write(self, vectors: Mapping[str, Vector]) -> None:
        """Write points, and remove the oldest now and then."""
        payload = {_KEPT_AT: self._clock.now().timestamp()}
        points = [StoredPoint(_point_id(name), vector, payload) for name, vector in vectors.items()]

        async def write() -> None:
            await self._points.put(points)
            self._written_since_counted += len(points)
            if self._written_since_counted >= self._slack:
                await self._make_room()
                self._written_since_counted = 0

        await self._guard.attempt("write_vectors", write)

    async def remove(self, hashes: Sequence[str]) -> bool:
        """Remove points by their ids."""

        async def remove() -> bool:
            await self._points.remove(Where(ids=[_point_id(each) for each in hashes]))
            return True

        return await self._guard.attempt("remove_vectors", remove) is True

    async def forget(self, until: datetime) -> bool:
        """Remove the points that were written until a time, by this clock."""

        async def remove() -> bool:
            await self._points.remove(Where(until={_KEPT_AT: until.timestamp()}))
            return True

        return await self._guard.attempt("remove_vectors", remove) is True

    async def close(self) -> None:
        """Close the store."""
        self._guard.closed()
        await self._points.close()

    async def _make_room(self) -> None:
        over = await self._points.count() - self._most
        if over > 0:
            oldest = await self._points.least(_KEPT_AT, over + self._slack)
            await self._points.remove(Where(ids=[each.id for each in oldest]))


def _point_id(sha256: str) -> UUID:
    return UUID(hex=sha256[:32])
