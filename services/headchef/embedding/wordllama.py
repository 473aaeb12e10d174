"""Embeds by WordLlama: word vectors of a language model, 16 MB that come with the package, and no download."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from headchef.embedding.errors import EmbedderMissing
from headchef.embedding.port import Vector

_CONFIG = "l2_supercat"
_DIMENSIONS = 256
_AT_ONCE = 256
"""Texts in one call: 40 ms for short ones, off the event loop."""


class WordLlamaEmbedder:
    """Averages the vectors of a text's tokens; a text has the same vector alone as among others.

    Args:
        model: as the package loads it.
    """

    def __init__(self, model: Any) -> None:
        self._model = model

    @property
    def name(self) -> str:
        """The weights, and how many numbers a vector has."""
        return f"wordllama-{_CONFIG}/{_DIMENSIONS}"

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""
        return _DIMENSIONS

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        """Turn texts into vectors, on a thread. Nothing fails."""
        vectors: list[Vector] = []
        for start in range(0, len(texts), _AT_ONCE):
            vectors += await asyncio.to_thread(self._vectors, texts[start : start + _AT_ONCE])
        return vectors

    def _vectors(self, texts: Sequence[str]) -> list[Vector]:
        # A text without a token has no direction, and the package would divide by its length of nought.
        worded = [text if text.strip() else "." for text in texts]
        return [list(map(float, vector)) for vector in self._model.embed(worded, norm=True)]


def load_wordllama() -> WordLlamaEmbedder:
    """Load the weights that come with the package; half a second, and 40 MB.

    Raises:
        EmbedderMissing: the package is not installed.
    """
    try:
        import wordllama
    except ImportError as error:
        raise EmbedderMissing("wordllama is not installed: pip install 'headchef[wordllama]'") from error
    # By default it looks for its own tokenizer where it is not, and then in the network.
    packaged = Path(wordllama.__file__).parent
    return WordLlamaEmbedder(wordllama.WordLlama.load(_CONFIG, cache_dir=packaged, disable_download=True))
