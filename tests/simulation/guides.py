"""The collections that steps of simulated workflows look into, and the endpoint that makes their vectors."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from math import fsum, sqrt
from random import Random
from uuid import UUID

from headchef.embedding import EmbeddingFailed, Vector
from headchef.qdrant.errors import StoreUnavailable
from headchef.qdrant.points import FoundPoint, PointStore, Ranked, SoughtPoint, StoredPoint
from headchef.qdrant.where import Where
from headchef.retrieval.collection import Collection, LoadedText
from headchef.retrieval.form import CollectionEntry, HashedEntry
from tests.qdrant.memory_points import MemoryPoints
from tests.simulation.faults import NONE, Faults
from tests.simulation.store import SharedStore

PLACES = ("Ghent", "Bruges", "Lyon", "Porto")
SEASONS = ("summer", "winter")
TIMEOUT_S = 6.0
"""That a search may take: less than its pauses where all its tries fail late."""

_DIMENSIONS = 8
_MEAN_S = 0.05
_ENTRIES = {
    "guides": CollectionEntry(folder="guides", tenant_field="tenant", hashed=HashedEntry()),
    "gone": CollectionEntry(folder="gone", shared=True, hashed=HashedEntry()),
}


def texts_of(tenant: str, season: str) -> Mapping[str, str]:
    """Give what a tenant has for a season, by ids that others give to theirs too."""
    return {f"{place} {season}": f"{place} in {season}, kept by {tenant}" for place in PLACES}


def vector_of(text: str) -> Vector:
    """Give where a text lies: anywhere, and never where another does."""
    numbers = [each - 127.5 for each in sha256(text.encode()).digest()[:_DIMENSIONS]]
    length = sqrt(fsum(each * each for each in numbers))
    return [each / length for each in numbers]


class SimulatedGuides:
    """The store, which is away when that of answers is, and the endpoint that makes vectors.

    Args:
        beside: the store of answers.
        faults: how often the endpoint fails.
        chance: when, and how long it takes.

    Attributes:
        failed: how many requests have failed, by `store` and `embedder`.
    """

    name = "anywhere"
    dimensions = _DIMENSIONS

    def __init__(self, beside: SharedStore, faults: Faults, chance: Random) -> None:
        self.failed: Counter[str] = Counter()
        self._kept = {name: MemoryPoints(_DIMENSIONS) for name in _ENTRIES}
        self._beside = beside
        self._faults = faults
        self._chance = chance

    async def fill(self, tenants: Sequence[str]) -> None:
        """Put the texts of all tenants into the one collection that there is."""
        guides = Collection(_ENTRIES["guides"], _Anywhere(), self._kept["guides"])
        for tenant in tenants:
            for season in SEASONS:
                texts = texts_of(tenant, season).items()
                await guides.put([LoadedText(name, text, {"season": season}) for name, text in texts], tenant)

    def opened(self) -> Mapping[str, Collection]:
        """Give the collections of one process."""
        return {name: Collection(_ENTRIES[name], self, _Connection(self, kept)) for name, kept in self._kept.items()}

    def heal(self) -> None:
        """Work without faults from now on."""
        self._faults = NONE

    async def operate(self) -> None:
        """Take the time of a request to the store, and fail if it is to fail."""
        try:
            await self._beside.operate()
        except StoreUnavailable:
            self.failed["store"] += 1
            raise

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        await asyncio.sleep(self._chance.uniform(0, 2 * _MEAN_S))
        if self._chance.random() < self._faults.failing_store:
            self.failed["embedder"] += 1
            raise EmbeddingFailed("unreachable", "the simulated endpoint does not answer", may_pass=True)
        return [vector_of(text) for text in texts]


class _Anywhere:
    """Makes the same vectors, without faults, for whoever fills a collection."""

    name = SimulatedGuides.name
    dimensions = _DIMENSIONS

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        return [vector_of(text) for text in texts]


class _Connection(PointStore):
    """One process's connection to one collection."""

    def __init__(self, server: SimulatedGuides, kept: PointStore) -> None:
        self._server = server
        self._kept = kept

    async def open(self, *, make: bool = False) -> None:
        await self._server.operate()
        await self._kept.open(make=make)

    async def nearest(self, sought: Sequence[SoughtPoint], top_k: int) -> Sequence[Sequence[FoundPoint]]:
        await self._server.operate()
        return await self._kept.nearest(sought, top_k)

    async def put(self, points: Sequence[StoredPoint]) -> None:
        await self._server.operate()
        await self._kept.put(points)

    async def remove(self, where: Where) -> None:
        await self._server.operate()
        await self._kept.remove(where)

    async def least(self, name: str, most: int, also: str | None = None) -> Sequence[Ranked]:
        await self._server.operate()
        return await self._kept.least(name, most, also)

    async def vectors(self, ids: Sequence[UUID]) -> Mapping[UUID, Vector]:
        await self._server.operate()
        return await self._kept.vectors(ids)

    async def count(self) -> int:
        await self._server.operate()
        return await self._kept.count()

    async def close(self) -> None:
        """Leave the server as it is."""
