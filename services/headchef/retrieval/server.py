"""A collection on a Qdrant server, over gRPC: for several processes or machines."""

from collections.abc import Mapping, Sequence

import grpc  # type: ignore[import-untyped]  # it has no types, and little of it is used
from pydantic import SecretStr
from qdrant_client import AsyncQdrantClient, models

from headchef.embedding import Vector
from headchef.qdrant.errors import StoreRefused, StoreUnavailable
from headchef.qdrant.server import answered, connect
from headchef.retrieval.store import WRITE_AT_ONCE, CollectionStore, Equal, FoundPoint, StoredPoint

REQUEST_TIMEOUT_S = 10.0
"""For one request; a search takes milliseconds."""


class ServerCollectionStore(CollectionStore):
    """Points in a collection, with an index of the tenants' field.

    Args:
        url: of the server.
        grpc_port: of the same host.
        api_key: None for a server without one.
        collection: its name there.
        vector: the vector's name.
        dimensions: that vectors have.
        tenant_field: None where all tenants see all.
    """

    def __init__(
        self,
        *,
        url: str,
        grpc_port: int,
        api_key: SecretStr | None,
        collection: str,
        vector: str,
        dimensions: int,
        tenant_field: str | None,
    ) -> None:
        self._url = url
        self._grpc_port = grpc_port
        self._api_key = api_key
        self._collection = collection
        self._vector = vector
        self._dimensions = dimensions
        self._tenant_field = tenant_field
        self._client: AsyncQdrantClient | None = None
        self._ready = False

    async def open(self, *, make: bool = False) -> None:
        """Connect, and look at the collection."""
        if self._ready:
            return
        if self._client is None:
            self._client = connect(self._url, self._grpc_port, self._api_key, REQUEST_TIMEOUT_S)
        await answered(self._find_or_make(self._client, make=make), REQUEST_TIMEOUT_S)
        self._ready = True

    async def nearest(self, vector: Vector, equal: Mapping[str, Equal], top_k: int) -> Sequence[FoundPoint]:
        """Search in one request."""
        conditions = [
            models.FieldCondition(key=name, match=models.MatchValue(value=value)) for name, value in equal.items()
        ]
        given = await answered(
            self._opened().query_points(
                self._collection,
                query=list(vector),
                using=self._vector or None,
                query_filter=models.Filter(must=list(conditions)),
                limit=top_k,
                with_payload=True,
            ),
            REQUEST_TIMEOUT_S,
        )
        return [FoundPoint(str(point.id), point.score, point.payload or {}) for point in given.points]

    async def put(self, points: Sequence[StoredPoint]) -> None:
        """Write points, `WRITE_AT_ONCE` in a request; the server has applied them when it acknowledges."""
        for start in range(0, len(points), WRITE_AT_ONCE):
            chunk = [
                models.PointStruct(
                    id=str(each.id),
                    vector={self._vector: list(each.vector)} if self._vector else list(each.vector),
                    payload=dict(each.payload),
                )
                for each in points[start : start + WRITE_AT_ONCE]
            ]
            await answered(self._opened().upsert(self._collection, chunk, wait=True), REQUEST_TIMEOUT_S)

    async def count(self) -> int:
        """Count points."""
        return (await answered(self._opened().count(self._collection, exact=True), REQUEST_TIMEOUT_S)).count

    async def close(self) -> None:
        """Disconnect."""
        client, self._client, self._ready = self._client, None, False
        if client is not None:
            await client.close()

    async def _find_or_make(self, client: AsyncQdrantClient, *, make: bool) -> None:
        name = self._collection
        if not await client.collection_exists(name):
            if not make:
                raise StoreRefused("no_collection", f"there is no collection {name} at {self._url}")
            await self._make(client)
        vectors = (await client.get_collection(name)).config.params.vectors
        params = vectors.get(self._vector) if isinstance(vectors, dict) else None if self._vector else vectors
        if params is None or params.size != self._dimensions:
            has = "no such vector" if params is None else f"one of {params.size}"
            message = f"{name} at {self._url} should have a vector {self._vector!r} of {self._dimensions} numbers"
            raise StoreRefused("dimensions", f"{message}, and has {has}; mend the file of collections, or load it anew")

    async def _make(self, client: AsyncQdrantClient) -> None:
        name, params = self._collection, models.VectorParams(size=self._dimensions, distance=models.Distance.COSINE)
        try:
            await client.create_collection(
                name, vectors_config={self._vector: params} if self._vector else params, on_disk_payload=True
            )
        except grpc.RpcError:
            # Another process may have made it in between.
            if not await client.collection_exists(name):
                raise
        if self._tenant_field is not None:
            schema = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
            await client.create_payload_index(name, self._tenant_field, field_schema=schema, wait=True)

    def _opened(self) -> AsyncQdrantClient:
        if self._client is None or not self._ready:
            raise StoreUnavailable("closed", f"the collection {self._collection} is not open")
        return self._client
