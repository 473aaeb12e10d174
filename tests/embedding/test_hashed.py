"""The embedder by hashed words: the same everywhere, of length 1, and near where words are shared."""

import asyncio
import os
import subprocess
import sys
import threading
from math import isclose, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.embedding import HashedEmbedder, Vector
from tests.support.eventually import PATIENCE_S


async def _one(text: str, dimensions: int = 512) -> Vector:
    [vector] = await HashedEmbedder(dimensions).embed([text])
    return vector


def _cosine(one: Vector, other: Vector) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


@given(st.lists(st.text(max_size=60), max_size=4), st.sampled_from([8, 64, 512]))
async def test_each_text_has_a_vector_of_length_one(texts: list[str], dimensions: int) -> None:
    vectors = await HashedEmbedder(dimensions).embed(texts)
    assert len(vectors) == len(texts)
    for vector in vectors:
        assert len(vector) == dimensions
        assert isclose(sqrt(_cosine(vector, vector)), 1.0)


async def test_texts_at_once_have_the_vectors_that_they_have_alone() -> None:
    texts = ["a flat in Lisbon", "", "a house in Porto"]
    together = await HashedEmbedder().embed(texts)
    assert list(together) == [await _one(text) for text in texts]


async def test_while_a_long_text_is_embedded_others_get_their_turn() -> None:
    loop, had_a_turn = asyncio.get_running_loop(), threading.Event()

    class Waiting(HashedEmbedder):
        """Is not done with a text before somebody else has had a turn."""

        def _vector(self, text: str) -> Vector:
            loop.call_soon_threadsafe(had_a_turn.set)
            assert had_a_turn.wait(PATIENCE_S)
            return super()._vector(text)

    await Waiting(8).embed(["a flat in Lisbon " * 100])


async def test_a_text_has_one_vector_on_whatever_thread_it_is_made() -> None:
    text = "a flat in Lisbon " * 100
    assert await HashedEmbedder(64).embed([text]) == await HashedEmbedder(64, apart_from=None).embed([text])


async def test_shared_words_and_parts_of_words_make_texts_near() -> None:
    asked = await _one("flats for rent in Lisbon")
    near = await _one("How to rent a flat in Lisbon")
    far = await _one("Opening hours of the museum")
    assert _cosine(asked, near) > _cosine(asked, far) + 0.2


async def test_case_and_ways_of_writing_the_same_letter_do_not_matter() -> None:
    assert await _one("CAFÉ ﬁn") == await _one("cafe\u0301 fin")


async def test_a_vector_is_the_same_for_ever() -> None:
    """Stored vectors would otherwise be compared with others: a change wants another name."""
    vector = await _one("Lisbon", 8)
    assert HashedEmbedder(8).name == "hashed-1/8"
    assert [round(each, 6) for each in vector] == [0.0, 0.0, 0.0, 0.5, 0.0, 0.5, 0.5, 0.5]


@pytest.mark.parametrize("seed", ["1", "2"])
async def test_another_process_gives_the_same(seed: str) -> None:
    code = (
        "import asyncio; from headchef.embedding import HashedEmbedder;"
        " print(repr(asyncio.run(HashedEmbedder(64).embed(['a flat in Lisbon']))))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == repr([await _one("a flat in Lisbon", 64)])
