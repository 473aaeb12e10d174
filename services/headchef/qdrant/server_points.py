"""Points in a collection of a Qdrant server, over gRPC: for several processes or machines."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from qdrant_client import models

from headchef.embedding import Vector
from headchef.qdrant.errors import StoreRefused
from headchef.qdrant.points import WRITE_AT_ONCE, FoundPoint, PointsForm, PointStore, Ranked, SoughtPoint, StoredPoint
from headchef.qdrant.server import QdrantServer, filter_of
from headchef.qdrant.server_collection import CollectionForm, ServerCollection
from headchef.qdrant.where import Where

_NO_GRAPH = models.HnswConfigDiff(m=0)


class ServerPoints(PointStore):
    """Points in a collection, with indexes of the fields that searches go by.

    Args:
        server: where, and how long requests may take.
        form: how points lie in it.
    """

    def __init__(self, server: QdrantServer, form: PointsForm) -> None:
        self._server = server
        self._form = form
        self._collection = ServerCollection(server, _made_with(form), check=self._check, at_once=WRITE_AT_ONCE)

    async def open(self, *, make: bool = False) -> None:
        """Connect, and look at the collection."""
        await self._collection.open(make=make)

    async def nearest(self, sought: Sequence[SoughtPoint], top_k: int) -> Sequence[Sequence[FoundPoint]]:
        """Search in one request."""
        if not sought:
            return []
        requests = [
            models.QueryRequest(
                query=list(each.vector),
                using=self._form.vector or None,
                filter=filter_of(Where(equal=each.equal)),
                params=models.SearchParams(exact=not self._form.graph),
                limit=top_k,
                with_payload=True,
            )
            for each in sought
        ]
        given = await self._collection.ask(
            lambda client: client.query_batch_points(self._collection.name, requests), self._server.lookup_timeout_s
        )
        return [
            [FoundPoint(str(point.id), point.score, point.payload or {}) for point in each.points] for each in given
        ]

    async def put(self, points: Sequence[StoredPoint]) -> None:
        """Write points, `WRITE_AT_ONCE` in a request; the server has applied them when it acknowledges."""
        name = self._form.vector
        await self._collection.put(
            [
                models.PointStruct(
                    id=str(each.id),
                    vector={name: list(each.vector)} if name else list(each.vector),
                    payload=dict(each.payload),
                )
                for each in points
            ]
        )

    async def remove(self, where: Where) -> None:
        """Remove points by a filter."""
        await self._collection.remove(where)

    async def least(self, name: str, most: int, also: str | None = None) -> Sequence[Ranked]:
        """Read them in the order of the field's index."""
        return await self._collection.least(name, most, also)

    async def vectors(self, ids: Sequence[UUID]) -> Mapping[UUID, Vector]:
        """Read points by their ids, in one request."""
        wanted: list[int | str | UUID] = [str(each) for each in ids]
        found = await self._collection.ask(
            lambda client: client.retrieve(self._collection.name, wanted, with_payload=False, with_vectors=True),
            self._server.lookup_timeout_s,
        )
        return {UUID(str(point.id)): _vector(point.vector, self._form.vector) for point in found}

    async def count(self) -> int:
        """Count points."""
        return await self._collection.count()

    async def close(self) -> None:
        """Disconnect."""
        await self._collection.close()

    def _check(self, found: models.CollectionInfo) -> None:
        form, vectors = self._form, found.config.params.vectors
        params = vectors.get(form.vector) if isinstance(vectors, dict) else None if form.vector else vectors
        if params is not None and params.size == form.dimensions:
            return
        has = "no such vector" if params is None else f"one of {params.size}"
        place = f"{self._collection.name} at {self._server.url}"
        message = f"{place} should have a vector {form.vector!r} of {form.dimensions} numbers, and has {has}"
        raise StoreRefused("dimensions", f"{message}; {form.remedy}")


def _made_with(form: PointsForm) -> CollectionForm:
    params = models.VectorParams(size=form.dimensions, distance=models.Distance.COSINE)
    kind = models.KeywordIndexType.KEYWORD
    indexes: dict[str, models.PayloadSchemaParams] = {
        name: models.KeywordIndexParams(type=kind) for name in form.indexed
    }
    indexes |= {name: models.FloatIndexParams(type=models.FloatIndexType.FLOAT) for name in form.ordered}
    if form.tenant_field is not None:
        indexes[form.tenant_field] = models.KeywordIndexParams(type=kind, is_tenant=True)
    return CollectionForm(
        vectors={form.vector: params} if form.vector else params,
        indexes=indexes,
        graph=None if form.graph else _NO_GRAPH,
    )


def _vector(given: Any, name: str) -> Vector:
    return list(given[name] if name else given)
