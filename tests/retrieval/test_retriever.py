"""Searching a collection: tenants apart, texts with their hashes, tries again, and a reason for each failure."""

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from random import Random
from typing import Any

import pytest

from headchef.embedding import EmbeddingFailed, HashedEmbedder, Vector
from headchef.qdrant.errors import StoreRefused, StoreUnavailable
from headchef.retrieval.collection import Collection, LoadedText
from headchef.retrieval.errors import RetrievalFailed
from headchef.retrieval.form import CollectionEntry
from headchef.retrieval.retriever import Retriever
from headchef.retrieval.wanted import Query
from tests.qdrant.memory_points import MemoryPoints
from tests.support.virtual_time import LoopClock, run_virtually

DIMENSIONS = 64
AWAY = StoreUnavailable("unavailable", "connection refused")


class _Failing(HashedEmbedder):
    """Fails as often as it is told."""

    def __init__(self, *failures: EmbeddingFailed) -> None:
        super().__init__(DIMENSIONS)
        self.left = list(failures)

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        if self.left:
            raise self.left.pop(0)
        return await super().embed(texts)


def _collection(store: MemoryPoints, embedder: HashedEmbedder | None = None, **whose: Any) -> Collection:
    entry = CollectionEntry.model_validate({"folder": "data", "hashed": {}, **(whose or {"tenant_field": "tenant"})})
    # On virtual time nothing waits for a thread.
    return Collection(entry, embedder or HashedEmbedder(DIMENSIONS, apart_from=None), store)


def _query(text: str = "flats in Lisbon", **changes: Any) -> Query:
    fields = {"collection": "guides", "equal": {}, "top_k": 5, "tenant": "ours", "retries": 2}
    return Query(text=text, **{**fields, **changes})


def _retriever(collection: Collection, **limits: float) -> Retriever:
    return Retriever({"guides": collection}, LoopClock(), Random(1), **limits)


TEXTS = [
    LoadedText("lisbon", "How to rent a flat in Lisbon", {"locale": "en"}),
    LoadedText("museum", "Opening hours of the museum", {"locale": "en"}),
    LoadedText("lisboa", "Apartamentos em Lisboa", {"locale": "pt"}),
]


def test_the_nearest_text_comes_first_with_its_id_and_hash() -> None:
    async def search() -> None:
        collection = _collection(MemoryPoints(DIMENSIONS))
        await collection.put(TEXTS, "ours")
        found = await _retriever(collection).retrieve(_query(equal={"locale": "en"}))
        assert [each.id for each in found.documents] == ["lisbon", "museum"]
        first = found.documents[0]
        assert first.text == TEXTS[0].text
        assert first.sha256 == sha256(first.text.encode()).hexdigest()
        assert found.value["documents"][0] == {
            "id": "lisbon",
            "text": first.text,
            "score": first.score,
            "sha256": first.sha256,
        }

    run_virtually(search())


def test_tenants_never_see_one_another() -> None:
    """Not even one that asks for the other's field, or names its texts alike."""

    async def search() -> None:
        collection = _collection(MemoryPoints(DIMENSIONS))
        await collection.put(TEXTS, "theirs")
        await collection.put([LoadedText("lisbon", "Our own flat", {})], "ours")
        assert await collection.count() == len(TEXTS) + 1
        for equal in ({}, {"tenant": "theirs"}):
            found = await _retriever(collection).retrieve(_query(equal=equal))
            assert [each.text for each in found.documents] == ["Our own flat"]

    run_virtually(search())


def test_a_shared_collection_is_seen_by_all() -> None:
    async def search() -> None:
        collection = _collection(MemoryPoints(DIMENSIONS), shared=True)
        await collection.put(TEXTS, "theirs")
        await collection.put(TEXTS, "ours")
        found = await _retriever(collection).retrieve(_query())
        assert len(found.documents) == len(TEXTS)

    run_virtually(search())


