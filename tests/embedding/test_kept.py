"""Kept vectors: no text is embedded twice, within a call, between calls, or after a restart."""

import asyncio
from array import array
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from headchef.embedding import EmbeddingFailed, HashedEmbedder, Vector
from headchef.embedding.kept import KeptEmbedder, NoShelf, VectorShelf


class Counting(HashedEmbedder):
    """Notes what it was asked for."""

    def __init__(self) -> None:
        super().__init__(16)
        self.asked: list[list[str]] = []
        self.failing = False

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        self.asked.append(list(texts))
        if self.failing:
            raise EmbeddingFailed("unreachable", "nobody there", may_pass=True)
        return await super().embed(texts)


class MemoryShelf(VectorShelf):
    """Keeps all."""

    def __init__(self) -> None:
        self.vectors: dict[str, Vector] = {}

    async def read(self, hashes: Sequence[str]) -> Mapping[str, Vector]:
        return {each: self.vectors[each] for each in hashes if each in self.vectors}

    async def write(self, vectors: Mapping[str, Vector]) -> None:
        self.vectors |= vectors

    async def remove(self, hashes: Sequence[str]) -> bool:
        for each in hashes:
            self.vectors.pop(each, None)
        return True

    async def forget(self, until: datetime) -> bool:
        self.vectors.clear()
        return True


async def test_each_different_text_is_embedded_once_and_in_its_place() -> None:
    counting = Counting()
    kept = KeptEmbedder(counting, NoShelf(), 100)
    vectors = await kept.embed(["a", "b", "a"])
    again = await kept.embed(["b", "c", "a"])
    assert counting.asked == [["a", "b"], ["c"]]
    assert [list(each) for each in again] == [list(vectors[1]), list(again[1]), list(vectors[0])]
    assert vectors[0] == array("f", (await HashedEmbedder(16).embed(["a"]))[0])
    assert (kept.name, kept.dimensions) == (counting.name, 16)


async def test_the_same_text_has_the_same_vector_from_memory_and_from_the_shelf() -> None:
    shelf = MemoryShelf()
    [first] = await KeptEmbedder(Counting(), shelf, 100).embed(["a"])
    counting = Counting()
    [second] = await KeptEmbedder(counting, shelf, 100).embed(["a"])
    assert list(first) == list(second)
    assert counting.asked == []


async def test_memory_is_bounded_and_what_was_used_last_stays() -> None:
    counting = Counting()
    kept = KeptEmbedder(counting, NoShelf(), 2)
    for text in ("a", "b", "a", "c", "a"):
        await kept.embed([text])
    assert counting.asked == [["a"], ["b"], ["c"]]
    await kept.embed(["b"])
    assert counting.asked[-1] == ["b"]


async def test_more_texts_at_once_than_memory_holds() -> None:
    kept = KeptEmbedder(Counting(), NoShelf(), 2)
    assert len(await kept.embed([str(number) for number in range(5)])) == 5


async def test_a_failure_is_passed_on_and_what_is_kept_is_still_given() -> None:
    counting = Counting()
    kept = KeptEmbedder(counting, NoShelf(), 100)
    await kept.embed(["a"])
    counting.failing = True
    with pytest.raises(EmbeddingFailed):
        await kept.embed(["a", "b"])
    assert len(await kept.embed(["a"])) == 1


async def test_what_was_made_before_a_failure_is_kept_and_given_beside_it() -> None:
    class Half(Counting):
        """Has room for one text at once."""

        async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
            if len(texts) == 1:
                return await super().embed(texts)
            made = dict(zip(texts[:1], await super().embed(texts[:1]), strict=True))
            raise EmbeddingFailed("quota", "no room", made=made)

    counting, shelf = Half(), MemoryShelf()
    kept = KeptEmbedder(counting, shelf, 100)
    await kept.embed(["a"])
    with pytest.raises(EmbeddingFailed) as failed:
        await kept.embed(["a", "b", "c"])
    assert (failed.value.reason, set(failed.value.made), len(shelf.vectors)) == ("quota", {"a", "b"}, 2)
    assert len(await kept.embed(["b", "c", "a"])) == 3
    assert counting.asked == [["a"], ["b"], ["c"]]


async def test_half_a_surrogate_is_a_text_too() -> None:
    kept = KeptEmbedder(Counting(), NoShelf(), 100)
    one, other = await kept.embed(["\ud800", "\ud801"])
    assert len(one) == len(other) == 16


async def test_texts_may_be_embedded_side_by_side() -> None:
    kept = KeptEmbedder(Counting(), NoShelf(), 100)
    results = await asyncio.gather(*(kept.embed([str(number % 3)]) for number in range(9)))
    assert results[0] == results[3] == results[6]


async def test_what_is_forgotten_is_embedded_again() -> None:
    counting, shelf = Counting(), MemoryShelf()
    kept = KeptEmbedder(counting, shelf, 100)
    await kept.embed(["a"])
    assert await kept.forget(datetime(2026, 11, 27, tzinfo=UTC))
    assert shelf.vectors == {}
    await kept.embed(["a"])
    assert counting.asked == [["a"], ["a"]]
