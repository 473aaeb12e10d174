"""Embeds no text twice: vectors are kept by what the text is, in memory and in a store beside it."""

from array import array
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from headchef.embedding.errors import EmbeddingFailed
from headchef.embedding.port import Embedder, Vector


class VectorShelf(Protocol):
    """Keeps the vectors of one embedder; it may be away, and is never an error."""

    async def read(self, hashes: Sequence[str]) -> Mapping[str, Vector]:
        """Give the vectors that are kept, by the SHA-256 of their texts; none where the store is away."""
        ...

    async def write(self, vectors: Mapping[str, Vector]) -> None:
        """Keep vectors; where the store is away they are not kept, and made again one day."""
        ...

    async def remove(self, hashes: Sequence[str]) -> bool:
        """Let go of some vectors; False where the store is away, and some may be left."""
        ...

    async def forget(self, until: datetime) -> bool:
        """Let go of all that was kept until a time; False where the store is away, and something may be left."""
        ...


class NoShelf(VectorShelf):
    """Keeps nothing: for embedders that are quicker than a store."""

    async def read(self, hashes: Sequence[str]) -> Mapping[str, Vector]:
        """Give nothing."""
        return {}

    async def write(self, vectors: Mapping[str, Vector]) -> None:
        """Keep nothing."""

    async def remove(self, hashes: Sequence[str]) -> bool:
        """Have nothing to let go of."""
        return True

    async def forget(self, until: datetime) -> bool:
        """Have nothing to let go of."""
        return True


class KeptEmbedder(Embedder):
    """Asks the embedder only for texts that are neither in memory nor on the shelf.

    Args:
        embedder: makes vectors; its name and dimensions are this one's.
        shelf: keeps them beyond this process.
        most: vectors in memory, the last used ones; from 1, four bytes a number.
    """

    def __init__(self, embedder: Embedder, shelf: VectorShelf, most: int) -> None:
        self._embedder = embedder
        self._shelf = shelf
        self._most = most
        self._held: OrderedDict[str, array[float]] = OrderedDict()
        self._times_forgotten = 0
        self._late: set[str] = set()

    @property
    def name(self) -> str:
        """The embedder's."""
        return self._embedder.name

    @property
    def dimensions(self) -> int:
        """The embedder's."""
        return self._embedder.dimensions

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        """Turn texts into vectors, each different text once.

        Raises:
            EmbeddingFailed: the embedder has failed for a text that is not kept. It has the vectors of all others.
        """
        # What is forgotten while vectors are read or made was of the same texts, perhaps, and must not come back.
        at = self._times_forgotten
        hashes = [sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for text in texts]
        text_of = dict(zip(hashes, texts, strict=True))
        found = {name: self._held[name] for name in text_of if name in self._held}
        if missing := [name for name in text_of if name not in found]:
            shelved = await self._shelf.read(missing)
            found |= {name: array("f", vector) for name, vector in shelved.items()}
        if new := [name for name in missing if name not in found]:
            failed = await self._make(new, text_of, found, at)
            if failed is not None:
                raise failed.having({text_of[name]: vector for name, vector in found.items()}) from failed
        self._hold(found, at)
        return [found[name] for name in hashes]

    async def _make(
        self, new: Sequence[str], text_of: Mapping[str, str], found: dict[str, "array[float]"], at: int
    ) -> EmbeddingFailed | None:
        """Have the vectors of texts made, keep them, and add them to those found; what was paid for is never lost."""
        failed = None
        try:
            made = await self._embedder.embed([text_of[name] for name in new])
            vectors = {name: array("f", vector) for name, vector in zip(new, made, strict=True)}
        except EmbeddingFailed as error:
            failed = error
            vectors = {name: array("f", error.made[text]) for name in new if (text := text_of[name]) in error.made}
        found |= vectors
        self._hold(found, at)
        if vectors and at == self._times_forgotten:
            try:
                await self._shelf.write(vectors)
            finally:
                if at != self._times_forgotten:
                    self._late |= vectors.keys()
            await self._take_back()
        return failed

    async def _take_back(self) -> bool:
        """Remove what the shelf has taken while it was forgotten; False if the store is away, so that some is left."""
        late = sorted(self._late)
        if not late:
            return True
        if not await self._shelf.remove(late):
            return False
        self._late.difference_update(late)
        return True

    async def forget(self, until: datetime) -> bool:
        """Let go of what is kept until a time, and of all that is in memory.

        Args:
            until: the time, aware.

        Returns:
            False if the store is away, so that something may be left.
        """
        self._times_forgotten += 1
        self._held.clear()
        forgotten = await self._shelf.forget(until)
        return await self._take_back() and forgotten

    def _hold(self, vectors: Mapping[str, "array[float]"], at: int) -> None:
        if at != self._times_forgotten:
            return
        for name, vector in vectors.items():
            self._held[name] = vector
            self._held.move_to_end(name)
        while len(self._held) > self._most:
            self._held.popitem(last=False)
