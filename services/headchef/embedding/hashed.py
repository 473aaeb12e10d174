"""Embeds by hashed words and character n-grams: no model and no download, the same vectors everywhere.

Texts are near that share words or parts of words, whatever they mean. Python's own `hash` differs between processes,
and a logarithm may differ between machines in its last digit: neither is used.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from math import fsum, sqrt

from headchef.embedding.port import Vector
from headchef.folding import folded

_WORD = re.compile(r"\w+")
_GRAMS = (3, 4)
"""Lengths of n-grams; with the mark at each end of a word, short words have some too."""
_APART_FROM = 1_000
"""Characters that take 3 ms, at 3 µs each; a thread costs 0.1 ms, so shorter texts are quicker without."""


class HashedEmbedder:
    """Counts words and n-grams in as many buckets as a vector has numbers.

    Args:
        dimensions: from 8 to 65,536; the fewer, the more different words meet in one bucket.
        apart_from: texts of more characters are embedded on a thread, so that the event loop does not stand still; None
            for no text.
    """

    def __init__(self, dimensions: int = 512, *, apart_from: int | None = _APART_FROM) -> None:
        self._dimensions = dimensions
        self._apart_from = apart_from

    @property
    def name(self) -> str:
        """Says how words are hashed, in which version, and into how many buckets."""
        return f"hashed-1/{self._dimensions}"

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""
        return self._dimensions

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        """Turn texts into vectors; between them others get their turn. Nothing fails."""
        vectors = []
        for text in texts:
            if self._apart_from is not None and len(text) > self._apart_from:
                vectors.append(await asyncio.to_thread(self._vector, text))
            else:
                vectors.append(self._vector(text))
                await asyncio.sleep(0)
        return vectors

    def _vector(self, text: str) -> Vector:
        buckets = [0.0] * self._dimensions
        for feature, count in _features(text).items():
            number = int.from_bytes(blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
            # The sign, from a bit that chooses no bucket, lets features that meet by chance cancel out on average.
            weight = sqrt(count) if number >> 63 else -sqrt(count)
            buckets[number % self._dimensions] += weight
        length = sqrt(fsum(each * each for each in buckets))
        if length == 0:
            # Nothing to go by, or all of it cancelled out: no direction is right, and a vector must have one.
            return [1.0, *buckets[1:]]
        return [each / length for each in buckets]


def _features(text: str) -> Counter[str]:
    words = Counter(_WORD.findall(folded(text)))
    features: Counter[str] = Counter()
    for word, count in words.items():
        for feature in _of_word(word):
            features[feature] += count
    return features


def _of_word(word: str) -> Iterator[str]:
    yield f"word {word}"
    marked = f"^{word}$"
    for size in _GRAMS:
        for start in range(len(marked) - size + 1):
            yield f"gram {marked[start : start + size]}"
