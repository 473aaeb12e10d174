"""The answer store on a Qdrant server, over gRPC: for caches in several processes or on several machines."""

from collections.abc import Sequence
from dataclasses import dataclass

import grpc  # type: ignore[import-untyped]  # it has no types, and little of it is used
from pydantic import SecretStr
from qdrant_client import AsyncQdrantClient, models

from headchef.cache.payload import point_id, read_payload, write_payload
from headchef.cache.store import AnswerStore, Sought, StoredAnswer
from headchef.qdrant.errors import StoreUnavailable
from headchef.qdrant.server import answered, connect

POINTS_AT_ONCE = 256
"""Answers in one request, so that a request of large answers stays within some megabytes."""


@dataclass(frozen=True, slots=True)
class QdrantServer:
    """Where the server is, and how long it may take.

    Attributes:
        url: such as `http://localhost:6333`; with https also gRPC is encrypted.
        grpc_port: of the same host.
        api_key: None for a server without one.
        collection: made if absent.
        open_timeout_s: for finding or making the collection.
        lookup_timeout_s: for one request to look up; steps wait for it.
        put_timeout_s: for one request to store.
    """

    url: str
    grpc_port: int
    api_key: SecretStr | None
    collection: str
    open_timeout_s: float
    lookup_timeout_s: float
    put_timeout_s: float


class ServerAnswerStore(AnswerStore):
    """Answers in a collection without vectors.

    Args:
        server: where and how.
    """

    def __init__(self, server: QdrantServer) -> None:
        self._server = server
        self._client: AsyncQdrantClient | None = None

    async def open(self) -> None:
        """Connect, and make the collection if it is absent."""
        if self._client is None:
            server = self._server
            longest_s = max(server.open_timeout_s, server.lookup_timeout_s, server.put_timeout_s)
            self._client = connect(server.url, server.grpc_port, server.api_key, longest_s)
        await answered(self._find_or_make(self._client), self._server.open_timeout_s)

    async def lookup(self, sought: Sequence[Sought]) -> Sequence[StoredAnswer | None]:
        """Look for answers, `POINTS_AT_ONCE` in a request."""
        found: list[StoredAnswer | None] = []
        for start in range(0, len(sought), POINTS_AT_ONCE):
            found += await self._read(sought[start : start + POINTS_AT_ONCE])
        return found

    async def put(self, answers: Sequence[StoredAnswer]) -> None:
        """Store answers, `POINTS_AT_ONCE` in a request; the server has applied them when it acknowledges."""
        for start in range(0, len(answers), POINTS_AT_ONCE):
            points = [
                models.PointStruct(id=str(point_id(each.fingerprint)), vector={}, payload=write_payload(each))
                for each in answers[start : start + POINTS_AT_ONCE]
            ]
            await answered(
                self._opened().upsert(self._server.collection, points, wait=True), self._server.put_timeout_s
            )

    async def close(self) -> None:
        """Disconnect."""
        client = self._client
        self._client = None
        if client is not None:
            await client.close()

    async def _read(self, sought: Sequence[Sought]) -> list[StoredAnswer | None]:
        ids = [str(point_id(each.fingerprint)) for each in sought]
        points = await answered(
            self._opened().retrieve(self._server.collection, ids, with_payload=True, with_vectors=False),
            self._server.lookup_timeout_s,
        )
        payloads = {str(point.id): point.payload for point in points}
        return [read_payload(payloads.get(point), each) for point, each in zip(ids, sought, strict=True)]

    async def _find_or_make(self, client: AsyncQdrantClient) -> None:
        name = self._server.collection
        if await client.collection_exists(name):
            return
        try:
            await client.create_collection(name, vectors_config={}, on_disk_payload=True)
        except grpc.RpcError:
            # Another process may have made it in between.
            if not await client.collection_exists(name):
                raise

    def _opened(self) -> AsyncQdrantClient:
        if self._client is None:
            raise StoreUnavailable("closed", "the answer store is not open")
        return self._client
