"""WordLlama: vectors of the packaged weights, without the network, and a clear word where it is not installed."""

import builtins
from math import fsum
from typing import Any

import pytest

from headchef.embedding import EmbedderMissing
from headchef.embedding.wordllama import WordLlamaEmbedder, load_wordllama


@pytest.fixture(scope="module")
def embedder() -> WordLlamaEmbedder:
    return load_wordllama()


async def test_texts_of_the_same_meaning_are_nearer_than_others(embedder: WordLlamaEmbedder) -> None:
    one, other, apart = await embedder.embed(
        ["How do I pay my bill?", "Which ways are there to pay the invoice?", "The museum opens at ten."]
    )
    assert _cosine(one, other) > _cosine(one, apart) + 0.2


async def test_vectors_have_the_length_and_the_numbers_that_they_should(embedder: WordLlamaEmbedder) -> None:
    texts = ["", "  ", "a", "ünïcödé 🚗", "word " * 5_000]
    vectors = await embedder.embed(texts)
    assert [len(each) for each in vectors] == [embedder.dimensions] * len(texts)
    assert [_cosine(each, each) for each in vectors] == [pytest.approx(1, abs=1e-5)] * len(texts)


async def test_a_text_has_the_same_vector_alone_and_among_others(embedder: WordLlamaEmbedder) -> None:
    [alone] = await embedder.embed(["How do I pay?"])
    among = await embedder.embed(["word " * 300, *["How do I pay?"] * 300])
    assert among[-1] == pytest.approx(alone, abs=1e-6)


def test_where_it_is_not_installed_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "wordllama":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(EmbedderMissing, match=r"pip install 'headchef\[wordllama\]'"):
        load_wordllama()


def _cosine(one: Any, other: Any) -> float:
    return fsum(a * b for a, b in zip(one, other, strict=True))
