"""The answer store on a Qdrant server, over gRPC: for caches in several processes or on several machines."""

from collections.abc import Sequence
from uuid import UUID

from qdrant_client import models

from headchef.cache.chosen import point_id, where_of
from headchef.cache.payload import read_payload, write_payload
from headchef.cache.selection import Selection
from headchef.cache.store import AnswerStore, Ranking, Sought, StoredAnswer
from headchef.qdrant.server import QdrantServer
from headchef.qdrant.server_collection import CollectionForm, ServerCollection
from headchef.qdrant.where import Where

POINTS_AT_ONCE = 256
"""Answers in one request, so that a request of large answers stays within some megabytes."""

_KEYWORD = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD)
_NUMBER = models.FloatIndexParams(type=models.FloatIndexType.FLOAT)
_FORM = CollectionForm(
    vectors={},
    indexes={
        "tenant": models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True),
        "tags": _KEYWORD,
        "template": _KEYWORD,
        "sources": _KEYWORD,
        "expires_at_s": _NUMBER,
        "worth": _NUMBER,
    },
)

_MARK = UUID(int=1)
"""A point without a payload, and so no answer: the collection has been filled. A mark for the contrary would be missing
where its maker dies, or is cut off, right after making it."""


class ServerAnswerStore(AnswerStore):
    """Answers in a collection without vectors.

    Args:
        server: where and how.
    """

    def __init__(self, server: QdrantServer) -> None:
        self._server = server
        self._collection = ServerCollection(server, _FORM, at_once=POINTS_AT_ONCE)

    async def open(self) -> None:
        """Connect, and make the collection if it is absent."""
        await self._collection.open(make=True)

    async def lookup(self, sought: Sequence[Sought]) -> Sequence[StoredAnswer | None]:
        """Look for answers, `POINTS_AT_ONCE` in a request."""
        found: list[StoredAnswer | None] = []
        for start in range(0, len(sought), POINTS_AT_ONCE):
            found += await self._read(sought[start : start + POINTS_AT_ONCE])
        return found

    async def put(self, answers: Sequence[StoredAnswer]) -> None:
        """Store answers, `POINTS_AT_ONCE` in a request; the server has applied them when it acknowledges."""
        await self._collection.put(
            [
                models.PointStruct(id=str(point_id(each.fingerprint)), vector={}, payload=write_payload(each))
                for each in answers
            ]
        )

    async def remove(self, selection: Selection) -> None:
        """Remove answers by a filter; the server has applied it when it acknowledges."""
        await self._collection.remove(where_of(selection))

    async def least(self, most: int) -> Sequence[Ranking]:
        """Read them in the order of their worth."""
        found = await self._collection.least("worth", most, also="fingerprint")
        return [Ranking(each.also, each.number) for each in found]

    async def revalue(self, worths: Sequence[Ranking]) -> None:
        """Write the worth alone."""
        await self._collection.raise_to("worth", {point_id(each.fingerprint): each.worth for each in worths})

    async def unfilled(self) -> bool:
        """Look for the point that is the mark."""
        return not await self._collection.ask(
            lambda client: client.retrieve(self._collection.name, [str(_MARK)], with_payload=False),
            self._server.lookup_timeout_s,
        )

    async def set_unfilled(self, unfilled: bool) -> None:
        """Remove the point that is the mark, or put it."""
        if unfilled:
            await self._collection.remove(Where(ids=[_MARK]))
        else:
            await self._collection.put([models.PointStruct(id=str(_MARK), vector={}, payload={})])

    async def count(self) -> int:
        """Count answers."""
        return await self._collection.count(but=_MARK)

    async def close(self) -> None:
        """Disconnect."""
        await self._collection.close()

    async def _read(self, sought: Sequence[Sought]) -> list[StoredAnswer | None]:
        ids = [str(point_id(each.fingerprint)) for each in sought]
        points = await self._collection.ask(
            lambda client: client.retrieve(self._collection.name, ids, with_payload=True, with_vectors=False),
            self._server.lookup_timeout_s,
        )
        payloads = {str(point.id): point.payload for point in points}
        return [read_payload(payloads.get(point), each) for point, each in zip(ids, sought, strict=True)]
