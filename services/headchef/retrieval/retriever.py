"""Searches collections for steps of workflows: tries again, within limits, and says why where nothing comes."""

import asyncio
from collections.abc import Mapping, Sequence
from random import Random

from headchef.embedding import EmbeddingFailed
from headchef.qdrant.errors import StoreRefused, StoreUnavailable
from headchef.retrieval.collection import Collection
from headchef.retrieval.errors import Reason, RetrievalFailed
from headchef.retrieval.wanted import Document, Query, Retrieved
from headchef.runtime.clock import Clock

MAX_TEXT_BYTES = 1_048_576
"""Of all texts that a search gives together."""

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0


class Retriever:
    """Searches.

    Args:
        collections: by the names that workflows say.
        clock: for pauses between tries.
        chance: of the jitter of pauses.
        timeout_s: seconds that a search may take, with all tries and pauses.
    """

    def __init__(
        self, collections: Mapping[str, Collection], clock: Clock, chance: Random, *, timeout_s: float = 60.0
    ) -> None:
        self._collections = collections
        self._clock = clock
        self._chance = chance
        self._timeout_s = timeout_s

    async def retrieve(self, query: Query) -> Retrieved:
        """Find texts.

        Raises:
            RetrievalFailed: there is nothing to be had, or too much.
        """
        collection = self._collections.get(query.collection)
        if collection is None:
            known = ", ".join(sorted(self._collections)) or "none; HEADCHEF_COLLECTIONS names the file that has them"
            raise RetrievalFailed(
                "unknown_collection", f"there is no collection {query.collection!r} here; known are {known}"
            )
        if not query.text.strip():
            raise RetrievalFailed("bad_query", "the query is empty; it must say what is looked for")
        try:
            async with asyncio.timeout(self._timeout_s):
                found = await self._insisting(collection, query)
        except TimeoutError as error:
            message = f"{query.collection} gave nothing within {self._timeout_s:g} s, with all tries"
            raise RetrievalFailed("timeout", message) from error
        size = sum(len(each.text.encode("utf-8", "surrogatepass")) for each in found)
        if size > MAX_TEXT_BYTES:
            message = f"{len(found)} texts of {query.collection} have {size:,} bytes; at most {MAX_TEXT_BYTES:,}"
            raise RetrievalFailed("too_large", f"{message} are taken: lower `top_k`, or load shorter texts")
        return Retrieved(query.collection, found)

    async def _insisting(self, collection: Collection, query: Query) -> Sequence[Document]:
        tries = 0
        while True:
            tries += 1
            try:
                return await collection.find(query.text, query.equal, query.top_k, query.tenant)
            except StoreRefused as refused:
                reason: Reason = "no_collection" if refused.reason == "no_collection" else "store"
                raise RetrievalFailed(reason, f"{query.collection}: {refused.message}") from refused
            except StoreUnavailable as away:
                if tries > query.retries:
                    raise RetrievalFailed("store", f"{query.collection}: {away} ({tries} tries)") from away
                pause_s = None
            except EmbeddingFailed as failed:
                if not failed.may_pass or tries > query.retries:
                    message = f"{query.collection}: {failed.reason}: {failed.message} ({tries} tries)"
                    raise RetrievalFailed("embedder", message) from failed
                pause_s = failed.retry_after_s
            await self._clock.sleep(self._pause_s(tries) if pause_s is None else pause_s)

    def _pause_s(self, tries: int) -> float:
        longest_s = min(_FIRST_PAUSE_S * 2.0 ** (tries - 1), _LONGEST_PAUSE_S)
        return longest_s * self._chance.uniform(0.5, 1.0)
