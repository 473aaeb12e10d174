"""What turns texts into vectors, whoever does it."""

from collections.abc import Sequence
from typing import Protocol

Vector = Sequence[float]
"""Of length 1, so that the product of two is the cosine of their angle."""


class Embedder(Protocol):
    """Turns texts into vectors; those of texts that are near in meaning, or in their words, are near."""

    @property
    def name(self) -> str:
        """What tells its vectors from others': those of two names are never to be compared, nor kept together."""
        ...

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""
        ...

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        """Turn texts into vectors, any number at once.

        Returns:
            One for each text, in order, each of `dimensions` numbers and of length 1.

        Raises:
            EmbeddingFailed: none can be given.
        """
        ...
