"""A collection with its embedder and its store: texts are put into it, and found in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

from headchef.embedding import Embedder
from headchef.qdrant.points import FoundPoint, PointStore, SoughtPoint, StoredPoint
from headchef.qdrant.where import Equal
from headchef.retrieval.form import CollectionEntry
from headchef.retrieval.wanted import Document

_IDS = UUID("5f0d4a7c-6f0e-4a51-9f5a-0b6d8f6f3c21")
"""Never to be changed: texts that are loaded again take the place of the earlier ones by it."""


@dataclass(frozen=True, slots=True)
class LoadedText:
    """A text to be kept.

    Attributes:
        id: names it among those of its tenant.
        text: the text.
        payload: fields that searches may filter by; JSON values by name.
    """

    id: str
    text: str
    payload: Mapping[str, Any]


class Collection:
    """One collection.

    Args:
        entry: as the file describes it.
        embedder: makes vectors of its texts and of queries.
        store: keeps it.
    """

    def __init__(self, entry: CollectionEntry, embedder: Embedder, store: PointStore) -> None:
        self._entry = entry
        self._embedder = embedder
        self._store = store

    @property
    def embedder(self) -> str:
        """The name of what makes its vectors."""
        return self._embedder.name

    @property
    def own_fields(self) -> frozenset[str]:
        """Fields of a payload that the collection sets itself."""
        fields = {self._entry.text_field, self._entry.id_field}
        return frozenset(fields if self._entry.tenant_field is None else {*fields, self._entry.tenant_field})

    async def find(self, text: str, equal: Mapping[str, Equal], top_k: int, tenant: str) -> Sequence[Document]:
        """Find the texts that are nearest.

        Args:
            text: to which.
            equal: what fields must be; the tenant's own is added, whatever is said of it here.
            top_k: how many at most.
            tenant: who asks.

        Raises:
            StoreUnavailable: the store gave nothing; StoreRefused where it will not before somebody changes something.
            EmbeddingFailed: the query got no vector.
        """
        await self._store.open()
        [vector] = await self._embedder.embed([text])
        field = self._entry.tenant_field
        held = equal if field is None else {**equal, field: tenant}
        [points] = await self._store.nearest([SoughtPoint(vector, held)], top_k)
        return [self._document(point) for point in points]

    async def put(self, texts: Sequence[LoadedText], tenant: str) -> None:
        """Keep texts, each in the place of an earlier one of that id and tenant; the collection is made if absent.

        Raises:
            StoreUnavailable: some or all may not be kept; putting them again is harmless.
            EmbeddingFailed: a text got no vector, and none is kept.
        """
        await self._store.open(make=True)
        vectors = await self._embedder.embed([each.text for each in texts])
        await self._store.put(
            [
                StoredPoint(self._point_id(each.id, tenant), vector, self._payload(each, tenant))
                for each, vector in zip(texts, vectors, strict=True)
            ]
        )

    async def count(self) -> int:
        """Say how many texts there are, of all tenants. Raises StoreUnavailable."""
        await self._store.open()
        return await self._store.count()

    async def close(self) -> None:
        """Leave the store to others."""
        await self._store.close()

    def _point_id(self, name: str, tenant: str) -> UUID:
        # Tenants name their texts as they like: none may put another's out of its place.
        whose = "" if self._entry.tenant_field is None else tenant
        return uuid5(_IDS, f"{len(whose)}:{whose}{name}")

    def _payload(self, text: LoadedText, tenant: str) -> dict[str, Any]:
        own = {self._entry.text_field: text.text, self._entry.id_field: text.id}
        if self._entry.tenant_field is not None:
            own[self._entry.tenant_field] = tenant
        return {**text.payload, **own}

    def _document(self, point: FoundPoint) -> Document:
        # Others may have filled it: what is there counts, and not what should be.
        text = point.payload.get(self._entry.text_field)
        written = text if isinstance(text, str) else ""
        name = point.payload.get(self._entry.id_field)
        return Document(
            id=point.id if name is None else str(name),
            text=written,
            score=round(point.score, 6),
            sha256=sha256(written.encode("utf-8", "surrogatepass")).hexdigest(),
        )