def test_what_others_have_filled_is_given_as_far_as_it_goes() -> None:
    async def search() -> None:
        store = MemoryPoints(DIMENSIONS)
        await _collection(store, shared=True).put([LoadedText("a", "A flat", {"body": "Um apartamento"})], "ours")
        other = _collection(store, shared=True, text_field="body", id_field="key")
        [found] = (await _retriever(other).retrieve(_query())).documents
        assert found.text == "Um apartamento"
        assert len(found.id) == 36

    run_virtually(search())


def test_a_store_that_is_away_is_tried_again() -> None:
    async def search() -> None:
        store = MemoryPoints(DIMENSIONS)
        collection = _collection(store)
        await collection.put(TEXTS, "ours")
        store.faults = [AWAY, AWAY]
        begun = asyncio.get_running_loop().time()
        assert len((await _retriever(collection).retrieve(_query())).documents) == len(TEXTS)
        assert store.searches == 3
        assert 0.75 <= asyncio.get_running_loop().time() - begun <= 1.5

    run_virtually(search())


@pytest.mark.parametrize(
    ("failure", "tries", "reason"),
    [
        (AWAY, 3, "store"),
        (StoreRefused("unauthenticated", "no key"), 1, "store"),
        (StoreRefused("no_collection", "there is none"), 1, "no_collection"),
    ],
)
def test_a_store_that_stays_away_or_refuses_is_a_loss(failure: StoreUnavailable, tries: int, reason: str) -> None:
    async def search() -> None:
        store = MemoryPoints(DIMENSIONS)
        collection = _collection(store)
        await collection.put(TEXTS, "ours")
        store.faults = [failure] * 9
        with pytest.raises(RetrievalFailed, match="guides") as failed:
            await _retriever(collection).retrieve(_query())
        assert (failed.value.reason, store.searches) == (reason, tries)

    run_virtually(search())


@pytest.mark.parametrize(("may_pass", "left"), [(True, 0), (False, 2)])
def test_an_embedder_that_fails_is_tried_again_if_that_may_help(may_pass: bool, left: int) -> None:
    async def search() -> None:
        embedder = _Failing()
        collection = _collection(MemoryPoints(DIMENSIONS), embedder)
        await collection.put(TEXTS, "ours")
        embedder.left = [EmbeddingFailed("http_status", "answered 500", may_pass=may_pass)] * 3
        with pytest.raises(RetrievalFailed, match="answered 500") as failed:
            await _retriever(collection).retrieve(_query())
        assert (failed.value.reason, len(embedder.left)) == ("embedder", left)

    run_virtually(search())


def test_the_time_of_all_tries_is_limited() -> None:
    async def search() -> None:
        store = MemoryPoints(DIMENSIONS)
        collection = _collection(store)
        await collection.put(TEXTS, "ours")
        store.faults = [AWAY] * 99
        with pytest.raises(RetrievalFailed, match="gave nothing within 5 s") as failed:
            await _retriever(collection, timeout_s=5).retrieve(_query(retries=20))
        assert failed.value.reason == "timeout"

    run_virtually(search())


def test_a_collection_that_was_never_loaded_is_a_loss() -> None:
    async def search() -> None:
        with pytest.raises(RetrievalFailed, match="there is no collection") as failed:
            await _retriever(_collection(MemoryPoints(DIMENSIONS))).retrieve(_query())
        assert failed.value.reason == "no_collection"

    run_virtually(search())


@pytest.mark.parametrize(
    ("changes", "reason"), [({"collection": "guide"}, "unknown_collection"), ({"text": " "}, "bad_query")]
)
def test_a_query_that_cannot_be_is_a_loss(changes: dict[str, Any], reason: str) -> None:
    async def search() -> None:
        with pytest.raises(RetrievalFailed) as failed:
            await _retriever(_collection(MemoryPoints(DIMENSIONS))).retrieve(_query(**changes))
        assert failed.value.reason == reason

    run_virtually(search())


def test_too_much_text_is_a_loss() -> None:
    async def search() -> None:
        collection = _collection(MemoryPoints(DIMENSIONS))
        await collection.put([LoadedText(str(number), "word " * 60_000, {}) for number in range(5)], "ours")
        with pytest.raises(RetrievalFailed, match="lower `top_k`") as failed:
            await _retriever(collection).retrieve(_query())
        assert failed.value.reason == "too_large"

    run_virtually(search())
