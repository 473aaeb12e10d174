"""One collection on a Qdrant server: found or made as the program wants it, written to in batches, and counted."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

import grpc  # type: ignore[import-untyped]  # it has no types, and little of it is used
from qdrant_client import AsyncQdrantClient, models

from headchef.qdrant.errors import StoreRefused, StoreUnavailable
from headchef.qdrant.points import Ranked, ranked
from headchef.qdrant.server import QdrantServer, answered, connect, filter_of
from headchef.qdrant.where import Where

Result = TypeVar("Result")

Vectors = models.VectorParams | Mapping[str, models.VectorParams]

_MISSING = "not_found"
"""What a server answers for a collection that somebody has dropped."""


@dataclass(frozen=True, slots=True)
class CollectionForm:
    """What a collection is made with.

    Attributes:
        vectors: by name, or the unnamed one; an empty mapping for none.
        indexes: of payload fields, by their names.
        graph: of the index of neighbours; None for the server's own settings.
    """

    vectors: Vectors
    indexes: Mapping[str, models.PayloadSchemaParams] = field(default_factory=dict)
    graph: models.HnswConfigDiff | None = None


class ServerCollection:
    """One collection.

    Args:
        server: where, and how long requests may take.
        form: what it is made with.
        check: awaited with what is there, made or found; raises StoreRefused for what cannot be used.
        at_once: points in one request, so that a request of large ones stays within some megabytes.
    """

    def __init__(
        self,
        server: QdrantServer,
        form: CollectionForm,
        *,
        check: Callable[[models.CollectionInfo], None] = lambda found: None,
        at_once: int = 256,
    ) -> None:
        self._server = server
        self._form = form
        self._check = check
        self._at_once = at_once
        self._client: AsyncQdrantClient | None = None
        self._ready = False

    @property
    def name(self) -> str:
        """As the server knows it."""
        return self._server.collection

    async def open(self, *, make: bool) -> None:
        """Connect and look at the collection; on a ready one nothing happens.

        Args:
            make: whether to make it if it is absent.

        Raises:
            StoreUnavailable: not now.
            StoreRefused: not with this key, or not as it is; for reason `no_collection` where it is absent.
        """
        if self._ready:
            return
        if self._client is None:
            self._client = connect(self._server)
        await answered(self._find_or_make(self._client, make=make), self._server.open_timeout_s)
        self._ready = True

    async def ask(self, call: Callable[[AsyncQdrantClient], Awaitable[Result]], timeout_s: float) -> Result:
        """Ask something of it.

        Args:
            call: given the client.
            timeout_s: seconds that it may take.

        Raises:
            StoreUnavailable: not now, or it is not open.
        """
        if self._client is None:
            raise StoreUnavailable("closed", f"the collection {self.name} is not open")
        try:
            return await answered(call(self._client), timeout_s)
        except StoreUnavailable as error:
            # Somebody dropped it: the next opening looks again, and makes it where it may.
            self._ready = error.reason != _MISSING
            raise

    async def put(self, points: Sequence[models.PointStruct]) -> None:
        """Write points; the server has applied them when it acknowledges. Raises StoreUnavailable."""
        for start in range(0, len(points), self._at_once):
            chunk = list(points[start : start + self._at_once])
            await self.ask(lambda client, some=chunk: client.upsert(self.name, some, wait=True), self._put_timeout_s)  # type: ignore[misc]

    async def remove(self, where: Where) -> None:
        """Remove points; the server has applied it when it acknowledges. Raises StoreUnavailable."""
        chosen = models.FilterSelector(filter=filter_of(where))
        await self.ask(lambda client: client.delete(self.name, chosen, wait=True), self._put_timeout_s)

    async def least(self, name: str, most: int, also: str | None = None) -> Sequence[Ranked]:
        """Give the points whose number in an indexed field is the least, the least first. Raises StoreUnavailable."""
        fields = [name] if also is None else [name, also]
        found, _ = await self.ask(
            lambda client: client.scroll(
                self.name, limit=most, order_by=models.OrderBy(key=name), with_payload=fields, with_vectors=False
            ),
            self._put_timeout_s,
        )
        return [ranked(point.id, point.payload, name, also) for point in found]

    async def raise_to(self, name: str, numbers: Mapping[UUID, float]) -> None:
        """Write a number into a field of each of these points that is there and has less. Raises StoreUnavailable."""
        by_number: dict[float, list[models.ExtendedPointId]] = {}
        for point, number in numbers.items():
            by_number.setdefault(number, []).append(str(point))
        # By a filter, since a point that is named and is not there would be an error.
        operations = [
            models.SetPayloadOperation(
                set_payload=models.SetPayload(
                    payload={name: number},
                    filter=models.Filter(
                        must=[
                            models.HasIdCondition(has_id=points),
                            models.FieldCondition(key=name, range=models.Range(lt=number)),
                        ]
                    ),
                )
            )
            for number, points in by_number.items()
        ]
        if operations:
            await self.ask(
                lambda client: client.batch_update_points(self.name, operations, wait=True), self._put_timeout_s
            )

    async def count(self, but: UUID | None = None) -> int:
        """Count points, all but one where that is given. Raises StoreUnavailable."""
        wanted = None if but is None else models.Filter(must_not=[models.HasIdCondition(has_id=[str(but)])])
        found = await self.ask(
            lambda client: client.count(self.name, count_filter=wanted, exact=True), self._put_timeout_s
        )
        return found.count

    async def close(self) -> None:
        """Disconnect."""
        client, self._client, self._ready = self._client, None, False
        if client is not None:
            await client.close()

    @property
    def _put_timeout_s(self) -> float:
        return self._server.put_timeout_s

    async def _find_or_make(self, client: AsyncQdrantClient, *, make: bool) -> None:
        if not await client.collection_exists(self.name):
            if not make:
                raise StoreRefused("no_collection", f"there is no collection {self.name} at {self._server.url}")
            await self._make(client)
        found = await client.get_collection(self.name)
        self._check(found)
        # One that was made by an earlier version, or by a process that died in the middle, may lack some.
        for field_name in self._form.indexes.keys() - found.payload_schema.keys():
            schema = self._form.indexes[field_name]
            await client.create_payload_index(self.name, field_name, field_schema=schema, wait=True)

    async def _make(self, client: AsyncQdrantClient) -> None:
        vectors = self._form.vectors
        try:
            await client.create_collection(
                self.name,
                vectors_config=vectors if isinstance(vectors, models.VectorParams) else dict(vectors),
                hnsw_config=self._form.graph,
                on_disk_payload=True,
            )
        except grpc.RpcError:
            # Another process may have made it in between.
            if not await client.collection_exists(self.name):
                raise
