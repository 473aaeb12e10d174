"""Embeds so much at once and no more, the shortest texts first: a few long ones hold up none of the others."""

from collections.abc import Sequence

from headchef.embedding.errors import EmbeddingFailed
from headchef.embedding.port import Embedder, Vector


class PortionedEmbedder(Embedder):
    """Withholds what is too much, by the texts alone and never by the clock: the same texts fare the same.

    Args:
        embedder: makes vectors; its name and dimensions are this one's.
        most_characters: of all texts that are embedded at once, from 1.
    """

    def __init__(self, embedder: Embedder, most_characters: int) -> None:
        self._embedder = embedder
        self._most_characters = most_characters

    @property
    def name(self) -> str:
        """The embedder's."""
        return self._embedder.name

    @property
    def dimensions(self) -> int:
        """The embedder's."""
        return self._embedder.dimensions

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        """Turn texts into vectors.

        Raises:
            EmbeddingFailed: of the reason `quota`: they are too long together. It has the vectors of the shortest.
        """
        if sum(map(len, texts)) <= self._most_characters:
            return await self._embedder.embed(texts)
        chosen: list[str] = []
        left = self._most_characters
        for text in sorted(set(texts), key=lambda text: (len(text), text)):
            left -= len(text)
            if left < 0:
                break
            chosen.append(text)
        made = dict(zip(chosen, await self._embedder.embed(chosen), strict=True))
        message = f"{sum(map(len, texts)):,} characters at once; at most {self._most_characters:,} are embedded"
        raise EmbeddingFailed("quota", message, may_pass=True, made=made)
